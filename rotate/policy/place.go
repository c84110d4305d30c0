package policy

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// The TOML decoder hands out values without their places, and for syntax errors
// alone it tells a position. A place remembers where a value was written, in a
// tree of the shape of the decoded values.

// place is where a value of a TOML document is written, as offsets.
type place struct {
	key    int // the key that names it; the value itself in an array
	value  int // the value, or the header of a table
	fields map[string]*place
	items  []*place
}

// field returns the place of a key in a table, or the table's own for a key
// that is not there.
func (p *place) field(name string) *place {
	if f, ok := p.fields[name]; ok {
		return f
	}
	return p
}

// item returns the place of an element of an array, or the array's own.
func (p *place) item(i int) *place {
	if i < len(p.items) {
		return p.items[i]
	}
	return p
}

// maxDepth bounds the nesting of tables and arrays, which costs the decoder
// stack, and time by its square. Policies need five.
const maxDepth = 32

// places is the index of a document.
type places struct {
	root  *place
	deep  int // offset of what is nested beyond maxDepth; -1
	twice int // offset of a key that is already set; -1
}

// findPlaces indexes a document, in one pass. A document that the decoder
// refuses gets an index of no use, but the nesting up to its first error is
// measured right, so this may run first.
func findPlaces(text string) places {
	s := scanner{text: text, found: places{root: &place{}, deep: -1, twice: -1}}
	s.document()
	return s.found
}

type scanner struct {
	text  string
	off   int
	found places
}

// document reads headers and pairs, one a line.
func (s *scanner) document() {
	table := s.found.root
	for s.skip(" \t\r\n"); s.off < len(s.text); s.skip(" \t\r\n") {
		switch s.peek() {
		case '#':
		case '[':
			table = s.header()
		default:
			s.pair(table, 0)
		}
		s.line()
	}
}

// header reads [a.b] or [[a.b]] and returns the table that it opens.
func (s *scanner) header() *place {
	start := s.off
	array := strings.HasPrefix(s.text[s.off:], "[[")
	s.skip("[")
	table := s.found.root
	path := s.path(0)
	for i, seg := range path {
		last := i == len(path)-1
		p, known := table.fields[seg.name]
		if !known {
			p = table.add(seg, start)
		}
		switch {
		case last && array:
			p.items = append(p.items, &place{key: seg.off, value: start})
		case last:
			p.key, p.value = seg.off, start
		}
		if table = p; len(p.items) > 0 {
			table = p.items[len(p.items)-1]
		}
	}
	return table
}

// pair reads a.b = value into table.
func (s *scanner) pair(table *place, depth int) {
	path := s.path(depth)
	s.skip(" \t")
	if s.peek() != '=' {
		s.off = len(s.text) // not TOML
		return
	}
	s.off++
	for i, seg := range path {
		p, known := table.fields[seg.name]
		if known && (i == len(path)-1 || p.items != nil) && s.found.twice < 0 {
			s.found.twice = seg.off
		}
		if !known {
			p = table.add(seg, seg.off)
		}
		table = p
	}
	s.value(table, depth+len(path))
}

func (p *place) add(seg segment, value int) *place {
	if p.fields == nil {
		p.fields = map[string]*place{}
	}
	f := &place{key: seg.off, value: value}
	p.fields[seg.name] = f
	return f
}

// segment is one name of a dotted key.
type segment struct {
	name string
	off  int
}

func (s *scanner) path(depth int) []segment {
	var path []segment
	for {
		s.skip(" \t")
		path = append(path, s.segment())
		s.skip(" \t")
		if s.peek() != '.' || s.tooDeep(depth+len(path)) {
			return path
		}
		s.off++
	}
}

func (s *scanner) segment() segment {
	start := s.off
	if c := s.peek(); c == '"' || c == '\'' {
		s.string(s.text[s.off : s.off+1])
		return segment{unquote(s.text[start:s.off]), start}
	}
	s.skip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
	return segment{s.text[start:s.off], start}
}

// unquote leaves it to the decoder what a quoted key says.
func unquote(quoted string) string {
	var v struct{ K string }
	if _, err := toml.Decode("K="+quoted, &v); err != nil {
		return quoted // the decoder will refuse the document too
	}
	return v.K
}

func (s *scanner) value(p *place, depth int) {
	s.skip(" \t")
	p.value = s.off
	if s.tooDeep(depth) {
		return
	}
	rest := s.text[s.off:]
	switch {
	case strings.HasPrefix(rest, `"""`), strings.HasPrefix(rest, `'''`):
		s.string(rest[:3])
	case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, `'`):
		s.string(rest[:1])
	case strings.HasPrefix(rest, "["):
		s.list(']', func() {
			item := &place{key: s.off}
			p.items = append(p.items, item)
			s.value(item, depth+1)
		})
	case strings.HasPrefix(rest, "{"):
		s.list('}', func() { s.pair(p, depth+1) })
	default: // numbers, booleans and dates, with spaces in them
		s.until(",]}#\r\n")
	}
}

// list reads the elements of an array or an inline table.
func (s *scanner) list(end byte, element func()) {
	for s.off++; s.off < len(s.text); {
		before := s.off
		switch s.skip(" \t\r\n,"); s.peek() {
		case end:
			s.off++
			return
		case '#':
			s.line()
		default:
			element()
		}
		if s.off == before { // not TOML
			s.off = len(s.text)
		}
	}
}

// string reads over a string, to the end of the document if it has none.
func (s *scanner) string(quote string) {
	s.off += len(quote)
	for s.off < len(s.text) {
		rest := s.text[s.off:]
		switch {
		case rest[0] == '\\' && quote[0] == '"':
			s.off = min(s.off+2, len(s.text))
		case strings.HasPrefix(rest, quote):
			s.off += len(quote)
			if len(quote) == 3 {
				s.skip(quote) // the last three of many end it: """she said "no"""""
			}
			return
		default:
			s.off++
		}
	}
}

func (s *scanner) tooDeep(depth int) bool {
	if depth <= maxDepth {
		return false
	}
	if s.found.deep < 0 {
		s.found.deep = s.off
	}
	s.off = len(s.text)
	return true
}

func (s *scanner) peek() byte {
	if s.off < len(s.text) {
		return s.text[s.off]
	}
	return 0
}

func (s *scanner) skip(set string) {
	s.off = len(s.text) - len(strings.TrimLeft(s.text[s.off:], set))
}

func (s *scanner) until(set string) {
	if i := strings.IndexAny(s.text[s.off:], set); i >= 0 {
		s.off += i
		return
	}
	s.off = len(s.text)
}

func (s *scanner) line() { s.until("\n") }
