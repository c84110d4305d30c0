package state

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"rotate/rotate/internal/fsys"
)

// Save makes the state durable if it Changed: when it returns nil the file on
// disk is the new one, whatever happens next; on an error it is the old one or
// the new one, complete. The file is sorted, has mode 0640, and takes the
// place of a symbolic link, as logrotate's does.
func (s *State) Save(files *fsys.FS) error {
	if !s.changed {
		return nil
	}
	if s.path != discard {
		if err := files.Replace(s.path, 0o640, s.write); err != nil {
			return fmt.Errorf("save state: %w", err)
		}
	}
	s.changed = false
	return nil
}

// write writes the second version of logrotate's format. Its dates are not
// padded with zeros.
func (s *State) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, header2)
	for log, t := range s.All() {
		fmt.Fprintf(b, "%s %s\n", quote(log), date(t))
	}
	return b.Flush() // has the error of any write before it
}

func date(t time.Time) string {
	return fmt.Sprintf("%d-%d-%d-%d:%d:%d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second())
}
