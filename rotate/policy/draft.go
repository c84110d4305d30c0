package policy

import (
	"path"
	"strings"
	"time"
)

// draft is what logrotate's directives have said so far: of all blocks, or of
// one. A copy of it is a draft of its own; what it points to never changes.
type draft struct {
	policy Policy

	rule     string // the directive that makes a log due; "": none has yet
	copy     bool
	truncate bool
	shred    bool
	cycles   int
	newLog   Create // what create said last of each attribute
	newDir   Create // and createolddir
	format   string // of dates; "": the default of the frequency
	taboo    []string

	compress     bool
	packing      Compression // how, unless the directives below say otherwise
	compressor   string
	options      []string
	ext          string
	decompressor string
}

// newDraft returns logrotate's defaults.
func newDraft() *draft {
	return &draft{
		policy:  Policy{IfEmpty: true, Start: 1, Size: 1 << 20, Frequency: Frequency{Day: AnyDay}, SkipOdd: true},
		newLog:  Create{Mode: -1, UID: -1, GID: -1},
		newDir:  Create{Mode: 0o755, UID: -1, GID: -1},
		cycles:  defaultShred,
		packing: Compression{Method: gzip, Ext: ".gz"},
		taboo:   tabooPatterns(),
	}
}

// draftOf returns what the [defaults] of a TOML file say.
func draftOf(defaults settings[Policy]) *draft {
	d := newDraft()
	if len(defaults) == 0 {
		return d
	}
	p := &d.policy
	rule := p.Size
	p.Size = 0
	defaults.apply(p)
	if p.Size == 0 && p.Frequency.Unit == Never && p.MaxSize == 0 {
		p.Size = rule
	}
	if _, given := defaults["rotate"]; !given && defaults.active(limits()...) {
		p.Rotate = -1
	}
	d.copy, d.truncate = p.Method == Copy, p.Method == CopyTruncate
	if p.Create != nil {
		d.newLog = *p.Create
	}
	if p.MakeDir != nil {
		d.newDir = *p.MakeDir
	}
	d.format, p.DateFormat = p.DateFormat, ""
	if p.Shred > 0 {
		d.shred, d.cycles = true, p.Shred
	}
	if p.Compress.Enabled() {
		d.compress, d.packing = true, p.Compress
	}
	return d
}

// finish returns the policy that a draft makes of a block.
func (d *draft) finish(pos Position, paths []Pattern) *Policy {
	p := d.policy
	p.Pos, p.Paths = pos, paths
	p.Method, p.Create = Rename, d.policy.Create
	if d.copy || d.truncate {
		p.Method, p.Create = Copy, nil // the log stays in place
	}
	if d.truncate {
		p.Method = CopyTruncate
	}
	p.DateFormat = d.format
	if d.format == "" {
		p.DateFormat = defaultDateFormat(p.Frequency)
	}
	p.Shred = 0
	if d.shred {
		p.Shred = d.cycles
	}
	p.Compress = Compression{}
	if d.compress {
		p.Compress = d.compression()
	}
	return &p
}

// by sets the rule that makes a log due. The last one counts.
func (d *draft) by(f Frequency, size int64) {
	if f.Unit == Never && size == 0 {
		size = AnySize
	}
	d.policy.Frequency, d.policy.Size = f, size
}

func minutes(n int) Frequency {
	return Frequency{Unit: Interval, Day: AnyDay, Every: time.Duration(n) * time.Minute}
}

// days is an age as logrotate counts it.
func days(n int) time.Duration {
	const day = 24 * time.Hour
	return time.Duration(min(n, int(1<<63-1)/int(day))) * day
}

// literalDates writes a dateformat of logrotate as one of strftime(3): what it
// does not know stays as it is.
func literalDates(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (i+1 == len(s) || strings.IndexByte("YmdHMSVsz", s[i+1]) < 0) {
			b.WriteByte('%')
		}
	}
	return b.String()
}

// logPattern returns a word of a block's head as a pattern: absolute, and clean.
// ok is false if it names a folder, where there is no log.
func logPattern(word, dir string) (pattern string, ok bool) {
	home, rest := cutHome(word)
	pattern = quoteGlob(home) + fromGlob(rest)
	if !path.IsAbs(pattern) {
		pattern = quoteGlob(dir) + "/" + pattern
	}
	if last := pattern[strings.LastIndexByte(pattern, '/')+1:]; last == "" || last == "." || last == ".." {
		return "", false
	}
	return path.Clean(pattern), true
}
