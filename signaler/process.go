// Package signaler finds the process that a pidfile or a unit of systemd names,
// signals it, and proves that every process has let go of a file.
//
// Signalling is careful where kill $(cat pidfile) is not. The path of the
// pidfile is walked without trusting it; its number is parsed strictly; the
// process is opened as a handle (a pidfd) before it is looked at, and is
// signalled through that handle, so that the number may be given to another
// process at any moment without harm. A signal that would kill the process is
// not sent. And whoever controls the pidfile gains nothing: if that is a user
// other than root, the process must be wholly that user's.
//
// Proof of release is the kernel's own count of writers ([Probe]): it sees
// inherited descriptors, memory maps and other namespaces, and costs
// microseconds however many processes there are. [Holders] names the writers.
//
// Linux 5.3 or newer.
package signaler

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is the process that a pidfile or a unit named: a handle, and what was
// known about it at the last look. It is not for concurrent use.
type Process struct {
	path    string // of the pidfile; "": it is the main process of unit
	unit    Unit
	group   string // the control group of unit
	pid     int
	by      controller
	written time.Time // the pidfile
	handle  *os.File  // pidfd
	match   Match
	sight
}

// sight is what a look at a process finds.
type sight struct {
	facts
	exe    string // "" if it may not be read
	cgroup string // likewise
}

// Key identifies a process among all since boot: the same process named by two
// pidfiles has one Key.
type Key struct {
	PID   int
	Start uint64 // clock ticks since boot
}

// Find opens the process that a pidfile, given by its absolute path, names. It
// refuses, with an [*Error], a pidfile that others can influence, one that is
// not exactly a process id, and a process that is not to be signalled: init, a
// kernel thread, a zombie, the caller itself, or one that is not wholly of the
// user who controls the pidfile. An empty pidfile is given up to 0.3 s to fill.
//
// The caller closes the Process.
func Find(path string) (*Process, error) { return find(path, settle) }

func find(path string, settle func(*os.File)) (*Process, error) {
	said, err := readPidfile(path, settle)
	if err != nil {
		return nil, err
	}
	p := &Process{path: path, pid: said.pid, by: said.by, written: said.written}
	return p.unless(p.open())
}

// open opens the process as a handle, then looks at it.
func (p *Process) open() error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return p.unopened(err)
	}
	p.handle = os.NewFile(uintptr(fd), "pidfd")
	if err := p.look(nil); err != nil {
		_ = p.handle.Close() // a pidfd has nothing to lose
		return err
	}
	return nil
}

// unless returns p, or what is wrong with it.
func (p *Process) unless(err error) (*Process, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.pid }

// Name is the command name, at most 15 bytes, made printable.
func (p *Process) Name() string { return p.name }

// Exe is the path of the program, or "" if it may not be read.
func (p *Process) Exe() string { return p.exe }

// User is the name of the real user, or the id of one without a name.
func (p *Process) User() string { return userName(p.UID()) }

// UID is the real user id.
func (p *Process) UID() int { return p.uids[0] }

// Start is when the process started, in clock ticks (1/100 s) since boot.
func (p *Process) Start() uint64 { return p.start }

// Pidfile is the path that was given to Find, or "".
func (p *Process) Pidfile() string { return p.path }

// Unit is the systemd unit that the process belongs to, from its control group,
// or "".
func (p *Process) Unit() string { return unit(p.cgroup) }

// Key identifies the process.
func (p *Process) Key() Key { return Key{p.pid, p.start} }

// Late is how long after the pidfile was last written the process started. A
// process that is seconds late did not write it: the pidfile is stale, and its
// number another's. It is a hint, not proof: a clock that was set meanwhile,
// as on boards without one of their own, shifts it. The main process of a unit
// is never late.
func (p *Process) Late() time.Duration {
	if p.path == "" {
		return 0
	}
	started := p.Started()
	if started.IsZero() {
		return 0 // no hint
	}
	return started.Sub(p.written)
}

// Started is when the process started, by the clock as it is set now. Zero: it
// cannot be told.
func (p *Process) Started() time.Time {
	const tick = time.Second / 100 // USER_HZ is 100 wherever Go runs
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Time{}
	}
	age := time.Duration(now.Nano()) - time.Duration(p.start)*tick
	return time.Now().Add(-age).Round(0)
}

// Alive reports whether the process still runs. A zombie does not.
func (p *Process) Alive() bool {
	err := control(p.handle, func(fd int) error {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		for err == unix.EINTR {
			n, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		}
		if n > 0 {
			return unix.ESRCH // pidfd_open(2): readable once the process has ended
		}
		return err
	})
	return err == nil
}

// Close lets go of the handle.
func (p *Process) Close() error { return p.handle.Close() }

// send is the only place that signals.
func (p *Process) send(sig syscall.Signal) error {
	err := control(p.handle, func(fd int) error {
		return unix.PidfdSendSignal(fd, sig, nil, 0)
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ESRCH):
		return p.stale(err)
	case errors.Is(err, unix.EPERM):
		return p.fail(Denied, err, fmt.Sprintf("process %d may not be signalled by %s", p.pid, userName(os.Geteuid())),
			"run as root or as the user of the service")
	case errors.Is(err, unix.ENOSYS):
		return p.noPidfd(err)
	}
	return p.fail(Failed, err, fmt.Sprintf("signal process %d: %v", p.pid, err), "")
}

// unopened explains why there is no handle.
func (p *Process) unopened(err error) error {
	switch {
	case errors.Is(err, unix.ESRCH):
		return p.stale(err)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL):
		// No process has the number. A thread may, or a process group
		// or session whose leader has ended.
		if of := p.threadOf(); of != 0 {
			return p.fail(Thread, err, fmt.Sprintf("names thread %d of process %d", p.pid, of),
				"the service must write the id of its process")
		}
		return p.stale(err)
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM), errors.Is(err, unix.ENODEV):
		return p.noPidfd(err)
	}
	return p.fail(Failed, err, fmt.Sprintf("open process %d: %v", p.pid, err), "")
}

// threadOf is the process of the thread that p.pid is, or 0.
func (p *Process) threadOf() int {
	dir, err := openProc(p.pid)
	if err != nil {
		return 0 // no thread either
	}
	defer dir.close()
	f, err := dir.facts()
	if err != nil || f.tgid == p.pid {
		return 0 // ended, or only now a process
	}
	return f.tgid
}

const staleHint = "the service ended without removing the file; restart it, or remove the file"

func (p *Process) stale(err error) error {
	hint := staleHint
	if p.path == "" {
		hint = "the service ended just now, or systemd runs in another pid namespace"
	}
	return p.fail(Stale, err, fmt.Sprintf("names process %d, which does not exist", p.pid), hint)
}

func (p *Process) noPidfd(err error) error {
	return p.fail(Unsupported, err, fmt.Sprintf("process %d cannot be opened as a handle: %v", p.pid, err),
		"Linux 5.3 or newer is needed, and a container must allow pidfd_open and pidfd_send_signal")
}

func (p *Process) who() string { return fmt.Sprintf("process %d (%s)", p.pid, p.name) }

func (p *Process) fail(kind Kind, err error, text, hint string) error {
	return &Error{Pidfile: p.path, Unit: p.unit, PID: p.pid, Kind: kind, Text: text, Hint: hint, Err: err}
}
