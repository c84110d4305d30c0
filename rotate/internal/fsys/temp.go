package fsys

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Temp is a file in the making. It has no name until it is published. Where the
// file system has no nameless files (O_TMPFILE of open(2)), it has one for which
// IsTemp is true, and which nobody but root can open.
type Temp struct {
	dir   *Dir
	file  *os.File
	attr  Attr
	name  string // for error messages, and for the time that it needs one
	named bool   // it has name now
	id    ID
}

// Temp starts a file in d that will look like attr. Nothing is left of it
// unless it is published, or the process dies where it had to have a name.
func (d *Dir) Temp(attr Attr) (*Temp, error) { return d.temp(attr, tempName()) }

// temp is Temp with the name that the file gets if it needs one.
func (d *Dir) temp(attr Attr, name string) (*Temp, error) {
	attr.Mode &= 0o777
	t := &Temp{dir: d, attr: attr, name: name}
	op := Op{Call: "tmpfile", Path: d.join(t.name)}
	fd := -1
	err := d.fs.call(op, func() (err error) {
		fd, err = unix.Openat(d.fd, ".", unix.O_RDWR|unix.O_TMPFILE|unix.O_CLOEXEC, 0)
		return err
	})
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) { // EISDIR: before Linux 3.11
		t.named = true
		op.Call = "create"
		err = d.fs.call(op, func() (err error) {
			const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
			fd, err = unix.Openat(d.fd, t.name, flags, 0)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	t.file = os.NewFile(uintptr(fd), op.Path)
	st, err := fstat(fd)
	if err != nil {
		_ = t.Close() // nothing was written
		return nil, &Error{op, err}
	}
	t.id = infoOf(&st).ID
	return t, nil
}

// File returns the file, open for reading and writing. It is the Temp's to close.
func (t *Temp) File() *os.File { return t.file }

// ID returns the identity of the file, which it keeps when it is published.
func (t *Temp) ID() ID { return t.id }

// Publish gives the file its looks, makes what was written durable, and then
// gives it its name. A name that is taken is fs.ErrExist.
//
// nil: the file is there, complete; Dir.Sync makes its name durable too.
// ErrSwapped: it was there, and somebody took the name from it at once. Any
// other error: it is not there.
func (t *Temp) Publish(name string) error {
	if err := t.settle(); err != nil {
		return err
	}
	nameless := !t.named
	if err := t.place(name); err != nil {
		return err
	}
	if nameless {
		// btrfs does nothing to make a file durable that has no name yet:
		// btrfs_log_inode_parent in fs/btrfs/tree-log.c.
		if err := t.dir.fs.Fsync(t.file); err != nil {
			_ = t.dir.Remove(name, t.id) // what may not last has no name; err says why
			return err
		}
	}
	return t.verify(name)
}

// settle makes the file's looks and data final and durable.
func (t *Temp) settle() error {
	if err := t.dir.fs.apply(t.file, t.attr); err != nil {
		return err
	}
	return t.dir.fs.Fsync(t.file)
}

// place gives the file the name, which must be free.
func (t *Temp) place(name string) error {
	if t.named {
		err := t.dir.Rename(t.name, t.id, t.dir, name)
		t.named = err != nil
		return err
	}
	return t.link(name)
}

func (t *Temp) link(name string) error {
	d, fd := t.dir, int(t.file.Fd())
	op := Op{"link", t.file.Name(), d.join(name)}
	if !plain(name) {
		return &Error{op, errName}
	}
	return d.fs.call(op, func() error {
		err := unix.Linkat(fd, "", d.fd, name, unix.AT_EMPTY_PATH)
		if err == unix.ENOENT { // without CAP_DAC_READ_SEARCH, before Linux 6.10
			return linkByProc(fd, d.fd, name)
		}
		return err
	})
}

// linkByProc is linkat with AT_EMPTY_PATH for everyone: open(2), O_TMPFILE.
func linkByProc(fd, dir int, name string) error {
	self := "/proc/self/fd/" + strconv.Itoa(fd)
	return unix.Linkat(unix.AT_FDCWD, self, dir, name, unix.AT_SYMLINK_FOLLOW)
}

func (t *Temp) verify(name string) error {
	if !t.dir.holds(name, t.id) {
		return &Error{Op{Call: "publish", Path: t.dir.join(name)}, ErrSwapped}
	}
	return nil
}

// Close ends the work on the file, which is gone if it was not published. It
// may be called again, to no effect.
func (t *Temp) Close() error {
	if t.file == nil {
		return nil
	}
	err := t.dir.fs.close(t.file)
	t.file = nil
	if !t.named {
		return err
	}
	t.named = false
	removed := t.dir.Remove(t.name, t.id)
	if err == nil && !errors.Is(removed, fs.ErrNotExist) {
		err = removed
	}
	return err
}

// TempPrefix is what every name begins with for which IsTemp is true.
const TempPrefix = ".rotate-"

const tempDigits = 16

func tempName() string {
	var digits [tempDigits / 2]byte
	rand.Read(digits[:]) // never fails, see crypto/rand
	return TempPrefix + hex.EncodeToString(digits[:])
}

// IsTemp reports whether name is one that only an unpublished file has. When no
// other run is at work, the run that made such a file is dead.
func IsTemp(name string) bool {
	digits, ok := strings.CutPrefix(name, TempPrefix)
	return ok && len(digits) == tempDigits && strings.Trim(digits, "0123456789abcdef") == ""
}
