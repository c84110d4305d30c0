package state

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"rotate/rotate/internal/fsys"
)

// Save makes the state durable if it Changed: when it returns nil the file on
// disk is the new one, whatever happens next; on an error it is the old one or
// the new one, complete. The file is sorted, has mode 0640, and takes the
// place of a symbolic link, as logrotate's does. The lock held goes with it.
func (s *State) Save(files *fsys.FS, held *Held) error {
	if !s.changed {
		return nil
	}
	if s.path != discard {
		err := files.Replace(s.path, fileMode, func(f *os.File) error {
			if err := held.follow(f); err != nil {
				return err
			}
			return s.write(f)
		})
		if err != nil {
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
