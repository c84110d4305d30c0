package state

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rotate/rotate/internal/fsys"
)

// Owed is an archive that must be proven released before it may be forgotten.
// It is written down before the log is turned: a run that is cut short leaves
// it to the next one.
type Owed struct {
	Policy  string    // for people who read the file
	Log     string    // path
	Archive string    // path
	Ino     uint64    // the file, whatever it is called by now, where the log or the archive is
	Born    int64     // when it was made, in nanoseconds since 1970: inodes are used again; 0: that is not known
	Home    uint64    // the inode of the log's folder: another, as of an empty mount point, says nothing; 0: that is not known
	Turned  time.Time // when the log was turned
	Last    time.Time // when the state said that it was last turned, before; zero: that is not known

	// Of a log that is copied, Ino is its own. It had Size bytes, and
	// began with what Head is the digest of. Zero for one that is renamed.
	Size int64
	Head string

	Was uint64 // the file that had the archive's name before, packed or plain; 0: none had
}

// Known reports whether a state that has last of the log knows of the turn. That
// depends neither on clocks, which may have been put back, nor on zones: both
// times are what the state's own text is read as.
func (o Owed) Known(last time.Time) bool {
	switch {
	case last.IsZero():
		return false
	case o.Last.IsZero():
		return last.Unix() >= o.Turned.Unix()
	}
	return date(last) != date(o.Last)
}

// Same reports whether two debts are the same, whatever zones their times are in.
func (o Owed) Same(p Owed) bool {
	same := o.Turned.Equal(p.Turned) && o.Last.Equal(p.Last)
	o.Turned, o.Last = p.Turned, p.Last
	return same && o == p
}

// OwedPath returns where what is owed is kept, beside the state in path.
func OwedPath(path string) string {
	if path == discard {
		return discard
	}
	return path + ".owed"
}

// ReadOwed reads what WriteOwed wrote; nothing from a missing or an empty
// file. A line that cannot be read loses itself only, and is one of the
// warnings, each with the file and the line. The error is about the file as a
// whole: it cannot be opened, is not a regular file, or is larger than 64 MiB.
// Times are local to loc, as those of the state.
func ReadOwed(path string, loc *time.Location) ([]Owed, []error, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	var owed []Owed
	warn := warnings{path: path}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if n == 1 {
			var h owedHeader
			if err := json.Unmarshal([]byte(line), &h); err == nil && h == owedVersion {
				continue
			}
			warn.add(n, "not the first line of version %d of this file", owedVersion.Version)
		}
		var l owedLine
		err := json.Unmarshal([]byte(line), &l)
		if err == nil && (l.Log == "" || l.Archive == "") {
			err = errors.New("names no log or no archive")
		}
		switch {
		case err == nil:
			owed = append(owed, l.owed(loc))
		case n > 1:
			warn.add(n, "%v", err)
		}
	}
	return owed, warn.all(), nil
}

// WriteOwed makes owed durable in path with mode 0640, one JSON object a line;
// if nothing is owed there is no file. When it returns nil the file on disk is
// the new one, whatever happens next; on an error it is the old one or the new
// one, complete.
func WriteOwed(files *fsys.FS, path string, owed iter.Seq[Owed]) error {
	if path == discard {
		return nil
	}
	empty := true
	for range owed {
		empty = false
		break
	}
	var err error
	if empty {
		if err = files.RemoveFile(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	} else {
		err = files.Replace(path, fileMode, func(f *os.File) error { return encodeOwed(f, owed) })
	}
	if err != nil {
		return fmt.Errorf("save what is owed: %w", err)
	}
	return nil
}

func encodeOwed(w io.Writer, owed iter.Seq[Owed]) error {
	b := bufio.NewWriter(w)
	lines := json.NewEncoder(b)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(owedVersion); err != nil {
		return err
	}
	for o := range owed {
		if err := lines.Encode(newOwedLine(o)); err != nil {
			return err
		}
	}
	return b.Flush()
}

// owedHeader is the first line of the file.
type owedHeader struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

var owedVersion = owedHeader{Format: "rotate owed", Version: 1}

// owedLine is an Owed in the file.
type owedLine struct {
	Policy  name      `json:"policy"`
	Log     name      `json:"log"`
	Archive name      `json:"archive"`
	Ino     uint64    `json:"ino"`
	Born    int64     `json:"born,omitempty"`
	Home    uint64    `json:"home,omitempty"`
	Turned  time.Time `json:"turned"`
	State   string    `json:"state,omitempty"` // Last, as the state has it: read in another zone, both are off alike
	Size    int64     `json:"size,omitempty"`
	Head    string    `json:"head,omitempty"`
	Was     uint64    `json:"was,omitempty"`
}

func newOwedLine(o Owed) owedLine {
	l := owedLine{name(o.Policy), name(o.Log), name(o.Archive), o.Ino, o.Born, o.Home, o.Turned, "", o.Size, o.Head, o.Was}
	if !o.Last.IsZero() {
		l.State = date(o.Last)
	}
	return l
}

func (l owedLine) owed(loc *time.Location) Owed {
	last, _ := parseDate(l.State, loc) // or it is not known
	return Owed{string(l.Policy), string(l.Log), string(l.Archive), l.Ino, l.Born, l.Home, l.Turned.In(loc), last, l.Size, l.Head, l.Was}
}

// name is any bytes in a JSON string, which must be UTF-8: a name that is not,
// or that begins with a quote, is quoted as Go does it, so that it begins with
// a quote.
type name string

func (n name) MarshalText() ([]byte, error) {
	if utf8.ValidString(string(n)) && !strings.HasPrefix(string(n), `"`) {
		return []byte(n), nil
	}
	return []byte(strconv.Quote(string(n))), nil
}

func (n *name) UnmarshalText(text []byte) error {
	if len(text) == 0 || text[0] != '"' {
		*n = name(text)
		return nil
	}
	s, err := strconv.Unquote(string(text))
	*n = name(s)
	return err
}
