package convert

import (
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/policy"
)

// setting is a key of a policy with its value, as TOML.
type setting struct{ key, value string }

// plain returns p without what changes nothing in it, and without what TOML
// does not say: its name and place, and what is tolerated.
func plain(p *policy.Policy) policy.Policy {
	q := *p
	q.Name, q.Pos = "", policy.Position{}
	q.Paths, q.Exclude = unplaced(p.Paths), unplaced(p.Exclude)
	q.SkipOdd, q.IgnoreDuplicates = false, false
	if q.Timeout == timeout {
		q.Timeout = 0 // logrotate waits for ever, but nobody asked it to
	}
	q.Notify = nil
	for _, t := range p.Notify {
		t.Pos = policy.Position{}
		q.Notify = append(q.Notify, t)
	}
	if q.Size < 0 { // any size; in TOML, one byte at least
		q.Size = 1
	}
	switch {
	case q.Size > 0 && q.MaxSize > 0 && q.MaxSize < q.Size:
		q.Size, q.Frequency = 0, policy.Frequency{}
	case q.Size > 0:
		q.MaxSize, q.Frequency = 0, policy.Frequency{}
	}
	if q.Frequency.Unit == policy.Never {
		q.Frequency, q.MinSize, q.MinAge = policy.Frequency{}, 0, 0
	}
	if q.Method != policy.Rename {
		q.Create = nil
	}
	if q.OldDir == "" {
		q.MakeDir = nil
	}
	if q.DateExt {
		q.Start = 1
	} else {
		q.DateFormat, q.DateYesterday, q.DateHourAgo = "", false, false
	}
	if !q.Compress.Enabled() {
		q.Compress, q.DelayCompress = policy.Compression{}, false
	}
	if q.Mail == "" {
		q.MailFirst, q.Compress.Uncompress = false, nil
	}
	if q.Scripts.Pre == "" && q.Scripts.Post == "" {
		q.Scripts.Shared = false
	}
	return q
}

func unplaced(patterns []policy.Pattern) (out []policy.Pattern) {
	for _, p := range patterns {
		out = append(out, policy.Pattern{Text: p.Text})
	}
	return out
}

// timeout is that of a policy without one.
const timeout = 6 * time.Hour

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

// dateFormat is that of a policy without one.
func dateFormat(f policy.Frequency) string {
	if f.Unit == policy.Hourly || f.Unit == policy.Interval && f.Every < 24*time.Hour {
		return "-%Y%m%d%H"
	}
	return "-%Y%m%d"
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

// table returns the keys as an inline table.
func (w keys) table() string {
	parts := make([]string, len(w))
	for i, s := range w {
		parts[i] = s.key + " = " + s.value
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func suText(u policy.User) string {
	if u.Auto {
		return `"auto"`
	}
	return keys{{"user", userName(u.UID)}, {"group", groupName(u.GID)}}.table()
}

func shredText(n int) string {
	if n == 3 {
		return "true"
	}
	return strconv.Itoa(n)
}

func compressText(c policy.Compression) string {
	builtin := map[string]string{"gzip": ".gz", "zstd": ".zst"}
	var t keys
	if ext, ok := builtin[c.Method]; ok {
		if c.Level == 0 && c.Ext == ext {
			return quote(c.Method)
		}
		t.text("method", c.Method)
		if c.Level > 0 {
			t.add("level", strconv.Itoa(c.Level))
		}
		if c.Ext != ext {
			t.text("ext", c.Ext)
		}
		return t.table()
	}
	t.add("command", array(c.Command))
	if len(c.Uncompress) > 0 {
		t.add("uncompress", array(c.Uncompress))
	}
	t.text("ext", c.Ext)
	return t.table()
}

// targetSettings returns the keys of a [[log.NAME.notify]] table.
func targetSettings(t policy.Target) []setting {
	var w keys
	if t.Pidfile == "" {
		w.add("command", array(t.Command))
	} else {
		w.text("pidfile", t.Pidfile)
		w.text("signal", unix.SignalName(t.Signal))
		if unix.SignalName(t.Signal) == "" { // of real time
			w.add("signal", strconv.Itoa(int(t.Signal)))
		}
	}
	w.text("exe", t.Match.Exe)
	w.text("user", t.Match.User)
	return w
}

// userName returns what the reader takes for a user: a name where there is
// one that it reads as such.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		if back, err := user.Lookup(u.Username); err == nil && back.Uid == id {
			return number(u.Username)
		}
	}
	return id
}

func groupName(gid int) string {
	id := strconv.Itoa(gid)
	if g, err := user.LookupGroupId(id); err == nil {
		if back, err := user.LookupGroup(g.Name); err == nil && back.Gid == id {
			return number(g.Name)
		}
	}
	return id
}
