package state

import "strings"

// logrotate reads each line in two passes: popt splits it into words, and
// takes away quotes and their backslashes; then \\ and \n are replaced.
// It writes a name in double quotes, with a backslash before each quote and
// backslash, and a newline as \n; all other bytes stand for themselves.

const blanks = " \t\v\f\r"

var escapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`)

// quote returns name as a word of the state file.
func quote(name string) string { return `"` + escapes.Replace(name) + `"` }

// word cuts the first word off line, as popt does. What is returned shares
// the memory of line unless there are escapes in it. A word that ends in a
// backslash is not ok; a quote that does not close ends with the line.
func word(line string) (word, rest string, ok bool) {
	line = strings.TrimLeft(line, blanks)
	if i := strings.IndexAny(line, blanks+`"'\`); i < 0 {
		return line, "", true
	} else if strings.IndexByte(blanks, line[i]) >= 0 {
		return line[:i], line[i:], true
	}
	if line[0] == '"' {
		i := 1 + strings.IndexAny(line[1:], `"\`)
		if i > 0 && line[i] == '"' && (i+1 == len(line) || strings.IndexByte(blanks, line[i+1]) >= 0) {
			return line[1:i], line[i+1:], true
		}
	}
	return unquote(line)
}

// unquote is word where quotes or backslashes must be taken out.
func unquote(line string) (word, rest string, ok bool) {
	var b strings.Builder
	var open byte // the quote we are in
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case open != 0 && c == open:
			open = 0
		case c == '\\':
			i++
			if i == len(line) {
				return "", "", false
			}
			if open != 0 && line[i] != open {
				b.WriteByte('\\')
			}
			b.WriteByte(line[i])
		case open != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			open = c
		case strings.IndexByte(blanks, c) >= 0:
			return b.String(), line[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}

// unescape is the second pass. A backslash before anything else stands for itself.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case '\\':
				i++
			case 'n':
				i++
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
