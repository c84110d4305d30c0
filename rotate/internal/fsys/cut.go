package fsys

import (
	"bytes"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// What was copied is cut from the head of a log while its writers go on. A
// writer that appends notices nothing: the kernel moves the end of the file and
// the place where the next write goes in one step.

// ErrNoCut is a file system, or a file, that has no such cut.
var ErrNoCut = errors.New("its file system cannot cut the head off a file")

// BlockSize returns what the length of a cut must be a multiple of.
func BlockSize(f *os.File) (int64, error) {
	var st unix.Statfs_t
	err := uninterrupted(func() error { return unix.Fstatfs(int(f.Fd()), &st) })
	return st.Bsize, Op{Call: "statfs", Path: f.Name()}.fail(err)
}

// DataStart returns where the data of f begin: behind the hole that Punch
// leaves, and at the end of a file without any.
func DataStart(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	at, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return info.Size(), nil
	}
	return at, Op{Call: "lseek", Path: f.Name()}.fail(err)
}

// Collapse removes the first n bytes of f, so that the rest begins the file:
// FALLOC_FL_COLLAPSE_RANGE of fallocate(2). n is a multiple of BlockSize, and
// f is longer. It fails with ErrNoCut where that does not exist: ext4 and XFS
// have it.
func (s *FS) Collapse(f *os.File, n int64) error {
	return s.fallocate(f, unix.FALLOC_FL_COLLAPSE_RANGE, n)
}

// Punch frees the first n bytes of f and leaves a hole, so that the rest stays
// where it is: FALLOC_FL_PUNCH_HOLE of fallocate(2). It is what a writer needs
// that does not append. It fails with ErrNoCut where that does not exist.
func (s *FS) Punch(f *os.File, n int64) error {
	return s.fallocate(f, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, n)
}

func (s *FS) fallocate(f *os.File, mode uint32, n int64) error {
	return s.call(Op{Call: "fallocate", Path: f.Name()}, func() error {
		switch err := unix.Fallocate(int(f.Fd()), mode, 0, n); err {
		case unix.EOPNOTSUPP, unix.EINVAL, unix.EPERM, unix.ENOSYS: // EINVAL: larger clusters; EPERM: chattr +a
			return ErrNoCut
		default:
			return err
		}
	})
}

// Blank overwrites f from start to end with an empty line: spaces, then a
// newline.
func (s *FS) Blank(f *os.File, start, end int64) error {
	if start >= end {
		return nil
	}
	line := bytes.Repeat([]byte{' '}, int(end-start))
	line[len(line)-1] = '\n'
	return s.once(Op{Call: "write", Path: f.Name()}, func() error {
		_, err := f.WriteAt(line, start)
		return err
	})
}
