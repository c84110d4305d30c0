package convert

import (
	"slices"
	"strings"

	"rotate/rotate/policy"
)

// source is what a file in logrotate's syntax says to people: its comments, and
// which directives they belong to. What the directives mean, the reader of
// package policy has said.
type source struct {
	globals []directive // outside of blocks
	blocks  []block
}

// block is what stands between { and }.
type block struct {
	first, last int         // lines, from 1
	above       [][]string  // comments before it, in paragraphs
	directives  []directive // with comments of their own
	end         []string    // comments after the last of them
}

// directive is a line that sets a key.
type directive struct {
	key      string // "" if it sets none of ours
	comments []string
}

// find returns the block that a policy came from.
func (s *source) find(pos policy.Position) *block {
	if s == nil {
		return nil
	}
	for i := range s.blocks {
		if b := &s.blocks[i]; b.first <= pos.Line && pos.Line <= b.last {
			return b
		}
	}
	return nil
}

// sets reports whether a list of directives has one for the key.
func sets(list []directive, key string) bool {
	return slices.ContainsFunc(list, func(d directive) bool { return d.key == key })
}

// scanner goes through a file line by line.
type scanner struct {
	source
	paragraphs [][]string // comments not yet given to anything
	fresh      bool       // the next comment begins a paragraph
	block      *block     // that is open
	inBlock    bool       // its { was seen
	script     bool
}

func scan(text string) *source {
	s := &scanner{fresh: true}
	for i, line := range strings.Split(text, "\n") {
		s.line(i+1, strings.TrimSpace(line))
	}
	return &s.source
}

func (s *scanner) line(n int, line string) {
	word, _, _ := strings.Cut(line, " ")
	word, _, _ = strings.Cut(word, "\t")
	switch {
	case s.script:
		s.script = word != "endscript"
	case line == "":
		s.fresh = true
	case strings.HasPrefix(line, "#"):
		s.comment(strings.TrimPrefix(line, "#"))
	case s.inBlock:
		s.inside(n, line, word)
	case s.block != nil || !isDirective(word):
		s.outside(n, line)
	default:
		s.globals = append(s.globals, directive{keyOf(word), s.take(true)})
		s.script = isScript(word)
	}
}

func (s *scanner) comment(text string) {
	if s.fresh {
		s.paragraphs = append(s.paragraphs, nil)
	}
	s.fresh = false
	last := &s.paragraphs[len(s.paragraphs)-1]
	*last = append(*last, text)
}

// take returns the comments that were seen, or the last paragraph of them if
// it is near: nothing between it and what comes now.
func (s *scanner) take(near bool) (out []string) {
	paragraphs := s.paragraphs
	if near && s.fresh {
		paragraphs = nil
	}
	for i, p := range paragraphs {
		if !near || i == len(paragraphs)-1 {
			out = append(out, p...)
		}
	}
	s.paragraphs, s.fresh = nil, true
	return out
}

// outside reads the paths of a block.
func (s *scanner) outside(n int, line string) {
	if s.block == nil {
		s.blocks = append(s.blocks, block{first: n, last: n, above: s.paragraphs})
		s.block = &s.blocks[len(s.blocks)-1]
		s.paragraphs, s.fresh = nil, true
	}
	if strings.HasSuffix(line, "{") {
		s.inBlock = true
	} else if _, rest, found := strings.Cut(line, " {"); found {
		s.inBlock = true
		rest = strings.TrimSpace(rest)
		word, _, _ := strings.Cut(rest, " ")
		s.inside(n, rest, word)
	}
}

// inside reads a line between { and }.
func (s *scanner) inside(n int, line, word string) {
	s.block.last = n
	if word != "}" {
		s.block.directives = append(s.block.directives, directive{keyOf(word), s.take(false)})
		s.script = isScript(word)
	}
	if strings.HasSuffix(line, "}") {
		s.block.end = s.take(false)
		s.block, s.inBlock = nil, false
	}
}

func isDirective(word string) bool {
	return word != "" && !strings.ContainsAny(word[:1], `/"'*?[{~.$`)
}

func isScript(word string) bool {
	return slices.Contains([]string{"prerotate", "postrotate", "firstaction", "lastaction", "preremove"}, word)
}

// keyOf returns the key that says what a directive says.
func keyOf(word string) string {
	word, _, _ = strings.Cut(word, "=")
	switch word {
	case "hourly", "daily", "weekly", "monthly", "yearly":
		return "frequency"
	case "notifempty":
		return "ifempty"
	case "compresscmd", "compressoptions", "compressext", "uncompresscmd":
		return "compress"
	case "shredcycles":
		return "shred"
	case "maillast":
		return "mailfirst"
	case "include", "tabooext", "taboopat", "renamecopy", "ignoreduplicates":
		return ""
	}
	if rest, no := strings.CutPrefix(word, "no"); no {
		return rest
	}
	return word
}
