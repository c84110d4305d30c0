package policy

import (
	"os"
	"os/user"
	"path/filepath"
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
	b, i := "[", 1
	if i < len(s) && (s[i] == '!' || s[i] == '^') {
		b, i = "[^", i+1
	}
	for first := i; i < len(s) && s[i] != '/'; i++ {
		switch c := s[i]; {
		case c == ']' && i > first:
			return b + "]", i + 1
		case c == '\\' && i+1 < len(s):
			i++
			b += escapeInBracket(s[i])
		case c == '[' && i+1 < len(s) && strings.IndexByte(":.=", s[i+1]) >= 0:
			name, _, closed := strings.Cut(s[i+2:], s[i+1:i+2]+"]")
			if !closed {
				b += `\[`
				break
			}
			if s[i+1] == ':' {
				b += classes[name]
			} else if len(name) == 1 {
				b += escapeInBracket(name[0])
			}
			i += len(name) + 3
		case c == '-' && i > first && i+1 < len(s) && s[i+1] != ']':
			b += "-"
		default:
			b += escapeInBracket(c)
		}
	}
	return "", 0
}

func escapeInBracket(c byte) string {
	if strings.IndexByte(`\[]^!-`, c) >= 0 {
		return `\` + string(c)
	}
	return string([]byte{c})
}

// matchesName reports whether a pattern of glob(3) fits a name. A wildcard does
// not stand for a leading dot.
func matchesName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	return doublestar.MatchUnvalidated(fromGlob(pattern), name)
}

// expandHome replaces "~" or "~name" at the beginning of a path by a home
// folder, if that is known.
func expandHome(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest, _ := strings.Cut(path[1:], "/")
	home := os.Getenv("HOME")
	if name != "" || home == "" {
		u, err := user.Current()
		if name != "" {
			u, err = user.Lookup(name)
		}
		if err != nil { // as it is written, then: such a file may exist
			return path
		}
		home = u.HomeDir
	}
	return filepath.Join(home, "/", rest)
}
