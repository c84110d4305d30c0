package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/policy"
)

// setting is a key of a policy with its value, as TOML.
type setting struct{ key, value string }

// manual is the order of the keys in docs/configuration.md.
var manual = []string{
	"paths", "exclude", "missingok", "allowhardlink", "su",
	"frequency", "size", "minsize", "maxsize", "minage", "ifempty",
	"create", "copy", "copytruncate", "olddir", "createolddir",
	"start", "dateext", "dateformat", "dateyesterday", "datehourago", "extension", "addextension",
	"rotate", "maxage", "maxtotal", "keepfree",
	"mail", "mailfirst", "shred",
	"compress", "delaycompress",
	"firstaction", "prerotate", "postrotate", "lastaction", "preremove", "timeout", "sharedscripts",
}

func sortSettings(list []setting) {
	slices.SortStableFunc(list, func(a, b setting) int {
		return slices.Index(manual, a.key) - slices.Index(manual, b.key)
	})
}

// settings returns what must be written of a policy, in the order of
// docs/configuration.md, but for its targets. rotate is always written: none
// would be another number.
func settings(p policy.Policy) []setting {
	var w keys
	w.patterns("paths", p.Paths)
	w.patterns("exclude", p.Exclude)
	w.flag("missingok", p.MissingOK)
	w.flag("allowhardlink", p.AllowHardLink)
	if p.Su != nil {
		w.add("su", suText(*p.Su))
	}
	if p.Frequency.Unit != policy.Never {
		w.text("frequency", p.Frequency.String())
	}
	w.size("size", p.Size)
	w.size("minsize", p.MinSize)
	w.size("maxsize", p.MaxSize)
	w.age("minage", p.MinAge)
	if !p.IfEmpty {
		w.add("ifempty", "false")
	}
	w.create("create", p.Create)
	w.flag("copy", p.Method == policy.Copy)
	w.flag("copytruncate", p.Method == policy.CopyTruncate)
	w.text("olddir", p.OldDir)
	w.create("createolddir", p.MakeDir)
	if p.Start != 1 {
		w.add("start", strconv.Itoa(p.Start))
	}
	w.flag("dateext", p.DateExt)
	if p.DateFormat != dateFormat(p.Frequency) {
		w.text("dateformat", p.DateFormat)
	}
	w.flag("dateyesterday", p.DateYesterday)
	w.flag("datehourago", p.DateHourAgo)
	w.text("extension", p.Extension)
	w.text("addextension", p.AddExtension)
	w.add("rotate", strconv.Itoa(p.Rotate))
	w.age("maxage", p.MaxAge)
	w.size("maxtotal", p.MaxTotal)
	w.size("keepfree", p.KeepFree)
	w.text("mail", p.Mail)
	w.flag("mailfirst", p.MailFirst)
	if p.Shred > 0 {
		w.add("shred", shredText(p.Shred))
	}
	if p.Compress.Enabled() {
		w.add("compress", compressText(p.Compress))
	}
	w.flag("delaycompress", p.DelayCompress)
	w.script("firstaction", p.Scripts.First)
	w.script("prerotate", p.Scripts.Pre)
	w.script("postrotate", p.Scripts.Post)
	w.script("lastaction", p.Scripts.Last)
	w.script("preremove", p.Scripts.PreRemove)
	w.age("timeout", p.Timeout)
	w.flag("sharedscripts", p.Scripts.Shared)
	return w
}

// off returns the value of a key that switches a default off.
func off(key string, p policy.Policy) string {
	switch key {
	case "ifempty":
		return "true"
	case "start":
		return "1"
	case "dateformat":
		return quote(dateFormat(p.Frequency))
	case "timeout":
		return quote(policy.FormatDuration(timeout))
	case "size", "minsize", "maxsize", "minage", "maxage", "maxtotal", "keepfree":
		return "0"
	case "olddir", "extension", "addextension", "mail":
		return `""`
	}
	return "false"
}

type keys []setting

func (w *keys) add(key, value string) { *w = append(*w, setting{key, value}) }

func (w *keys) flag(key string, on bool) {
	if on {
		w.add(key, "true")
	}
}

func (w *keys) text(key, s string) {
	if s != "" {
		w.add(key, quote(s))
	}
}

func (w *keys) script(key, s string) {
	if s != "" {
		w.add(key, quoteLines(s))
	}
}

func (w *keys) size(key string, n int64) {
	if n > 0 {
		w.add(key, number(policy.FormatSize(n)))
	}
}

func (w *keys) age(key string, d time.Duration) {
	if d > 0 {
		w.add(key, quote(policy.FormatDuration(d)))
	}
}

func (w *keys) create(key string, c *policy.Create) {
	if c == nil {
		return
	}
	var t keys
	if c.Mode >= 0 {
		t.add("mode", fmt.Sprintf(`"%04o"`, c.Mode))
	}
	if c.UID >= 0 {
		t.add("owner", userName(c.UID))
	}
	if c.GID >= 0 {
		t.add("group", groupName(c.GID))
	}
	if len(t) == 0 {
		w.add(key, "true")
		return
	}
	w.add(key, t.table())
}

func (w *keys) patterns(key string, list []policy.Pattern) {
	if len(list) == 0 {
		return
	}
	var texts []string
	for _, p := range list {
		texts = append(texts, p.Text)
	}
	w.add(key, array(texts))
}

// targetSettings returns the keys of a [[log.NAME.notify]] table.
func targetSettings(t policy.Target) []setting {
	var w keys
	w.text("pidfile", t.Pidfile)
	if t.UserUnit {
		w.text("userunit", t.Unit)
	} else {
		w.text("unit", cmp.Or(t.Unit, t.Match.Unit))
	}
	if t.Signals() {
		w.text("signal", unix.SignalName(t.Signal))
		if unix.SignalName(t.Signal) == "" { // of real time
			w.add("signal", strconv.Itoa(int(t.Signal)))
		}
	} else {
		w.add("command", array(t.Command))
	}
	w.text("exe", t.Match.Exe)
	w.text("user", t.Match.User)
	w.text("cgroup", t.Match.Cgroup)
	return w
}
