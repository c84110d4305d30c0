package fsys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	aclName   = "system.posix_acl_access"
	labelName = "security.selinux"
)

// Attr is what a file should look like.
type Attr struct {
	Mode       uint32    // permission bits
	UID, GID   int       // -1: whatever a new file gets
	ACL        []byte    // value of system.posix_acl_access; nil: none
	Label      []byte    // value of security.selinux; nil: whatever a new file gets
	ModTime    time.Time // zero: leave
	AccessTime time.Time // zero: leave
}

// AttrOf returns what f looks like.
func AttrOf(f *os.File) (Attr, error) {
	fail := func(err error) (Attr, error) {
		return Attr{}, &Error{Op{Call: "stat", Path: f.Name()}, err}
	}
	st, err := fstat(int(f.Fd()))
	if err != nil {
		return fail(err)
	}
	acl, err := getxattr(f, aclName)
	if err != nil {
		return fail(err)
	}
	label, err := getxattr(f, labelName)
	if err != nil {
		return fail(err)
	}
	info := infoOf(&st)
	return Attr{
		Mode:       st.Mode & 0o777,
		UID:        int(st.Uid),
		GID:        int(st.Gid),
		ACL:        acl,
		Label:      label,
		ModTime:    info.ModTime,
		AccessTime: info.AccessTime,
	}, nil
}

// getxattr returns nil for an attribute that the file or its file system does
// not have.
func getxattr(f *os.File, name string) ([]byte, error) {
	var few [512]byte
	buf := few[:]
	for {
		n, err := unix.Fgetxattr(int(f.Fd()), name, buf)
		switch err {
		case nil:
			return slices.Clone(buf[:n]), nil
		case unix.ENODATA, unix.EOPNOTSUPP:
			return nil, nil
		case unix.ERANGE:
			buf = make([]byte, 64<<10) // XATTR_SIZE_MAX
		case unix.EINTR:
		default:
			return nil, err
		}
	}
}

// apply makes a new file, which grants nothing yet, look like a. What it grants
// comes after who it belongs to, and is never more than a grants.
func (s *FS) apply(f *os.File, a Attr) error {
	mode, err := s.chown(f, a)
	if err != nil {
		return err
	}
	if mode, err = s.setACL(f, a.ACL, mode); err != nil {
		return err
	}
	if err := s.setLabel(f, a.Label); err != nil {
		return err
	}
	if err := s.chmod(f, mode); err != nil {
		return err
	}
	return s.setTimes(f, a.ModTime, a.AccessTime)
}

// chown gives f to a's owner and group, and returns the mode that is then due.
// A group that the caller may not give is done without: a's mode, less what
// belonging to another group would grant to anyone. So is an owner, where s
// acts as somebody who is not root.
func (s *FS) chown(f *os.File, a Attr) (mode uint32, err error) {
	op := Op{Call: "chown", Path: f.Name()}
	st, err := fstat(int(f.Fd()))
	if err != nil {
		return 0, &Error{op, err}
	}
	owner := a.UID < 0 || uint32(a.UID) == st.Uid
	group := a.GID < 0 || uint32(a.GID) == st.Gid
	if owner && group {
		return a.Mode, nil
	}
	err = s.call(op, func() error { return unix.Fchown(int(f.Fd()), a.UID, a.GID) })
	switch {
	case err == nil:
		return a.Mode, nil
	case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EINVAL): // EINVAL: unknown in this user namespace
		return 0, err
	case !owner && s.actor != nil:
		a.UID = -1
		return s.chown(f, a)
	case !owner:
		return 0, &Error{op, fmt.Errorf("%w, uid %d", ErrOwner, a.UID)}
	}
	return groupless(a.Mode), nil
}

// groupless returns mode for a file whose group is not the one meant. Members
// of the group meant count as others now, and must not gain by it.
func groupless(mode uint32) uint32 { return mode & (0o7700 | mode>>3&0o007) }

// setACL sets or removes the ACL of f, a new file in a folder that may have a
// default ACL. It returns the mode that is then due.
func (s *FS) setACL(f *os.File, acl []byte, mode uint32) (uint32, error) {
	if acl == nil {
		inherited, err := getxattr(f, aclName)
		if err != nil {
			return 0, &Error{Op{Call: "stat", Path: f.Name()}, err}
		}
		if inherited == nil {
			return mode, nil
		}
		return mode, s.call(Op{Call: "removexattr", Path: f.Name()}, func() error {
			return unix.Fremovexattr(int(f.Fd()), aclName)
		})
	}
	err := s.call(Op{Call: "setxattr", Path: f.Name()}, func() error {
		return unix.Fsetxattr(int(f.Fd()), aclName, limitACL(acl, mode), 0)
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		return groupless(mode), nil // the group's bits were the mask of the ACL
	}
	return mode, err
}

// limitACL returns acl with the permissions that chmod(mode) would leave in it,
// so that it never grants more, not even before that chmod: acl(5).
func limitACL(acl []byte, mode uint32) []byte {
	const (
		header, entry                = 4, 8 // struct posix_acl_xattr_header, _entry
		owner, group, mask, otherTag = 0x01, 0x04, 0x10, 0x20
	)
	acl = slices.Clone(acl)
	var masked []byte // what the group's bits of a mode stand for
	for e := range slices.Chunk(acl[min(header, len(acl)):], entry) {
		if len(e) < entry {
			break // the kernel will refuse it
		}
		perm := e[2:4]
		switch binary.LittleEndian.Uint16(e) {
		case owner:
			binary.LittleEndian.PutUint16(perm, uint16(mode>>6&7))
		case group, mask: // entries are sorted: a mask takes over
			masked = perm
		case otherTag:
			binary.LittleEndian.PutUint16(perm, uint16(mode&7))
		}
	}
	if masked != nil {
		binary.LittleEndian.PutUint16(masked, uint16(mode>>3&7))
	}
	return acl
}

func (s *FS) setLabel(f *os.File, label []byte) error {
	if label == nil {
		return nil
	}
	given, err := getxattr(f, labelName)
	if err == nil && slices.Equal(given, label) {
		return nil
	}
	err = s.call(Op{Call: "setxattr", Path: f.Name()}, func() error {
		return unix.Fsetxattr(int(f.Fd()), labelName, label, 0)
	})
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil // SELinux is off, or its policy insists on the label that new files get there
	}
	return err
}

func (s *FS) chmod(f *os.File, mode uint32) error {
	return s.call(Op{Call: "chmod", Path: f.Name()}, func() error {
		return unix.Fchmod(int(f.Fd()), mode)
	})
}

func (s *FS) setTimes(f *os.File, modified, accessed time.Time) error {
	if modified.IsZero() && accessed.IsZero() {
		return nil
	}
	op := Op{Call: "utimes", Path: f.Name()}
	times := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	for i, t := range []time.Time{accessed, modified} {
		if t.IsZero() {
			continue
		}
		ts, err := unix.TimeToTimespec(t)
		if err != nil {
			return &Error{op, err}
		}
		times[i] = ts
	}
	return s.call(op, func() error {
		// futimens(3), which the unix package has only by name.
		_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}
