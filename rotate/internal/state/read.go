package state

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// The first lines of the two versions of the file. The first version has days
// without the time of day; the lines of both are read alike.
const (
	header  = "logrotate state"
	header1 = header + " -- version 1"
	header2 = header + " -- version 2"
)

// logrotate refuses the whole file if it finds a year outside these. It lets
// 1900 pass, which very old versions wrote for "never".
const (
	firstYear = 1970
	lastYear  = 2100
	neverYear = 1900
)

// Read reads the state in path, which a missing or an empty file leaves empty.
// Its times are local to loc. A line that cannot be read loses its own log
// only, and is one of the warnings, each with the file and the line; of
// several lines for one log the last counts. The error is about the file as a
// whole: it cannot be opened, is not a regular file, is larger than 64 MiB, or
// is text with neither the first line nor any other line of a state.
//
// A file that others can open is to be saved, whatever it says: see [Lock].
//
// The path "/dev/null" stands for a state that is always empty, and that Save
// discards.
func Read(path string, loc *time.Location) (*State, []error, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	s := &State{path: path, loc: loc, last: make(map[string]int64, entries(text))}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && exposed(info) {
		s.changed = true // anybody could keep runs out by locking it
	}
	warn, err := s.parse(text)
	if err != nil {
		return nil, nil, err
	}
	return s, warn, nil
}

// entries estimates how many entries text holds. It is low for text that is
// not a state, which must not make us reserve memory.
func entries(text string) int {
	return min(strings.Count(text, "\n"), len(text)/len(`"/var/log/a" 2026-1-1`))
}

// parse reads the lines of text. It fails on text that was never a state: an
// option that names the wrong file must not cost that file. What a crash left,
// such as a file of NUL bytes, is read for what it holds.
func (s *State) parse(text string) ([]error, error) {
	warn := warnings{path: s.path}
	headed := true
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if n == 1 {
			if line == header1 || line == header2 {
				continue
			}
			headed = strings.HasPrefix(line, header) || strings.HasPrefix(header, line)
			warn.add(n, "not the first line of a state file")
		}
		if strings.Trim(line, blanks) == "" {
			continue
		}
		log, t, err := parseLine(line, s.loc)
		switch {
		case err == nil:
			s.last[log] = s.clamp(t)
		case n > 1:
			warn.add(n, "%v", err) // without the line itself: it may be from anybody's file
		}
	}
	if !headed && len(s.last) == 0 && strings.IndexByte(text, 0) < 0 {
		return nil, fmt.Errorf("read %q: not a state file", s.path)
	}
	return warn.all(), nil
}

func parseLine(line string, loc *time.Location) (string, time.Time, error) {
	log, rest, ok := word(line)
	date, rest, ok2 := word(rest)
	if !ok || !ok2 || log == "" || strings.Trim(rest, blanks) != "" || strings.IndexByte(log, 0) >= 0 {
		return "", time.Time{}, fmt.Errorf("not a name and a date")
	}
	t, err := parseDate(date, loc)
	return unescape(log), t, err
}

// parseDate reads Y-M-D-h:m:s, of which the time of day may be missing or cut
// short. Like logrotate it ignores what follows.
func parseDate(date string, loc *time.Location) (time.Time, error) {
	var v [6]int
	n := 0
	for rest := date; n < len(v); n++ {
		if n > 0 {
			if rest == "" || rest[0] != "---::"[n-1] {
				break
			}
			rest = rest[1:]
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 {
			break
		}
		for _, c := range rest[:digits] {
			v[n] = min(v[n]*10+int(c-'0'), 1e6)
		}
		rest = rest[digits:]
	}
	year, month, day := v[0], v[1], v[2]
	switch {
	case n < 3:
		return time.Time{}, fmt.Errorf("not a date")
	case year != neverYear && (year < firstYear || year > lastYear):
		return time.Time{}, fmt.Errorf("bad year %d", year)
	case month < 1 || month > 12:
		return time.Time{}, fmt.Errorf("bad month %d", month)
	case day > 31: // 0 is what very old versions wrote for "never"
		return time.Time{}, fmt.Errorf("bad day %d", day)
	case v[3] > 23 || v[4] > 59 || v[5] > 59:
		return time.Time{}, fmt.Errorf("bad time %d:%d:%d", v[3], v[4], v[5])
	}
	return time.Date(year, time.Month(month), day, v[3], v[4], v[5], 0, loc), nil
}
