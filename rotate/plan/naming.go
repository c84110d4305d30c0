package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rotate/rotate/policy"
)

// Generation is an archive's place among the archives of its log.
type Generation struct {
	// Date is what the name of a dated archive says, as its format can say it:
	// the seconds that a clock on the wall is past 1970-01-01 00:00; Unix
	// seconds if the format has %s; with the offset if it has %z. Only their
	// order means anything to others. 0 for a numbered archive.
	Date int64
	// N is the number. Of a dated archive it is 0, or the suffix that it got
	// because its date was taken.
	N int
}

// Naming is how the archives of a policy are called. It is immutable.
//
// The archives of app.log are called app.log.1 or app.log-20261123; of two on
// one date, the second is app.log-20261123.1. An ending that the policy keeps
// last, and after it the ending of a compression, follow.
type Naming struct {
	dated     bool
	start     int
	format    dateFormat
	yesterday bool
	hourAgo   bool
	loc       *time.Location

	extension    string
	addExtension string
	compressions []string // endings, "" first
}

// NewNaming returns the names that p asks for, with dates in loc.
func NewNaming(p *policy.Policy, loc *time.Location) *Naming {
	n := &Naming{
		dated:        p.DateExt,
		start:        p.Start,
		yesterday:    p.DateYesterday,
		hourAgo:      p.DateHourAgo,
		loc:          loc,
		extension:    p.Extension,
		addExtension: p.AddExtension,
		// Archives that an earlier configuration compressed are still the log's.
		compressions: []string{"", ".gz", ".zst", ".bz2", ".xz", ".lz4", ".lzo", ".br", ".lz", ".Z", ".lzma"},
	}
	if p.DateExt {
		n.format = newDateFormat(cmp.Or(p.DateFormat, "-%Y%m%d"), loc)
	}
	if p.Compress.Ext != "" {
		n.compressions = append(n.compressions, p.Compress.Ext)
	}
	return n
}

// Name returns the name of the plain archive g of log.
func (n *Naming) Name(log string, g Generation) string {
	head, tail := n.split(log)
	b := make([]byte, 0, len(log)+len(tail)+n.format.width+16)
	b = append(b, head...)
	if n.dated {
		b = n.format.append(b, g.Date)
	}
	if !n.dated || g.N > 0 {
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(g.N), 10)
	}
	return string(append(b, tail...))
}

// Parse is the inverse of Name: it reports whether name is, to the letter, that
// of an archive of log, and which, and the ending that its compression added.
func (n *Naming) Parse(log, name string) (g Generation, ext string, ok bool) {
	head, tail := n.split(log)
	rest, ok := strings.CutPrefix(name, head)
	if !ok || len(rest) < n.format.width {
		return Generation{}, "", false
	}
	date, rest := rest[:n.format.width], rest[n.format.width:]
	for _, ext := range n.compressions {
		number, ok := strings.CutSuffix(rest, ext)
		if !ok {
			continue
		}
		number, ok = strings.CutSuffix(number, tail)
		if !ok {
			continue
		}
		if g.N, ok = n.parseNumber(number); !ok {
			continue
		}
		if n.dated {
			g.Date, ok = n.format.parse(date)
		}
		return g, ext, ok
	}
	return Generation{}, "", false
}

// parseNumber reads ".12". Zeros in front are not how Name writes it, and eight
// digits are a date that another program wrote.
func (n *Naming) parseNumber(s string) (int, bool) {
	least := n.start
	if n.dated {
		if s == "" {
			return 0, true
		}
		least = 1
	}
	const longest = len(".9999999")
	if len(s) < 2 || len(s) > longest || s[0] != '.' || s[1] == '0' && len(s) > 2 {
		return 0, false
	}
	i, ok := parseDigits(s[1:])
	return int(i), ok && int(i) >= least
}

// room is how much longer than its log's the name of a plain or compressed
// archive can be, and more.
func (n *Naming) room() int {
	longest := slices.MaxFunc(n.compressions, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return n.format.width + len(".999999999") + len(n.addExtension) + len(longest)
}

// Prefix returns what the names of all archives of log begin with.
func (n *Naming) Prefix(log string) string {
	head, _ := n.split(log)
	if n.dated {
		return head + n.format.literal()
	}
	return head + "."
}

// Newest returns the generation that a log becomes when it is turned at now
// and no archive is in the way.
func (n *Naming) Newest(now time.Time) Generation {
	if !n.dated {
		return Generation{N: n.start}
	}
	now = now.In(n.loc)
	if n.yesterday {
		// logrotate goes to noon of the day before, as far from the ends of
		// that day as it can, in the offset of today.
		y, m, d := now.Date()
		noon := time.Date(y, m, d-1, 12, now.Minute(), now.Second(), 0, time.UTC)
		_, offset := now.Zone()
		now = noon.Add(-time.Duration(offset) * time.Second).In(n.loc)
	}
	if n.hourAgo {
		now = now.Add(-time.Hour)
	}
	return Generation{Date: n.format.date(now)}
}

// Compare orders generations, the newest first.
func (n *Naming) Compare(a, b Generation) int {
	if n.dated {
		return cmp.Or(cmp.Compare(b.Date, a.Date), cmp.Compare(b.N, a.N))
	}
	return cmp.Compare(a.N, b.N)
}

// split returns what of log stands before the number or date of an archive,
// and what stands after it. If both endings apply, addextension's goes first
// and extension's stays, as in logrotate.
func (n *Naming) split(log string) (head, tail string) {
	head, tail = log, n.addExtension
	if tail != "" {
		head = strings.TrimSuffix(head, tail)
	}
	if n.extension != "" && strings.HasSuffix(head, n.extension) {
		head, tail = strings.TrimSuffix(head, n.extension), n.extension
	}
	return head, tail
}
