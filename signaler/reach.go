package signaler

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Workers opens the processes that a well-known service has open its logs beside
// its master, one of each user that the master is not. The caller closes them.
func (p *Process) Workers() (workers []*Process) {
	s := p.service()
	if s == nil || !s.workers {
		return nil
	}
	pids, err := processes()
	if err != nil {
		return nil // nobody is seen
	}
	users := map[int]bool{p.uids[3]: true}
	for _, pid := range pids {
		if !isChild(pid, p.pid) {
			continue
		}
		w := &Process{path: p.path, unit: p.unit, group: p.group, pid: pid}
		if w.open() != nil {
			continue // it has ended
		}
		if w.ppid == p.pid && w.service() == s && !users[w.uids[3]] {
			users[w.uids[3]] = true
			workers = append(workers, w)
			continue
		}
		_ = w.Close() // a pidfd has nothing to lose
	}
	return workers
}

func isChild(pid, parent int) bool {
	dir, err := openProc(pid)
	if err != nil {
		return false // it has ended
	}
	defer dir.close()
	f, err := dir.facts()
	return err == nil && f.ppid == parent
}

// Reaches reports whether the process may enter a directory, and make files in
// it if write is set: what the kernel says to its user, with its groups. It
// reports true of a process with CAP_DAC_OVERRIDE. The error says why it
// cannot be told: the process has other mounts, or the caller is not root.
func (p *Process) Reaches(dir string, write bool) (ok bool, err error) {
	d, err := openProc(p.pid)
	if err != nil {
		return false, err
	}
	defer d.close()
	now, err := d.facts()
	if err != nil {
		return false, err
	}
	mounts := d.readlink("ns/mnt")
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return false, err
	}
	if err := p.send(0); err != nil {
		return false, err // the facts may be another's
	}
	switch {
	case mounts != own || d.readlink("root") != "/":
		return false, errMounts
	case now.effective>>unix.CAP_DAC_OVERRIDE&1 == 1:
		return true, nil
	}
	mode := uint32(unix.X_OK)
	if write {
		mode |= unix.W_OK
	}
	switch err := now.try(dir, mode); {
	case err == nil:
		return true, nil
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EROFS):
		return false, nil
	default:
		return false, err
	}
}

var (
	errMounts  = errors.New("the process has other mounts")
	errNotRoot = errors.New("only root can ask for others")
)

// Root reports whether the process opens files as root.
func (p *Process) Root() bool { return p.uids[3] == 0 }

// try is access(2) as the user that f tells of. Linux keeps for each thread whom
// that is asked of.
func (f *facts) try(path string, mode uint32) error {
	return apart(func() error { return f.tryHere(path, mode) })
}

// apart calls f on a thread that ends with it, and with what f made of it. The
// main thread never ends: it is what /proc says of the whole process.
func apart(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			result <- apart(f)
			runtime.UnlockOSThread()
			return
		}
		result <- f()
	}()
	return <-result
}

func (f *facts) tryHere(path string, mode uint32) error {
	groups := make([]uint32, len(f.groups)+1) // never empty, so that it has an address
	for i, gid := range f.groups {
		groups[i] = uint32(gid)
	}
	// The calls of this name in x/sys and syscall change all threads.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(f.groups)), uintptr(unsafe.Pointer(&groups[0])), 0); errno != 0 {
		return errNotRoot
	}
	for _, set := range []struct{ call, id uintptr }{{unix.SYS_SETFSGID, uintptr(f.gid)}, {unix.SYS_SETFSUID, uintptr(f.uids[3])}} {
		_, _, _ = unix.RawSyscall(set.call, set.id, 0, 0)                                             // says nothing of success
		if now, _, _ := unix.RawSyscall(set.call, ^uintptr(0), 0, 0); uint32(now) != uint32(set.id) { // setfsuid(2)
			return errNotRoot
		}
	}
	return unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
}
