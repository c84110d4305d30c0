package fsys

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrUser is a user that the caller cannot act as.
var ErrUser = errors.New("only root can act as another user")

// User is whom the kernel checks: an id, a group, and further groups.
type User struct {
	UID, GID int
	Groups   []int
}

// As returns the file system as u may use it. What it opens, makes, renames and
// removes is checked against u and, new, belongs to u. What is done through an
// open file needs no checks and is done as before. Changes of the owner that
// only root could make are done without: a file stays u's.
//
// The kernel keeps that identity for each thread (setfsuid(2)), and takes a
// thread's capabilities over files as it stops to be root. One thread belongs
// to the result, and ends with Close: nobody else ever runs on it.
//
// It returns s itself if the caller is u, and ErrUser if it may not be u.
func (s *FS) As(u User) (*FS, error) {
	if unix.Geteuid() == u.UID && unix.Getegid() == u.GID {
		return s, nil
	}
	if unix.Geteuid() != 0 {
		return nil, fmt.Errorf("act as uid %d, gid %d: %w", u.UID, u.GID, ErrUser)
	}
	a := &actor{user: u, calls: make(chan act)}
	began := make(chan error)
	go a.serve(began)
	if err := <-began; err != nil {
		return nil, fmt.Errorf("act as uid %d, gid %d: %w", u.UID, u.GID, err)
	}
	return &FS{parent: s, actor: a}, nil
}

// Close ends the thread of an FS that acts as another user. Neither it nor what
// was opened through it may be used any more, open files apart.
func (s *FS) Close() {
	if s.actor != nil {
		close(s.actor.calls)
		s.actor = nil
	}
}

// sys makes a system call, as whom s acts.
func (s *FS) sys(f func() error) error {
	if s.actor == nil {
		return uninterrupted(f)
	}
	done := make(chan error)
	s.actor.calls <- act{f, done}
	return <-done
}

// uid is whose permissions count.
func (s *FS) uid() uint32 {
	if s.actor != nil {
		return uint32(s.actor.user.UID)
	}
	return uint32(unix.Geteuid())
}

// actor is a thread that acts as somebody.
type actor struct {
	user  User
	calls chan act
}

type act struct {
	call func() error
	done chan<- error
}

func (a *actor) serve(began chan<- error) {
	runtime.LockOSThread() // and never given back: the thread ends with this goroutine
	if unix.Gettid() == unix.Getpid() {
		// But for the first one, which only the process ends. While it is taken,
		// the next goroutine gets another.
		next := make(chan error)
		go a.serve(next)
		began <- <-next
		runtime.UnlockOSThread()
		return
	}
	err := a.become()
	began <- err
	if err != nil {
		return
	}
	for c := range a.calls {
		c.done <- uninterrupted(c.call)
	}
}

// become changes the identity of this thread alone, which the functions of
// package syscall do not.
func (a *actor) become() error {
	groups := make([]uint32, len(a.user.Groups)+1) // one more, so that there is a first
	for i, g := range a.user.Groups {
		groups[i] = uint32(g)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(a.user.Groups)), uintptr(unsafe.Pointer(&groups[0])), 0)
	if errno != 0 {
		return fmt.Errorf("set groups: %w", errno)
	}
	// The group first, while it is allowed. These calls do not fail, they do
	// nothing: setfsuid(2).
	for _, id := range []struct {
		call uintptr
		to   int
	}{{unix.SYS_SETFSGID, a.user.GID}, {unix.SYS_SETFSUID, a.user.UID}} {
		unix.RawSyscall(id.call, uintptr(id.to), 0, 0)
		if now, _, _ := unix.RawSyscall(id.call, ^uintptr(0), 0, 0); int(uint32(now)) != id.to {
			return unix.EPERM
		}
	}
	return nil
}
