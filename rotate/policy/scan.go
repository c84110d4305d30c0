package policy

import "strings"

// head reads the paths of a block, to a brace. Of a line of comment stays that
// it is one.
func (b *blocks) head() (text string, brace byte) {
	var head strings.Builder
	for b.off < len(b.text) {
		line := b.text[b.off:]
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if text := strings.TrimLeft(line, " \t"); strings.HasPrefix(text, "#") {
			head.WriteString(line[:len(line)-len(text)])
			b.off += len(strings.TrimSuffix(line, "\n"))
			continue
		}
		if i := strings.IndexAny(line, "{}"); i >= 0 {
			head.WriteString(line[:i])
			b.off += i + 1
			return head.String(), line[i]
		}
		head.WriteString(line)
		b.off += len(line)
	}
	return "", 0
}

// script reads a script, to the line that ends it.
func (b *blocks) script() (text string, ok bool) {
	start := b.off
	for b.off < len(b.text) {
		begin := b.off
		line := strings.TrimLeft(b.line(), " \t")
		if b.off < len(b.text) {
			b.off++ // the newline
		}
		rest, ends := strings.CutPrefix(line, "endscript")
		if !ends || rest != "" && isLetter(rest[0]) {
			continue
		}
		b.off = begin + strings.Index(b.text[begin:], "endscript") + len("endscript")
		b.separator()
		text = b.text[start:begin]
		if strings.Trim(text, space) == "" {
			text = ""
		}
		return strings.TrimLeft(text, "\n"), true
	}
	return "", false
}

// next skips white space and comments. It is false at the end of the text.
func (b *blocks) next() bool {
	for {
		b.off = len(b.text) - len(strings.TrimLeft(b.text[b.off:], " \t\n"))
		if b.off == len(b.text) {
			return false
		}
		if b.text[b.off] != '#' {
			return true
		}
		b.line()
	}
}

// letters reads a word of letters.
func (b *blocks) letters() string {
	start := b.off
	for b.off < len(b.text) && isLetter(b.text[b.off]) {
		b.off++
	}
	return b.text[start:b.off]
}

// separator reads what stands behind a word.
func (b *blocks) separator() {
	if b.off < len(b.text) && b.text[b.off] != '\n' {
		b.off++
	}
}

// names reads the rest of a line as names of users, in which a \ is a letter.
func (b *blocks) names() []string {
	words, _ := splitWords(strings.ReplaceAll(b.line(), `\`, `\\`)) // it never ends in an escape
	return words
}

// value reads the rest of a line, after a "=", without the white space around.
func (b *blocks) value() string {
	s := strings.Trim(b.line(), space)
	if rest, ok := strings.CutPrefix(s, "="); ok {
		s = strings.TrimLeft(rest, space)
	}
	return s
}

// line reads the rest of a line, but not its end.
func (b *blocks) line() string {
	start := b.off
	if i := strings.IndexByte(b.text[start:], '\n'); i >= 0 {
		b.off += i
	} else {
		b.off = len(b.text)
	}
	return b.text[start:b.off]
}
