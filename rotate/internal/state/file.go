package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// sizeLimit bounds what a file of ours may cost to read: a million logs fit.
const sizeLimit = 64 << 20

// fileMode is logrotate's, too.
const fileMode = 0o640

// discard is the path of a state that is neither read, saved nor locked, as
// logrotate has it.
const discard = os.DevNull

// readFile returns the text of the regular file path; "" if there is none.
// It follows symbolic links, as logrotate does, and never blocks on a FIFO.
func readFile(path string) (string, error) {
	if path == discard {
		return "", nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %q: %w", path, cause(err))
	}
	defer f.Close() // read only: nothing to lose
	text, err := readAll(f)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", path, cause(err))
	}
	return text, nil
}

func readAll(f *os.File) (string, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case info.Size() > sizeLimit:
		return "", fmt.Errorf("larger than %d MiB", sizeLimit>>20)
	}
	var text strings.Builder
	text.Grow(int(info.Size()))
	_, err = io.Copy(&text, io.LimitReader(f, info.Size()))
	return text.String(), err
}

// cause returns what went wrong, without the path that the caller names.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// warningLimit is how many bad lines of one file are told one by one.
const warningLimit = 100

// BadLine is a line of the state, or of what is owed, that cannot be read. What
// it said is lost.
type BadLine struct {
	File string
	Line int // from 1
	Text string
}

func (e *BadLine) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// warnings collects what is wrong with the lines of a file. A file of nothing
// but bad lines must not cost more than the file.
type warnings struct {
	path string
	errs []error
	more int
}

func (w *warnings) add(line int, format string, args ...any) {
	if len(w.errs) == warningLimit {
		w.more++
		return
	}
	w.errs = append(w.errs, &BadLine{w.path, line, fmt.Sprintf(format, args...)})
}

func (w *warnings) all() []error {
	if w.more > 0 {
		return append(w.errs, fmt.Errorf("%s: %d more bad lines", w.path, w.more))
	}
	return w.errs
}
