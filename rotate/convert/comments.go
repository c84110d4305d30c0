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
	global  string      // the lines of these that set something
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
	switch {
	case s.script:
		rest, ends := strings.CutPrefix(line, "endscript")
		s.script = !ends || rest != "" && isLetter(rest[0])
	case line == "":
		s.fresh = true
	case line[0] == '#':
		s.comment(line[1:])
	case s.inBlock:
		s.inside(n, line)
	case s.block != nil || !isLetter(line[0]):
		s.outside(n, line)
	default:
		words := strings.Fields(line)
		s.globals = append(s.globals, directive{keyOf(words[0]), s.take(true)})
		if s.script = isScript(words[0]); !s.script && keyOf(words[0]) != "" {
			s.global += line + "\n"
		}
		for _, w := range more(words) {
			s.globals = append(s.globals, directive{key: keyOf(w)})
		}
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

// heading returns the comments above a block: those that it follows at once,
// and at the beginning of a file all that were seen.
func (s *scanner) heading() [][]string {
	paragraphs := s.paragraphs
	if len(s.blocks)+len(s.globals) > 0 && len(paragraphs) > 0 {
		paragraphs = paragraphs[len(paragraphs)-1:]
		if s.fresh {
			paragraphs = nil
		}
	}
	s.paragraphs, s.fresh = nil, true
	return paragraphs
}

// outside reads the paths of a block.
func (s *scanner) outside(n int, line string) {
	if s.block == nil {
		s.blocks = append(s.blocks, block{first: n, last: n, above: s.heading()})
		s.block = &s.blocks[len(s.blocks)-1]
	}
	if _, rest, found := strings.Cut(line, "{"); found {
		s.inBlock = true
		s.inside(n, strings.TrimSpace(rest))
	}
}

// inside reads a line between { and }.
func (s *scanner) inside(n int, line string) {
	s.block.last = n
	words := strings.Fields(line)
	if len(words) == 0 {
		return
	}
	if words[0][0] != '}' {
		s.block.directives = append(s.block.directives, directive{keyOf(words[0]), s.take(false)})
		s.script = isScript(words[0])
	}
	for _, w := range append(words[:1:1], more(words)...) {
		if w[0] == '}' {
			s.block.end = s.take(false)
			s.block, s.inBlock = nil, false
			return
		}
	}
	for _, w := range more(words) {
		s.block.directives = append(s.block.directives, directive{key: keyOf(w)})
	}
}

// more returns the words of a line that follow a directive and are directives
// themselves, not what it takes.
func more(words []string) []string {
	for i, w := range words {
		if takesMore(w) {
			return words[min(1, i+1) : i+1]
		}
	}
	return words[1:]
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func takesMore(word string) bool {
	word, _, _ = strings.Cut(word, "=")
	return slices.Contains([]string{
		"weekly", "su", "minutes", "size", "minsize", "maxsize", "minage", "create", "olddir", "createolddir", "start", "dateformat",
		"extension", "addextension", "rotate", "maxage", "mail", "shredcycles", "compresscmd", "uncompresscmd", "compressext",
		"compressoptions", "tabooext", "taboopat", "errors", "include",
	}, word)
}

func isScript(word string) bool {
	return slices.Contains([]string{"prerotate", "postrotate", "firstaction", "lastaction", "preremove"}, word)
}

// keyOf returns the key that says what a directive says.
func keyOf(word string) string {
	word, _, _ = strings.Cut(word, "=")
	switch word {
	case "minutes", "hourly", "daily", "weekly", "monthly", "yearly":
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
