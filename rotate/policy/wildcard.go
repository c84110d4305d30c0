package policy

import (
	"os"
	"os/user"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// classes are the character classes of a bracket expression, in ASCII as in the
// C locale. None has a slash: no name does.
var classes = map[string]string{
	"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \t", "cntrl": "\x01-\x1f\x7f", "digit": "0-9",
	"graph": `\!-.0-~`, "lower": "a-z", "print": ` -.0-~`, "punct": "\\!-.:-@\\[-`{-~", "space": " \t-\r",
	"upper": "A-Z", "xdigit": "0-9A-Fa-f",
}

// fromGlob writes a pattern of glob(3) as one that means the same here: "**" is
// not more than "*", braces are letters, and so is a bracket that none closes.
func fromGlob(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			if !strings.HasSuffix(b.String(), "*") || strings.HasSuffix(b.String(), `\*`) {
				b.WriteByte(c)
			}
		case '\\':
			if i++; i == len(pattern) {
				b.WriteString(`\\`)
				break
			}
			writeLiteral(&b, pattern[i])
		case '[':
			if set, length := bracket(pattern[i:]); length > 0 {
				b.WriteString(set)
				i += length - 1
				break
			}
			b.WriteString(`\[`)
		case '?':
			b.WriteByte(c)
		default:
			writeLiteral(&b, c)
		}
	}
	return b.String()
}

// writeLiteral writes a character that is meant as it is.
func writeLiteral(b *strings.Builder, c byte) {
	if strings.IndexByte(`*?[]{}\`, c) >= 0 {
		b.WriteByte('\\')
	}
	b.WriteByte(c)
}

// bracket writes the bracket expression that s begins with, and returns how
// long that is; 0 if it is none.
func bracket(s string) (set string, length int) {
	if strings.IndexByte(s, ']') < 0 {
		return "", 0
	}
	b, i := []byte("["), 1
	if i < len(s) && (s[i] == '!' || s[i] == '^') {
		b, i = append(b, '^'), i+1
	}
	first, open := i, len(b)
	for ; i < len(s) && s[i] != '/'; i++ {
		switch c := s[i]; {
		case c == ']' && i > first:
			if len(b) == open {
				return "[\x00]", i + 1 // a class that nobody knows: no name fits
			}
			return string(append(b, ']')), i + 1
		case c == '\\' && i+1 < len(s):
			i++
			b = appendMember(b, s[i])
		case c == '[' && i+1 < len(s) && strings.IndexByte(":.=", s[i+1]) >= 0:
			name, _, closed := strings.Cut(s[i+2:], s[i+1:i+2]+"]")
			switch {
			case !closed:
				b = appendMember(b, c)
				continue
			case s[i+1] == ':':
				b = append(b, classes[name]...)
			case len(name) == 1:
				b = appendMember(b, name[0])
			}
			i += len(name) + 3
		case c == '-' && i > first && i+1 < len(s) && s[i+1] != ']':
			b = append(b, c)
		default:
			b = appendMember(b, c)
		}
	}
	return "", 0
}

// appendMember writes a character of a bracket expression that is meant as it
// is.
func appendMember(b []byte, c byte) []byte {
	if strings.IndexByte(`\[]^!-`, c) >= 0 {
		b = append(b, '\\')
	}
	return append(b, c)
}

// matchesName reports whether a pattern of glob(3) fits a name. A wildcard does
// not stand for a leading dot.
func matchesName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	return doublestar.MatchUnvalidated(fromGlob(pattern), name)
}

// cutHome returns the home folder that "~" or "~name" at the beginning of a path
// stands for, if that is known, and what follows it.
func cutHome(path string) (home, rest string) {
	if !strings.HasPrefix(path, "~") {
		return "", path
	}
	name, _, _ := strings.Cut(path[1:], "/")
	if home = os.Getenv("HOME"); name == "" && home != "" {
		return home, path[1:]
	}
	u, err := user.Current()
	if name != "" {
		u, err = user.Lookup(name)
	}
	if err != nil { // as it is written, then: such a file may exist
		return "", path
	}
	return u.HomeDir, path[1+len(name):]
}

func expandHome(path string) string {
	home, rest := cutHome(path)
	return home + rest
}

// quoteGlob writes a path as a pattern that stands for it alone.
func quoteGlob(path string) string {
	var b strings.Builder
	for i := range len(path) {
		writeLiteral(&b, path[i])
	}
	return b.String()
}
