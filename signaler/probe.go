package signaler

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Status says whether a file still has writers.
type Status uint8

const (
	// Unknown: the system does not say.
	Unknown Status = iota
	// Held: at least one open file description can write to it.
	Held
	// Released: no writer is left anywhere on this system.
	Released
)

func (s Status) String() string { return [...]string{"unknown", "held", "released"}[s] }

// Probe reports whether anything still holds f's inode open for writing: a
// descriptor of any process, user or namespace, an inherited copy, a shared
// memory map, a descriptor in flight over a socket or registered with io_uring,
// a loop device, swap. It asks for a read lease, which the kernel grants only
// without writers (fcntl(2), F_SETLEASE), and gives it back at once.
//
// f must be open read-only. Probe only a rotated file, which nobody opens by
// its name: an open for writing at the very moment of the probe waits for it.
//
// Unknown comes with the reason. It is [ErrNoLease] if the file is another
// user's and the caller lacks CAP_LEASE (EACCES), or the file system has no
// leases (EINVAL, ENOLCK, EOPNOTSUPP), or none that prove anything: NFS, SMB,
// FUSE, 9P. Where there may be writers unseen, but one is seen, that is Held.
//
// An overlay deceives in two cases: it does not see a writer that opened the
// file in the upper directory, nor one that mapped it and then closed it. Holders
// finds the second.
func Probe(f *os.File) (Status, error) {
	status := Held
	err := control(f, func(fd int) error {
		granted, err := lease(fd, unix.F_RDLCK)
		if err != nil || !granted {
			return err
		}
		status = Released
		return unlease(fd)
	})
	if err != nil {
		err = fmt.Errorf("probe %q for writers: %w", f.Name(), err)
		if slices.ContainsFunc(noLeases, func(why error) bool { return errors.Is(err, why) }) {
			err = noLease{err}
		}
		return Unknown, err
	}
	return status, nil
}

// ErrNoLease says that the kernel grants the caller no lease on the file,
// whether it has writers or not, or one that proves nothing.
var ErrNoLease = errors.New("no lease can be had")

var noLeases = []error{unix.EACCES, unix.EINVAL, unix.ENOLCK, unix.EOPNOTSUPP, errShared}

// noLease is an ErrNoLease with its reason.
type noLease struct{ error }

func (e noLease) Unwrap() error { return e.error }

func (noLease) Is(target error) bool { return target == ErrNoLease }
