package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var (
	// ErrLocked means that another run holds the state.
	ErrLocked = errors.New("held by another run")

	// ErrExposed means that somebody holds the state, which everybody can open
	// and so could lock, to keep others from their runs (CVE-2022-1348). The next
	// Save mends that.
	ErrExposed = errors.New("everybody can open it, and somebody holds the lock")
)

// Held is a state that is locked. A nil Held locks nothing.
type Held struct {
	files []*os.File // each that has had the name, as long as the run lasts
}

// Lock keeps other runs, and those of logrotate, off the state in path until
// Unlock is called or the process ends. It waits as long as wait for a run that
// holds it, for ever if wait is negative, but no longer than ctx, and then
// fails with ErrLocked and the other's process id, where that can be told.
//
// If everybody can open the state, it does not wait, and fails with ErrExposed.
//
// The lock is logrotate's: a flock(2) on the state file itself, which is made,
// empty and with mode 0640, where there is none. Save takes it along to the file
// that it puts in its place, before that gets the name, so that the name always
// stands for a file that is locked.
func Lock(ctx context.Context, path string, wait time.Duration) (*Held, error) {
	if path == discard {
		return nil, nil
	}
	began := time.Now()
	for {
		f, err := lockFile(ctx, path, wait)
		if err != nil {
			return nil, fmt.Errorf("lock %q: %w", path, err)
		}
		if still(f, path) {
			return &Held{[]*os.File{f}}, nil
		}
		f.Close() // nothing was written: the run that held it has put another in its place
		if wait > 0 {
			wait = max(0, wait-time.Since(began))
			began = time.Now()
		}
	}
}

// Unlock lets other runs begin.
func (h *Held) Unlock() error {
	if h == nil {
		return nil
	}
	var errs []error
	for _, f := range h.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// follow locks f, which is about to become the state.
func (h *Held) follow(f *os.File) error {
	if h == nil {
		return nil
	}
	// The lock is the open file's, and lasts as long as any descriptor of it.
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	own := os.NewFile(uintptr(fd), f.Name())
	h.files = append(h.files, own)
	return flock(own, unix.LOCK_EX|unix.LOCK_NB)
}

// lockFile opens what has the name path now, and locks it.
func lockFile(ctx context.Context, path string, wait time.Duration) (*os.File, error) {
	f, err := openState(path)
	if err != nil {
		return nil, cause(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = cause(err)
	case !info.Mode().IsRegular():
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close() // nothing was written
		return nil, err
	}
	if !exposed(info) {
		return f, acquire(ctx, f, wait)
	}
	if err = acquire(ctx, f, 0); errors.Is(err, ErrLocked) {
		err = ErrExposed
	}
	return f, err
}

// openState opens the state for writing, without which NFS does not lock, and
// makes it where there is none. As logrotate it follows a symbolic link that
// leads somewhere.
func openState(path string) (*os.File, error) {
	const flags = os.O_RDWR | unix.O_NONBLOCK | unix.O_NOCTTY
	f, err := os.OpenFile(path, flags, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) { // another run was faster, or it is a link to nowhere
		return os.OpenFile(path, flags, 0)
	}
	return f, err
}

// exposed reports whether everybody can open a file with these looks.
func exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o006 != 0 }

// still reports whether f is the file that has the name path.
func still(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}

// acquire locks f, or closes it and fails.
func acquire(ctx context.Context, f *os.File, wait time.Duration) error {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return nil
	case err != unix.EWOULDBLOCK:
		f.Close() // nothing was written
		return err
	case wait == 0:
		err := heldBy(f)
		f.Close() // nothing was written
		return err
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(f, unix.LOCK_EX) }()
	var deadline <-chan time.Time
	if wait > 0 {
		deadline = time.After(wait)
	}
	select {
	case err := <-locked:
		if err != nil {
			f.Close() // nothing was written
		}
		return err
	case <-ctx.Done():
		go letGo(f, locked)
		return fmt.Errorf("interrupted while another run holds it: %w", context.Cause(ctx))
	case <-deadline:
		err := heldBy(f)
		go letGo(f, locked)
		return err
	}
}

// letGo closes f as soon as it is locked: nothing ends a flock(2) that waits.
func letGo(f *os.File, locked <-chan error) {
	<-locked
	f.Close() // nothing was written
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); err != unix.EINTR {
			return err
		}
	}
}

// heldBy returns ErrLocked, with the process that holds f where that is told.
func heldBy(f *os.File) error {
	if pid := lockHolder(f); pid != "" {
		return fmt.Errorf("%w, process %s", ErrLocked, pid)
	}
	return ErrLocked // the process is a courtesy
}

// lockHolder is the process that holds f, where proc_locks(5) tells.
func lockHolder(f *os.File) (pid string) {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	st := info.Sys().(*syscall.Stat_t)
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for range 3 { // a line can be missed while others come and go
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			return ""
		}
		for line := range strings.Lines(string(locks)) {
			// 1: FLOCK ADVISORY WRITE 708 08:01:12345 0 EOF; who waits has "->" after the number.
			w := strings.Fields(line)
			if len(w) > 5 && w[1] == "FLOCK" && w[5] == file {
				return w[4]
			}
		}
	}
	return ""
}
