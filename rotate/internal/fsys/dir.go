package fsys

import (
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ID identifies a file for as long as it exists.
type ID struct{ Dev, Ino uint64 }

// Info is what stat(2) says of a file.
type Info struct {
	ID
	Mode       uint32 // st_mode, type and permissions
	Links      uint64
	UID, GID   uint32
	Size       int64
	Allocated  int64 // bytes of the disk
	ModTime    time.Time
	AccessTime time.Time
	ChangeTime time.Time // st_ctime, which nobody can set
	Born       int64     // of Dir.Stat: when the file was made, in nanoseconds since 1970, which nobody can set; 0: that is not known
}

// Regular reports whether the file is a regular one.
func (i Info) Regular() bool { return i.Mode&unix.S_IFMT == unix.S_IFREG }

func infoOf(st *unix.Stat_t) Info {
	return Info{
		ID:         ID{uint64(st.Dev), st.Ino},
		Mode:       st.Mode,
		Links:      uint64(st.Nlink),
		UID:        st.Uid,
		GID:        st.Gid,
		Size:       st.Size,
		Allocated:  st.Blocks * 512,
		ModTime:    time.Unix(st.Mtim.Unix()),
		AccessTime: time.Unix(st.Atim.Unix()),
		ChangeTime: time.Unix(st.Ctim.Unix()),
	}
}

func infoOfX(st *unix.Statx_t) Info {
	moment := func(t unix.StatxTimestamp) time.Time { return time.Unix(t.Sec, int64(t.Nsec)) }
	i := Info{
		ID:         ID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino},
		Mode:       uint32(st.Mode),
		Links:      uint64(st.Nlink),
		UID:        st.Uid,
		GID:        st.Gid,
		Size:       int64(st.Size),
		Allocated:  int64(st.Blocks) * 512,
		ModTime:    moment(st.Mtime),
		AccessTime: moment(st.Atime),
		ChangeTime: moment(st.Ctime),
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		i.Born = moment(st.Btime).UnixNano()
	}
	return i
}

// Dir is a handle to a folder: the folder that was found when it was opened,
// wherever it is moved. Its methods take plain names and never follow a link.
// They are safe for concurrent use, until Close.
type Dir struct {
	fs    *FS
	fd    int
	path  string
	id    ID
	mount uint64

	uid, gid int
}

func (s *FS) newDir(fd int, path string) (*Dir, error) {
	st, err := fstat(fd)
	if err != nil {
		_ = unix.Close(fd) // opened to read
		return nil, &Error{Op{Call: "stat", Path: path}, err}
	}
	d := &Dir{fs: s, fd: fd, path: path, id: infoOf(&st).ID, uid: int(st.Uid), gid: int(st.Gid)}
	d.mount = d.id.Dev // before Linux 5.8
	var stx unix.Statx_t
	err = uninterrupted(func() error {
		return unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &stx)
	})
	if err == nil && stx.Mask&unix.STATX_MNT_ID != 0 {
		d.mount = stx.Mnt_id
	}
	return d, nil
}

// Path returns the path that the folder was opened by.
func (d *Dir) Path() string { return d.path }

// ID returns the identity of the folder.
func (d *Dir) ID() ID { return d.id }

// Mount identifies the folder's mount. A file can be renamed into folders of
// the same mount only. Before Linux 5.8 it is the device.
func (d *Dir) Mount() uint64 { return d.mount }

// Owner returns whose the folder was when it was opened.
func (d *Dir) Owner() (uid, gid int) { return d.uid, d.gid }

// Free returns how many bytes an unprivileged user can still write to the
// folder's file system.
func (d *Dir) Free() (int64, error) {
	var st unix.Statfs_t
	err := uninterrupted(func() error { return unix.Fstatfs(d.fd, &st) })
	if err != nil {
		return 0, &Error{Op{Call: "statfs", Path: d.path}, err}
	}
	unit := uint64(max(st.Frsize, 1))
	if st.Bavail > math.MaxInt64/unit {
		return math.MaxInt64, nil
	}
	return int64(st.Bavail * unit), nil
}

// Stat describes what name stands for, a link as itself.
func (d *Dir) Stat(name string) (Info, error) {
	info, err := d.stat(name)
	if err != nil {
		return Info{}, &Error{Op{Call: "stat", Path: d.join(name)}, err}
	}
	return info, nil
}

func (d *Dir) stat(name string) (Info, error) {
	if !plain(name) {
		return Info{}, errName
	}
	var st unix.Statx_t
	err := d.fs.sys(func() error {
		return unix.Statx(d.fd, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
	})
	if err != unix.ENOSYS {
		return infoOfX(&st), err
	}
	var old unix.Stat_t // before Linux 4.11, or in a sandbox
	err = d.fs.sys(func() error {
		return unix.Fstatat(d.fd, name, &old, unix.AT_SYMLINK_NOFOLLOW)
	})
	return infoOf(&old), err
}

// Open opens a regular file to read it. Anything else is ErrNotRegular and does
// not block.
func (d *Dir) Open(name string) (*os.File, Info, error) {
	return d.open(name, unix.O_RDONLY)
}

// OpenWrite opens a regular file that exists to read and write it, as Open does.
func (d *Dir) OpenWrite(name string) (*os.File, Info, error) {
	return d.open(name, unix.O_RDWR)
}

func (d *Dir) open(name string, flags int) (*os.File, Info, error) {
	op := Op{Call: "open", Path: d.join(name)}
	if !plain(name) {
		return nil, Info{}, &Error{op, errName}
	}
	fd, err := d.fs.openat(d.fd, name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	switch err {
	case nil:
	case unix.ELOOP, unix.ENXIO, unix.EISDIR: // a link; a socket or a pipe; a folder
		return nil, Info{}, &Error{op, ErrNotRegular}
	default:
		return nil, Info{}, &Error{op, err}
	}
	st, err := fstat(fd)
	if err != nil {
		_ = unix.Close(fd) // nothing was written
		return nil, Info{}, &Error{op, err}
	}
	info := infoOf(&st)
	if !info.Regular() {
		_ = unix.Close(fd) // nothing was written
		return nil, Info{}, &Error{op, ErrNotRegular}
	}
	return os.NewFile(uintptr(fd), op.Path), info, nil
}

// Sync makes the names in the folder durable.
func (d *Dir) Sync() error {
	return d.fs.call(Op{Call: "fsync", Path: d.path}, func() error {
		err := unix.Fsync(d.fd)
		if err == unix.EINVAL {
			return nil // this file system keeps names without being told: fsync(2)
		}
		return err
	})
}

// Close releases the handle.
func (d *Dir) Close() error {
	fd := d.fd
	d.fd = -1
	if err := unix.Close(fd); err != nil {
		return &Error{Op{Call: "close", Path: d.path}, err}
	}
	return nil
}

func (d *Dir) join(name string) string {
	return strings.TrimSuffix(d.path, "/") + "/" + name
}

// holds reports whether name stands for the file id.
func (d *Dir) holds(name string, id ID) bool {
	info, err := d.stat(name)
	return err == nil && info.ID == id
}

// plain reports whether name can only mean an entry of a folder itself.
func plain(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}
