package signaler

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// lease asks for a lease on the file behind fd: F_RDLCK, which is granted
// without writers, or F_WRLCK, which is granted without anybody else (fcntl(2),
// F_SETLEASE). The error says why the answer would prove nothing; there is no
// lease then.
func lease(fd, kind int) (granted bool, err error) {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return false, err
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, kind)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return false, err
	}
	granted = err == nil
	if believed(uint32(fs.Type), granted) {
		return granted, nil
	}
	if granted {
		err = unlease(fd)
	}
	return false, errors.Join(errShared, err)
}

func unlease(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
	return err
}

// believed reports whether the answer of a file system means what it says.
//
// A lease that is granted is proof only where this kernel sees every writer:
// before Linux 7.0 leases are also to be had on FUSE and 9P, from a kernel that
// knows nothing of what is written behind them (seen with bindfs on 6.18). One
// that is refused is proof but on NFS and SMB, where it may merely say that the
// server has not delegated the file.
func believed(fs uint32, granted bool) bool {
	return slices.Contains(local, fs) || !granted && !slices.Contains(delegating, fs)
}

// local are the file systems that this kernel alone writes to: statfs(2).
var local = []uint32{
	unix.BTRFS_SUPER_MAGIC, unix.EXFAT_SUPER_MAGIC, unix.EXT4_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.MSDOS_SUPER_MAGIC,
	unix.NILFS_SUPER_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, unix.RAMFS_MAGIC, unix.REISERFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.XFS_SUPER_MAGIC,
	0x24051905, // UBIFS
	0x2fc12fc1, // ZFS
	0x3153464a, // JFS
	0x7366746e, // NTFS3
	0xca451a4e, // bcachefs
}

// delegating are those whose leases are the server's.
var delegating = []uint32{unix.CIFS_SUPER_MAGIC, unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC}

var errShared = errors.New("its file system may have writers that this system does not see")
