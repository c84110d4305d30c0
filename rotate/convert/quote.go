package convert

import (
	"fmt"
	"strings"
)

// width is how long a line of several values may become.
const width = 88

// number returns digits as they are and everything else in quotes.
func number(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return s
	}
	return quote(s)
}

// quote returns a TOML string.
func quote(s string) string {
	if strings.ContainsAny(s, `\"`) && !strings.ContainsFunc(s, func(c rune) bool { return c == '\'' || isControl(c) }) {
		return "'" + s + "'"
	}
	return `"` + escape(s) + `"`
}

// quoteLines returns a TOML string of several lines, as they are where that
// can be.
func quoteLines(s string) string {
	bad := func(c rune) bool { return isControl(c) && c != '\n' }
	switch {
	case !strings.Contains(s, "\n"):
		return quote(s)
	case strings.Contains(s, "'''") || strings.HasSuffix(s, "'") || strings.ContainsFunc(s, bad):
		lines := strings.Split(s, "\n")
		for i := range lines {
			lines[i] = escape(lines[i])
		}
		return "\"\"\"\n" + strings.Join(lines, "\n") + `"""`
	}
	return "'''\n" + s + "'''"
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// escape writes s for a place between double quotes.
func escape(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case isControl(c):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// array returns a TOML array of strings, over several lines where one is too
// long.
func array(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	if line := "[" + strings.Join(quoted, ", ") + "]"; len(line) <= width {
		return line
	}
	return "[\n  " + strings.Join(quoted, ",\n  ") + ",\n]"
}
