package main

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// width is how many columns lines are made for. What cannot be broken, such as
// a path, may be longer.
const width = 80

// style is what a stream can show.
type style struct {
	colour bool
	arrow  string
	dash   string
}

func styleOf(f *os.File) style {
	s := style{colour: isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", arrow: "->", dash: "-"}
	if unicodeLocale() {
		s.arrow, s.dash = "→", "—"
	}
	return s
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// unicodeLocale reports whether text is UTF-8, as the first of the variables
// that is set says (locale(7)). Cron sets none, and mails what it gets as ASCII.
func unicodeLocale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToUpper(os.Getenv(name)); value != "" {
			return strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8")
		}
	}
	return false
}

func (s style) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// The colours of labels.
const (
	red    = "1;31"
	yellow = "1;33"
	cyan   = "36"
)

func (s style) bold(text string) string { return s.paint("1", text) }
func (s style) dim(text string) string  { return s.paint("2", text) }
func (s style) red(text string) string  { return s.paint(red, text) }
