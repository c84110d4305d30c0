package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked means that another run holds the state.
var ErrLocked = errors.New("held by another run")

// Lock keeps other runs off the state in path until unlock is called or the
// process ends. It waits as long as wait for a run that holds it, for ever if
// wait is negative, but no longer than ctx, and then fails with ErrLocked and
// the other's process id, where that can be told.
//
// The lock is a flock(2) on the file path + ".lock", which is made with mode
// 0600 and stays: never replaced and never removed, so that no two runs can
// hold locks on different files of that name. Whoever can open a file can lock
// it and keep us out for ever (CVE-2022-1348), so a lock file that anyone but
// root and ourselves may open is refused.
func Lock(ctx context.Context, path string, wait time.Duration) (unlock func() error, err error) {
	if path == discard {
		return func() error { return nil }, nil
	}
	path += ".lock"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %q: %w", path, cause(err))
	}
	if err := safe(f); err != nil {
		f.Close() // nothing was written
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
	if err := acquire(ctx, f, wait); err != nil {
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
	return f.Close, nil
}

// safe checks that nobody but root and ourselves can open f, under any name.
// An access control list shows in the bits of the group.
func safe(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return cause(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case st.Nlink != 1:
		return fmt.Errorf("has %d names", st.Nlink)
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("owned by user %d", st.Uid)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("mode %04o lets other users hold the lock", info.Mode().Perm())
	}
	return nil
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
		return ctx.Err()
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

// heldBy returns ErrLocked, with the process that holds f where proc_locks(5)
// tells. Nothing is ever written to the file: a run that does nothing leaves
// no trace.
func heldBy(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return ErrLocked // the process is a courtesy
	}
	st := info.Sys().(*syscall.Stat_t)
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for range 3 { // a line can be missed while others come and go
		if pid := lockHolder(file); pid != "" {
			return fmt.Errorf("%w, process %s", ErrLocked, pid)
		}
	}
	return ErrLocked
}

func lockHolder(file string) (pid string) {
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return "" // a courtesy, as above
	}
	for line := range strings.Lines(string(locks)) {
		// 1: FLOCK ADVISORY WRITE 708 08:01:12345 0 EOF; who waits has "->" after the number.
		w := strings.Fields(line)
		if len(w) > 5 && w[1] == "FLOCK" && w[5] == file {
			return w[4]
		}
	}
	return ""
}
