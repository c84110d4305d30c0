package signaler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Glob returns the pidfiles that an absolute pattern matches, sorted; the
// syntax is that of path/filepath. A pattern that matches nothing gives none.
// A path without wildcards is returned as it is, so that Find can say whether
// it is missing or out of reach.
func Glob(pattern string) ([]string, error) {
	fail := func(kind Kind, text string, err error) error {
		return &Error{Pidfile: pattern, Kind: kind, Text: text, Err: err}
	}
	if !filepath.IsAbs(pattern) {
		return nil, fail(Unsafe, "is not an absolute path", nil)
	}
	wild := strings.IndexAny(pattern, `*?[\`)
	if wild < 0 {
		return []string{pattern}, nil
	}
	// filepath.Glob takes a directory that it cannot read for an empty one.
	// The first one is the one that can hide a whole service.
	dir, err := os.Open(filepath.Dir(pattern[:wild] + "x"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fail(Failed, err.Error(), err)
	}
	if err == nil {
		_ = dir.Close() // nothing was written
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fail(Garbage, "is not a valid pattern", err)
	}
	slices.Sort(found)
	return found, nil
}

// pidfile is what a pidfile said, and who could have made it say so.
type pidfile struct {
	pid     int
	by      controller
	written time.Time
}

const (
	emptyTries = 3                      // looks at an empty pidfile after the first
	emptyPause = 100 * time.Millisecond // between them, at most
)

// readPidfile reads the pidfile at path. A service creates the file before it
// writes it: an empty one is looked at again after settle, path and all, since
// another file may have taken its place.
func readPidfile(path string, settle func(*os.File)) (pidfile, error) {
	for try := 0; ; try++ {
		got, err := readOnce(path, func(f *os.File) {
			if try < emptyTries {
				settle(f)
			}
		})
		if try == emptyTries || !errors.Is(err, Empty) {
			return got, err
		}
	}
}

func readOnce(path string, empty func(*os.File)) (pidfile, error) {
	fail := func(kind Kind, pid int, err error, text, hint string) (pidfile, error) {
		return pidfile{}, &Error{Pidfile: path, PID: pid, Kind: kind, Text: text, Hint: hint, Err: err}
	}
	file, err := walk(path)
	if err != nil {
		return pidfile{}, err
	}
	defer file.close()

	// The inode is known to be a regular file, so opening it has no side effects.
	fd, err := unix.Open(selfFD(file.fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return fail(Unsupported, 0, err, "cannot be opened without /proc", "mount /proc")
	}
	if err != nil {
		return fail(Failed, 0, err, fmt.Sprintf("open: %v", err), "")
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close() // read only: nothing to lose

	data := make([]byte, pidfileSize)
	n, err := f.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fail(Failed, 0, err, err.Error(), "")
	}
	if n == 0 {
		empty(f)
		return fail(Empty, 0, nil, "is empty", "the service may be starting; restart it if this stays so")
	}
	info, err := f.Stat() // after the read: a pidfile that is written meanwhile is never too old
	if err != nil {
		return fail(Failed, 0, err, err.Error(), "")
	}
	pid, err := parsePID(data[:n], pidLimit)
	most := pidMax()
	switch {
	case err != nil:
		return fail(Garbage, 0, nil, err.Error(), "the first line must be the process id and nothing else")
	case pid > most:
		return fail(Stale, pid, nil, fmt.Sprintf("names process %d, which cannot exist: kernel.pid_max is %d", pid, most), staleHint)
	case pid == 1:
		return fail(PID1, pid, nil, "names process 1", "signal the service, not the init system")
	case pid == os.Getpid():
		return fail(Self, pid, nil, fmt.Sprintf("names process %d, which is this one", pid), "the file is stale; restart the service")
	}
	return pidfile{pid, file.by, info.ModTime()}, nil
}

// settle waits until f changes, is replaced or has been given its time.
func settle(f *os.File) {
	w, err := newWatcher()
	if err == nil {
		defer w.close()
		_, err = w.add(f, unix.IN_MODIFY|unix.IN_CLOSE_WRITE|unix.IN_ATTRIB|unix.IN_MOVE_SELF)
		if info, gone := f.Stat(); err == nil && (gone != nil || info.Size() > 0) {
			return // written before the watch was there
		}
	}
	// Without a watch the pause alone must do: w is nil or never wakes.
	w.wait(context.Background(), time.Now().Add(emptyPause))
}

// pidLimit is the largest process id that any Linux gives out: PID_MAX_LIMIT.
const pidLimit = 1 << 22

// pidMax is the largest process id that this system gives out now.
func pidMax() int {
	b, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if err != nil {
		return pidLimit // the kernel still refuses what does not exist
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	if err != nil {
		return pidLimit // as above
	}
	return n
}
