package policy

import (
	"fmt"
	"maps"
	"path"
	"slices"
)

// directive is a word of logrotate's language.
type directive struct {
	set  func(*draft)                 // of one that takes nothing
	read func(*blocks, *draft) *Error // of one that takes the rest of its line; an error spoils the block
}

// directives are all of them, but for include and those that begin a script.
var directives = map[string]directive{
	"missingok":        {set: func(d *draft) { d.policy.MissingOK = true }},
	"nomissingok":      {set: func(d *draft) { d.policy.MissingOK = false }},
	"ignoreduplicates": {set: func(d *draft) { d.policy.IgnoreDuplicates = true }},
	"allowhardlink":    {set: func(d *draft) { d.policy.AllowHardLink = true }},
	"noallowhardlink":  {set: func(d *draft) { d.policy.AllowHardLink = false }},
	"su":               {read: actAs},

	"hourly":     {set: func(d *draft) { d.by(Frequency{Unit: Hourly, Day: AnyDay}, 0) }},
	"daily":      {set: func(d *draft) { d.by(Frequency{Unit: Daily, Day: AnyDay}, 0) }},
	"weekly":     {read: weekly},
	"monthly":    {read: monthly},
	"yearly":     {set: func(d *draft) { d.by(Frequency{Unit: Yearly, Day: AnyDay}, 0) }},
	"minutes":    count("minutes", "bad number of minutes '%s'", 1, func(d *draft, n int) { d.by(minutes(n), 0) }),
	"size":       bytes("size", func(d *draft, n int64) { d.by(Frequency{Day: AnyDay}, n) }),
	"minsize":    bytes("minsize", func(d *draft, n int64) { d.policy.MinSize = n }),
	"maxsize":    bytes("maxsize", func(d *draft, n int64) { d.policy.MaxSize = n }),
	"minage":     count("minage count", "bad minimum age '%s'", 0, func(d *draft, n int) { d.policy.MinAge = days(n) }),
	"ifempty":    {set: func(d *draft) { d.policy.IfEmpty = true }},
	"notifempty": {set: func(d *draft) { d.policy.IfEmpty = false }},

	"copy":           {set: func(d *draft) { d.copy = true }},
	"nocopy":         {set: func(d *draft) { d.copy = false }},
	"copytruncate":   {set: func(d *draft) { d.truncate = true }},
	"nocopytruncate": {set: func(d *draft) { d.truncate = false }},
	"renamecopy":     {set: func(d *draft) { d.truncate = false }},
	"norenamecopy":   {set: func(*draft) {}},
	"create":         creation("create", 0o777, func(d *draft) (*Create, **Create) { return &d.newLog, &d.policy.Create }),
	"nocreate":       {set: func(d *draft) { d.policy.Create = nil }},
	"olddir":         oneWord("olddir", "olddir path", func(d *draft, s string) { d.policy.OldDir = path.Clean(expandHome(s)) }),
	"noolddir":       {set: func(d *draft) { d.policy.OldDir = "" }},
	"createolddir":   creation("createolddir", 0o7777, func(d *draft) (*Create, **Create) { return &d.newDir, &d.policy.MakeDir }),
	"nocreateolddir": {set: func(d *draft) { d.policy.MakeDir = nil }},

	"start":         count("start count", "bad start count '%s'", 0, func(d *draft, n int) { d.policy.Start = n }),
	"dateext":       {set: func(d *draft) { d.policy.DateExt = true }},
	"nodateext":     {set: func(d *draft) { d.policy.DateExt = false }},
	"dateformat":    lenient("dateformat", setDateFormat),
	"dateyesterday": {set: func(d *draft) { d.policy.DateYesterday = true }},
	"datehourago":   {set: func(d *draft) { d.policy.DateHourAgo = true }},
	"extension":     ending("extension", func(d *draft, s string) { d.policy.Extension = s }),
	"addextension":  ending("addextension", func(d *draft, s string) { d.policy.AddExtension = s }),

	"rotate":      count("rotate count", "bad rotation count '%s'", -1, func(d *draft, n int) { d.policy.Rotate = n }),
	"maxage":      count("maxage count", "bad maximum age '%s'", 0, func(d *draft, n int) { d.policy.MaxAge = days(n) }),
	"mail":        {read: mail},
	"nomail":      {set: func(d *draft) { d.policy.Mail = "" }},
	"mailfirst":   {set: func(d *draft) { d.policy.MailFirst = true }},
	"maillast":    {set: func(d *draft) { d.policy.MailFirst = false }},
	"shred":       {set: func(d *draft) { d.shred = true }},
	"noshred":     {set: func(d *draft) { d.shred = false }},
	"shredcycles": count("shred cycles", "bad shred cycles '%s'", 0, func(d *draft, n int) { d.cycles = min(n, maxShred) }),

	"compress":        {set: func(d *draft) { d.compress = true }},
	"nocompress":      {set: func(d *draft) { d.compress = false }},
	"compresscmd":     oneWord("compress", "compress path", (*draft).setCompressor),
	"uncompresscmd":   oneWord("uncompress", "uncompress path", func(d *draft, s string) { d.decompressor = s }),
	"compressext":     argument("compress-ext", compressExt),
	"compressoptions": {read: compressOptions},
	"delaycompress":   {set: func(d *draft) { d.policy.DelayCompress = true }},
	"nodelaycompress": {set: func(d *draft) { d.policy.DelayCompress = false }},

	"sharedscripts":   {set: func(d *draft) { d.policy.Scripts.Shared = true }},
	"nosharedscripts": {set: func(d *draft) { d.policy.Scripts.Shared = false }},

	"tabooext": taboo("tabooext", "*"),
	"taboopat": taboo("taboopat", ""),
	"errors":   {read: obsolete},
}

