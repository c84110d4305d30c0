// Package fsys changes files so that nobody can turn a change against its
// owner, and so that no crash leaves a file half made.
//
// A folder is resolved once, to a handle. Names are looked up in that handle
// and attributes are set through file descriptors, so whoever swaps names
// meanwhile reaches nothing outside the folder. A new file is complete before
// it has a name, and no name is ever taken from another file.
//
// It needs Linux. The best way is tried first; what an older kernel or a
// simpler file system lacks is said at the function that does without.
package fsys

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Errors that callers branch on. A name that is taken or missing is
// fs.ErrExist or fs.ErrNotExist.
var (
	// ErrUntrusted is a symbolic link that somebody else could have put there.
	ErrUntrusted = errors.New("untrusted symbolic link")
	// ErrNotRegular is a folder, link, pipe, socket or device where a file was wanted.
	ErrNotRegular = errors.New("not a regular file")
	// ErrSwapped is a name that stands for another file than the one meant.
	ErrSwapped = errors.New("another file has taken its name")
	// ErrOwner is a file that only root could give to its owner.
	ErrOwner = errors.New("only root can give it to its owner")

	errName = errors.New("not a plain file name")
)

// FS is the file system as a run sees it. The zero value is ready to use.
type FS struct {
	// Before, when set, is asked before every call that changes something, and
	// before every fsync and close of a written file. An error it returns is
	// returned instead of making the call. Tests fail, trace or end a run here.
	// It must be safe for concurrent use.
	Before func(Op) error

	parent *FS    // whose Before counts; nil: its own
	actor  *actor // as whom it acts; nil: as the caller
}

// Op is one call on the file system. Those that Before sees are chmod, chown,
// close, create, fsync, link, mkdir, removexattr, rename, rmdir, setxattr,
// tmpfile (an open without a name), truncate, unlink, utimes and write.
type Op struct {
	Call string
	Path string
	To   string // the other path of link and rename
}

// Error is a call that failed.
type Error struct {
	Op
	Err error
}

func (e *Error) Error() string {
	text := e.Call + " " + strconv.Quote(e.Path)
	if e.To != "" {
		text += " to " + strconv.Quote(e.To)
	}
	return text + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// fail says that op failed with err, if it did.
func (op Op) fail(err error) error {
	if err == nil {
		return nil
	}
	if pe, ok := err.(*fs.PathError); ok && pe.Path == op.Path {
		err = pe.Err // from a method of os.File, which names the file too
	}
	return &Error{op, err}
}

// call makes a call that changes something.
func (s *FS) call(op Op, f func() error) error {
	return s.once(op, func() error { return s.sys(f) })
}

// once does what takes more than one call.
func (s *FS) once(op Op, f func() error) error {
	err := s.ask(op)
	if err == nil {
		err = f()
	}
	return op.fail(err)
}

func (s *FS) ask(op Op) error {
	if s.parent != nil {
		return s.parent.ask(op)
	}
	if s.Before == nil {
		return nil
	}
	return s.Before(op)
}

// close closes a written file, whatever Before says: after a failed close(2)
// the descriptor is gone too.
func (s *FS) close(f *os.File) error {
	op := Op{Call: "close", Path: f.Name()}
	err := s.ask(op)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return op.fail(err)
}

func uninterrupted(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func fstat(fd int) (st unix.Stat_t, err error) {
	err = uninterrupted(func() error { return unix.Fstat(fd, &st) })
	return st, err
}

func (s *FS) openat(fd int, name string, flags int, mode uint32) (file int, err error) {
	err = s.sys(func() error {
		file, err = unix.Openat(fd, name, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return file, err
}
