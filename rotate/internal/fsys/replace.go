package fsys

import (
	"encoding/hex"
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// Replace durably replaces the file at path, or makes it, with mode and what
// write writes to the file that takes its place. It takes the place of a link, and of nothing else
// that is not a regular file. The owner, access control list and label of a file
// stay.
//
// nil: the new file is there, durably. An error: the old or the new one is
// there, whole.
func (s *FS) Replace(path string, mode uint32, write func(*os.File) error) error {
	d, name, err := s.openParent(path)
	if err != nil {
		return err
	}
	defer d.Close() // opened to read

	attr := d.like(name)
	attr.Mode = mode
	// Always the same name, so that what a run left which died meanwhile is
	// found, and goes. Whoever replaces a file does so alone.
	t, err := d.temp(attr, nameFor(name))
	if errors.Is(err, fs.ErrExist) {
		if err := d.Remove(nameFor(name), ID{}); err != nil {
			return err
		}
		t, err = d.temp(attr, nameFor(name))
	}
	if err != nil {
		return err
	}
	defer t.Close() // on the way out of a failure, which says more
	if err := t.fill(write); err != nil {
		return err
	}
	if err := t.settle(); err != nil {
		return err
	}
	if err := t.replace(name); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	return t.verify(name)
}

// like is what the file name looks like, or, if there is none, a new one.
func (d *Dir) like(name string) Attr {
	f, _, err := d.Open(name)
	if err != nil {
		return Attr{UID: -1, GID: -1}
	}
	defer f.Close() // opened to read
	old, err := AttrOf(f)
	if err != nil {
		return Attr{UID: -1, GID: -1}
	}
	return Attr{UID: old.UID, GID: old.GID, ACL: old.ACL, Label: old.Label}
}

func (t *Temp) fill(write func(*os.File) error) error {
	return t.dir.fs.once(Op{Call: "write", Path: t.file.Name()}, func() error {
		return write(t.file)
	})
}

// replace gives the file the name, whoever has it.
func (t *Temp) replace(name string) error {
	d := t.dir
	if !t.named { // rename(2) replaces, link(2) does not
		err := t.link(t.name)
		if errors.Is(err, fs.ErrExist) {
			if err := d.Remove(t.name, ID{}); err != nil {
				return err
			}
			err = t.link(t.name)
		}
		if err != nil {
			return err
		}
		t.named = true
		if err := d.fs.Fsync(t.file); err != nil { // as in Publish
			return err
		}
	}
	err := d.fs.call(Op{"rename", d.join(t.name), d.join(name)}, func() error {
		return unix.Renameat(d.fd, t.name, d.fd, name)
	})
	t.named = err != nil
	return err
}

// nameFor is the temporary name of what is to replace the file name. IsTemp is
// true of it.
func nameFor(name string) string {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails, see hash.Hash
	return TempPrefix + hex.EncodeToString(h.Sum(nil))
}

// RemoveFile durably removes the regular file at path. A missing one is
// fs.ErrNotExist.
func (s *FS) RemoveFile(path string) error {
	d, name, err := s.openParent(path)
	if err != nil {
		return err
	}
	defer d.Close() // opened to read
	if err := d.Remove(name, ID{}); err != nil {
		return err
	}
	return d.Sync()
}

func (s *FS) openParent(file string) (*Dir, string, error) {
	folder, name := path.Split(file)
	if !plain(name) {
		return nil, "", &Error{Op{Call: "open", Path: file}, errName}
	}
	d, err := s.OpenDir(folder)
	return d, name, err
}
