package signaler

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Match is what a process must be. Empty fields match any.
type Match struct {
	Exe  string // absolute path of the program; of a script, that is its interpreter
	User string // name or id, both of the real and of the effective user
}

// Check says why sig should not be sent, with an [*Error], or nil. The process
// must be alive, match m, still pass what Find demands, and survive: it
// catches, ignores or (in every thread) blocks sig, or sig is one of those that
// do nothing by default. What a handler does cannot be seen. A Go program
// catches SIGHUP and yet dies of it, unless it asked for it; Node.js catches
// SIGUSR1, and opens its debugger.
func (p *Process) Check(sig syscall.Signal, m Match) error {
	p.match = m
	return p.look(&sig)
}

// Signal does what the last Check did, once more, and sends sig through the
// handle. The process that Find opened gets it, or none.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := p.look(&sig); err != nil {
		return err
	}
	return p.send(sig)
}

// look reads the facts anew and judges them; sig, if given, too. The signal 0
// after the facts proves that they were this process's: had it ended before
// they were read, it could not have been signalled after.
func (p *Process) look(sig *syscall.Signal) error {
	now, exe, survives, err := p.read(sig)
	if err := p.send(0); err != nil {
		return err
	}
	if err != nil {
		return p.fail(Unsupported, err, fmt.Sprintf("process %d cannot be seen in /proc: %v", p.pid, err),
			"run as root, with the /proc of this pid namespace, mounted without hidepid")
	}
	p.facts, p.exe = now, exe
	switch {
	case p.zombie():
		return p.fail(Zombie, nil, p.who()+" has ended and waits for its parent", "restart the service")
	case p.kernel():
		return p.fail(KernelThread, nil, p.who()+" is a kernel thread",
			"the file is stale, or was written inside a container; restart the service or correct the path")
	case p.by.uid != 0 && !p.wholly(p.by.uid):
		return p.fail(Authority, nil,
			fmt.Sprintf("%s controls it through %q, and %s is not wholly theirs", userName(p.by.uid), p.by.place, p.who()),
			"give the pidfile and its directories to root, or run the service as that user")
	case sig != nil && !survives:
		return p.fail(NoHandler, nil, fmt.Sprintf("%s has no handler for %s, which would %s it", p.who(), signalName(*sig), effect(*sig)),
			"name the signal on which the service reopens its logs, and the pidfile of its master")
	}
	return p.matches()
}

// read collects what look judges.
func (p *Process) read(sig *syscall.Signal) (now facts, exe string, survives bool, err error) {
	if err := p.inProc(); err != nil {
		return now, "", false, err
	}
	dir, err := openProc(p.pid)
	if err != nil {
		return now, "", false, err
	}
	defer dir.close()
	if now, err = dir.facts(); err != nil || sig == nil {
		return now, dir.exe(), false, err
	}
	switch {
	case *sig < 1 || *sig > 64:
	case now.handles(*sig):
		survives = true
	case *sig == unix.SIGCHLD, *sig == unix.SIGCONT, *sig == unix.SIGURG, *sig == unix.SIGWINCH:
		survives = true // signal(7): ignored by default
	case now.blocks(*sig):
		survives = dir.blockedByAll(*sig)
	}
	return now, dir.exe(), survives, nil
}

var errNamespace = errors.New("it belongs to another pid namespace")

// inProc makes sure that /proc means the same process by the number as the
// handle does, by proc_pid_fdinfo(5) of a pidfd.
func (p *Process) inProc() error {
	var info []byte
	err := control(p.handle, func(fd int) (err error) {
		info, err = os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
		return err
	})
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(info)) {
		key, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); {
		case key != "Pid":
		case value == strconv.Itoa(p.pid):
			return nil
		case value == "-1":
			return unix.ESRCH
		default:
			return errNamespace
		}
	}
	return errProc
}

// matches holds the process against what the last Check asked for.
func (p *Process) matches() error {
	m := p.match
	if m.Exe != "" && p.exe == "" {
		return p.fail(Mismatch, nil, fmt.Sprintf("the program of %s may not be read", p.who()), "run as root or as the user of the service")
	}
	if m.Exe != "" && p.exe != m.Exe {
		target, err := filepath.EvalSymlinks(m.Exe)
		if err != nil || p.exe != target {
			return p.fail(Mismatch, nil, fmt.Sprintf("%s runs %q, not %q", p.who(), p.exe, m.Exe),
				"the file is stale, or exe does not say which program writes it")
		}
	}
	if m.User == "" {
		return nil
	}
	uid, err := lookupUser(m.User)
	if err != nil {
		return p.fail(Mismatch, err, err.Error(), "name a user of this system, or an id")
	}
	if p.uids[0] != uid || p.uids[1] != uid {
		return p.fail(Mismatch, nil, fmt.Sprintf("%s runs as %s, not as %s", p.who(), p.User(), m.User),
			"the file is stale, or user does not say who runs the service")
	}
	return nil
}

func lookupUser(name string) (int, error) {
	if uid, err := strconv.Atoi(name); err == nil {
		return uid, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Uid)
}

// effect is what a signal that may not be sent does by default: signal(7).
func effect(sig syscall.Signal) string {
	switch sig {
	case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return "stop"
	}
	return "kill"
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
