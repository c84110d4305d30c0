package main

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// name is a path or a process name as a terminal may show it.
func name(s string) string {
	if s == "" || oneLine(s) != s || strings.ContainsAny(s, " \t\"") {
		return strconv.Quote(s)
	}
	return s
}

// oneLine is s with everything escaped that could pass for another line,
// colour or text.
func oneLine(s string) string {
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString("; ")
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// within is the name of p as seen from the folder dir.
func within(dir *plan.Dir, p plan.Place) string {
	path := p.Path()
	if dir != nil {
		if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir.Path, "/")+"/"); ok {
			path = rest
		}
	}
	return name(path)
}

// size is n bytes to two digits or more, as ls -h has it.
func size(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	value, unit := float64(n), -1
	for value >= 1024 && unit < 4 {
		value, unit = value/1024, unit+1
	}
	if value < 9.95 {
		return fmt.Sprintf("%.1f%c", value, "kMGTP"[unit])
	}
	return fmt.Sprintf("%.0f%c", value, "kMGTP"[unit])
}

// took is a time that was measured, to two or three digits.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return policy.FormatDuration(d.Round(time.Second))
}

func when(t time.Time) string { return t.Format("2006-01-02 15:04") }

func count(n int, noun string) string { return plural(n, noun, noun+"s") }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// ordinal is 1st, 2nd, 3rd, 4th, 11th …
func ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// looks says how a file that is made will look: "0640 api:adm".
func looks(c *policy.Create) string {
	var words []string
	if c.Mode >= 0 {
		words = append(words, fmt.Sprintf("%04o", c.Mode))
	}
	if c.UID >= 0 || c.GID >= 0 {
		words = append(words, owner(c.UID, userName)+":"+owner(c.GID, groupName))
	}
	if len(words) == 0 {
		return "like the old one"
	}
	return strings.Join(words, " ")
}

// owner is a user or group by name; one that is not given stays as it was.
func owner(id int, lookup func(string) string) string {
	if id < 0 {
		return ""
	}
	return lookup(strconv.Itoa(id))
}

func userName(id string) string {
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id // has no name
}

func groupName(id string) string {
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id // has no name
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
