package signaler

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Claim makes f the one open file description of its inode, or reports that
// others have it open too, to read or to write. Until release, whoever opens
// the file waits, at most as long as /proc/sys/fs/lease-break-time says (45
// seconds, if nobody changed it): a write lease, as fcntl(2) describes it for
// F_SETLEASE. So between the two nothing is written but through f.
//
// The error says why that cannot be told, as that of [Probe].
func Claim(f *os.File) (release func(), ok bool, err error) {
	err = control(f, func(fd int) (err error) {
		ok, err = lease(fd, unix.F_WRLCK)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("claim %q: %w", f.Name(), err)
	}
	if !ok {
		return nil, false, nil
	}
	return func() { _ = control(f, unlease) }, true, nil // it ends with f at the latest
}
