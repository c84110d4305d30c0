package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Create makes an empty file that looks like attr from the moment it has its
// name, which Dir.Sync makes durable.
//
// A regular file that has the name already was made by a service that was
// faster; it stays, and created is false. It gets attr's owner and mode, unless
// it has other names, or somebody who is neither root nor its owner can write
// the folder: they could have moved another's file there to have it opened up.
func (d *Dir) Create(name string, attr Attr) (created bool, err error) {
	t, err := d.Temp(attr)
	if err != nil {
		return false, err
	}
	defer t.Close() // on the way out of a failure, which says more
	if err := d.fs.apply(t.file, t.attr); err != nil {
		return false, err
	}
	switch err := t.place(name); {
	case errors.Is(err, fs.ErrExist):
		return false, d.adopt(name, t.attr)
	case err != nil:
		return false, err
	}
	return true, t.Close()
}

func (d *Dir) adopt(name string, a Attr) error {
	f, info, err := d.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		return nil // another's, and we are not root: not ours to change
	}
	if err != nil {
		return err
	}
	defer f.Close() // opened to read

	folder, err := fstat(d.fd)
	if err != nil {
		return &Error{Op{Call: "stat", Path: d.path}, err}
	}
	if info.Links != 1 || shared(&folder) || !d.fs.trusted(folder.Uid) && folder.Uid != info.UID {
		return nil
	}
	mode, err := d.fs.chown(f, a)
	if err != nil || mode == info.Mode&0o7777 {
		return err
	}
	return d.fs.chmod(f, mode)
}

// Mkdir makes a folder that looks like attr, whose mode may have the set-group-ID
// and sticky bits. Dir.Sync makes it durable. A name that is taken is fs.ErrExist.
func (d *Dir) Mkdir(name string, attr Attr) error {
	op := Op{Call: "mkdir", Path: d.join(name)}
	if !plain(name) {
		return &Error{op, errName}
	}
	// 0700, not 0: who is not root must be able to open it.
	err := d.fs.call(op, func() error { return unix.Mkdirat(d.fd, name, 0o700) })
	if err != nil {
		return err
	}
	if err := d.furnish(name, attr); err != nil {
		d.rmdir(name)
		return err
	}
	return nil
}

// furnish makes the folder name, just made, look like attr.
func (d *Dir) furnish(name string, attr Attr) error {
	op := Op{Call: "mkdir", Path: d.join(name)}
	fd, err := d.fs.openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return &Error{op, err}
	}
	made := os.NewFile(uintptr(fd), op.Path)
	defer made.Close() // opened to read
	if err := d.fs.untouched(made); err != nil {
		return &Error{op, err}
	}
	attr.Mode &= 0o7777
	return d.fs.apply(made, attr)
}

// untouched returns ErrSwapped unless folder looks as mkdir made it: ours,
// closed to others and empty. One that does was not worth swapping in.
func (s *FS) untouched(folder *os.File) error {
	st, err := fstat(int(folder.Fd()))
	if err != nil {
		return err
	}
	if st.Uid != s.uid() || st.Mode&0o077 != 0 {
		return ErrSwapped
	}
	switch _, err := folder.Readdirnames(1); err {
	case io.EOF:
		return nil
	case nil:
		return ErrSwapped
	default:
		return err
	}
}

// rmdir takes back a folder that could not be finished. Where it fails, the
// error that led here says more, and an empty folder stays.
func (d *Dir) rmdir(name string) {
	_ = d.fs.call(Op{Call: "rmdir", Path: d.join(name)}, func() error {
		return unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR)
	})
}