// scripts are the directives that begin a script.
var scripts = map[string]func(*Scripts) *string{
	"firstaction": func(s *Scripts) *string { return &s.First },
	"prerotate":   func(s *Scripts) *string { return &s.Pre },
	"postrotate":  func(s *Scripts) *string { return &s.Post },
	"lastaction":  func(s *Scripts) *string { return &s.Last },
	"preremove":   func(s *Scripts) *string { return &s.PreRemove },
	"checkaction": nil, // newer than 3.22; what it forbids must not be done
}

// directive reads one directive.
func (b *blocks) directive(d *draft) *Error {
	b.word = b.off
	name := b.letters()
	if b.off < len(b.text) && !isSpace(b.text[b.off]) && b.text[b.off] != '=' {
		found := "0"
		if c := b.text[b.off]; c != 0 {
			found = fmt.Sprintf("%#x", c)
		}
		return fault("", "keyword '%s' not properly separated, found %s", name, found)
	}
	if at, isScript := scripts[name]; isScript {
		text, ok := b.script()
		switch {
		case !ok:
			err := fault("end the script with a line that says endscript", "%s without endscript", name)
			err.said = []string{"error: " + b.name + ":prerotate, postrotate or preremove without endscript"}
			return err
		case at == nil:
			return fault("firstaction may do the same", "%s is not known here", name)
		}
		*at(&d.policy.Scripts) = text
		return nil
	}
	if name == "include" {
		return b.includes(d)
	}
	word, known := directives[name]
	if !known && len(b.warnings) >= maxComplaints {
		b.line()
		return nil
	}
	if !known {
		pos := b.at(b.word)
		err := fault(b.suggest(name), "unknown option '%s' -- ignoring line", name)
		err.said = []string{fmt.Sprintf("warning: %s:%d %s", pos.File, pos.Line, err.Text)}
		b.warn(err)
		b.line()
		return nil
	}
	if word.set != nil {
		b.separator()
		word.set(d)
	} else if err := word.read(b, d); err != nil {
		return err
	}
	b.overrides(d, name)
	return nil
}

// overrides tells of a size that ends a calendar rule, and the other way round:
// of all of these directives only the last counts.
func (b *blocks) overrides(d *draft, name string) {
	switch name {
	case "hourly", "daily", "weekly", "monthly", "yearly", "size":
	default:
		return
	}
	if before := d.rule; before != "" && (before == "size") != (name == "size") {
		note := fault("use maxsize or minsize to have both", "'%s' overrides previously specified '%s'", name, before)
		note.said = []string{"note: " + note.Text}
		b.advise(note)
	}
	d.rule = name
}

func (b *blocks) suggest(name string) string {
	names := slices.Concat([]string{"include"}, slices.Sorted(maps.Keys(directives)), slices.Sorted(maps.Keys(scripts)))
	if near := nearest(name, names); near != "" {
		return `did you mean "` + near + `"?`
	}
	return ""
}

// includes reads what an include names.
func (b *blocks) includes(d *draft) *Error {
	path := b.value()
	if path == "" {
		return fault("", "argument expected after include")
	}
	if b.include != nil {
		b.include(expandHome(path), Pattern{path, b.at(b.word)}, d)
	}
	return nil
}
