package policy

import "sort"

// source is a text that is read, and where its lines begin.
type source struct {
	name  string
	text  string
	lines []int
}

func newSource(name, text string) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// at returns the position of an offset.
func (s *source) at(off int) Position {
	off = max(0, min(off, len(s.text)))
	line := sort.SearchInts(s.lines, off+1)
	return Position{s.name, line, off - s.lines[line-1] + 1}
}
