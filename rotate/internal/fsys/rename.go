package fsys

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Rename moves the regular file name to toName in the folder to, of the same
// mount. It never takes a name from another file: one that is taken is
// fs.ErrExist.
//
// The file must be want, or any regular file if want is zero; else ErrSwapped
// or ErrNotRegular, and nothing is moved. If another file took the name at the
// last moment, that one is moved back and the error is ErrSwapped.
func (d *Dir) Rename(name string, want ID, to *Dir, toName string) error {
	op := Op{"rename", d.join(name), to.join(toName)}
	if !plain(toName) {
		return &Error{op, errName}
	}
	id, err := d.expect(name, want)
	if err != nil {
		return &Error{op, err}
	}
	if err := d.move(name, id, to, toName); err != nil {
		return err
	}
	if to.holds(toName, id) {
		return nil
	}
	if info, err := to.stat(toName); err == nil {
		if err := to.move(toName, info.ID, d, name); err != nil {
			return &Error{op, fmt.Errorf("%w, and cannot be moved back: %w", ErrSwapped, err)}
		}
	}
	return &Error{op, ErrSwapped}
}

// expect returns the identity of the regular file name.
func (d *Dir) expect(name string, want ID) (ID, error) {
	info, err := d.stat(name)
	switch {
	case err != nil:
		return ID{}, err
	case want != ID{} && info.ID != want:
		return ID{}, ErrSwapped
	case !info.Regular():
		return ID{}, ErrNotRegular
	}
	return info.ID, nil
}

// move renames whatever name stands for.
func (d *Dir) move(name string, id ID, to *Dir, toName string) error {
	err := d.fs.call(Op{"rename", d.join(name), to.join(toName)}, func() error {
		return unix.Renameat2(d.fd, name, to.fd, toName, unix.RENAME_NOREPLACE)
	})
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return d.moveByLink(name, id, to, toName) // NFS, for one, cannot rename so: rename(2)
	}
	return err
}

// moveByLink moves the file id by giving it the second name first. A crash in
// between leaves it with both.
func (d *Dir) moveByLink(name string, id ID, to *Dir, toName string) error {
	op := Op{"link", d.join(name), to.join(toName)}
	err := d.fs.call(op, func() error { return unix.Linkat(d.fd, name, to.fd, toName, 0) })
	if err != nil {
		return err
	}
	err = &Error{op, ErrSwapped}
	if to.holds(toName, id) {
		if d.holds(name, id) {
			err = d.unlink(name)
		}
		if !d.holds(name, id) {
			return nil // moved; whoever has the name now came after
		}
	}
	if info, gone := to.stat(toName); gone == nil && info.Links > 1 {
		_ = to.unlink(toName) // taken back if possible; err says what went wrong
	}
	return err
}

// Remove removes the regular file name, which must be want, or any if want is
// zero; else ErrSwapped or ErrNotRegular. A missing one is fs.ErrNotExist.
func (d *Dir) Remove(name string, want ID) error {
	op := Op{Call: "unlink", Path: d.join(name)}
	id, err := d.expect(name, want)
	if err != nil {
		return &Error{op, err}
	}
	return d.fs.once(op, func() error {
		// There is no unlink of a file, only of a name: as late as possible.
		if _, err := d.expect(name, id); err != nil {
			return err
		}
		return d.fs.sys(func() error { return unix.Unlinkat(d.fd, name, 0) })
	})
}

func (d *Dir) unlink(name string) error {
	return d.fs.call(Op{Call: "unlink", Path: d.join(name)}, func() error {
		return unix.Unlinkat(d.fd, name, 0)
	})
}
