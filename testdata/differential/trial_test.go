// Package differential runs rotate and the real logrotate side by side on the
// same configurations and trees, and compares what they leave behind.
package differential

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// A trial is a configuration, a tree and what happens to them, as a plain value
// that can be printed, kept and shrunk. DIR stands for the folder of the trial.
type trial struct {
	note  string // what it shows
	zone  string // of time, see zone; "": UTC
	conf  string
	tree  []entry
	state []turned
	runs  []run
}

// entry is a file or folder. {72h|-%Y%m%d} in its path is the date of 72 hours
// ago in that format. The folder of an entry is made where it is missing.
type entry struct {
	kind     string // file gzip bzip2 xz zstd junk sparse dir fifo link hard
	mode     os.FileMode
	uid, gid int
	age      time.Duration // since it was last written
	path     string
	arg      string // lines of a file, bytes of junk and of a sparse one, target of a link, text of junk
}

// turned is a line of the state: path was last turned age ago.
type turned struct {
	path string
	age  time.Duration
}

// run is one run of the programs, and what happens before it.
type run struct {
	after time.Duration // time that passes first
	lines int           // then written to each log that the state or tree began with
	force bool
}

// wild is the note of a trial of which only the lines count.
const wild = "wild\n"

const (
	day  = 24 * time.Hour
	long = 400 * day
)

func (e entry) String() string {
	return strings.TrimRight(fmt.Sprintf("%s %04o %d %d %s %q %s", e.kind, e.mode, e.uid, e.gid, span(e.age), e.path, e.arg), " ")
}

func (t turned) String() string { return fmt.Sprintf("%s %q", span(t.age), t.path) }

func (r run) String() string {
	s := fmt.Sprintf("%s %d", span(r.after), r.lines)
	if r.force {
		s += " force"
	}
	return s
}

func span(d time.Duration) string {
	if d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return strconv.Itoa(int(d/time.Hour)) + "h"
}

func parseSpan(s string) (time.Duration, error) {
	unit := time.Hour
	n, ok := strings.CutSuffix(s, "h")
	if !ok {
		unit = day
		n = strings.TrimSuffix(s, "d")
	}
	i, err := strconv.Atoi(n)
	return time.Duration(i) * unit, err
}

// String is the trial as a file of cases/ holds it.
func (t trial) String() string {
	a := &txtar.Archive{Comment: []byte(t.note)}
	add := func(name, text string) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	add("conf", t.conf)
	add("tree", each(t.tree))
	add("state", each(t.state))
	if t.zone != "" {
		add("zone", t.zone+"\n")
	}
	add("runs", each(t.runs))
	return string(txtar.Format(a))
}

func each[T fmt.Stringer](all []T) string {
	var b strings.Builder
	for _, x := range all {
		b.WriteString(x.String() + "\n")
	}
	return b.String()
}

// parse is the inverse of trial.String.
func parse(text []byte) (trial, error) {
	a := txtar.Parse(text)
	t := trial{note: string(a.Comment)}
	for _, f := range a.Files {
		if f.Name == "conf" {
			t.conf = string(f.Data)
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			if err := t.line(f.Name, strings.TrimSpace(line)); err != nil {
				return t, fmt.Errorf("%s: %q: %w", f.Name, line, err)
			}
		}
	}
	return t, nil
}

func (t *trial) line(section, line string) error {
	switch section {
	case "tree":
		var e entry
		var mode, age string
		if _, err := fmt.Sscanf(line, "%s %s %d %d %s %q", &e.kind, &mode, &e.uid, &e.gid, &age, &e.path); err != nil {
			return err
		}
		m, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			return err
		}
		e.mode = os.FileMode(m)
		if e.age, err = parseSpan(age); err != nil {
			return err
		}
		_, e.arg, _ = strings.Cut(line, strconv.Quote(e.path)+" ")
		t.tree = append(t.tree, e)
		return nil
	case "state":
		var s turned
		var age string
		_, err := fmt.Sscanf(line, "%s %q", &age, &s.path)
		if err != nil {
			return err
		}
		s.age, err = parseSpan(age)
		t.state = append(t.state, s)
		return err
	case "zone":
		t.zone = line
		return nil
	case "runs":
		var r run
		var after string
		_, err := fmt.Sscanf(line, "%s %d", &after, &r.lines)
		if err != nil {
			return err
		}
		r.force = strings.HasSuffix(line, " force")
		r.after, err = parseSpan(after)
		t.runs = append(t.runs, r)
		return err
	}
	return fmt.Errorf("no such section")
}
