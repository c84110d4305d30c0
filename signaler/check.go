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
	Exe    string // absolute path of the program; of a script, that is its interpreter
	User   string // name or id, both of the real and of the effective user
	Unit   string // the systemd unit that it belongs to
	Cgroup string // its control group or one above, such as "/system.slice"
}

// Check says why sig should not be sent, with an [*Error], or nil. The process
// must be alive, match m, still pass what Find demands, and survive: it
// catches, ignores or (in every thread) blocks sig or waits for it, or sig is one of those that
// do nothing by default. What a handler does cannot be seen; of well-known
// programs it is known, see [Process.Doubt].
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
	now, survives, err := p.read(sig)
	if err := p.send(0); err != nil {
		return err
	}
	if err != nil {
		return p.fail(Unsupported, err, fmt.Sprintf("process %d cannot be seen in /proc: %v", p.pid, err),
			"run as root, with the /proc of this pid namespace, mounted without hidepid")
	}
	p.sight = now
	switch {
	case p.zombie():
		return p.fail(Zombie, nil, p.who()+" has ended and waits for its parent", "restart the service")
	case p.kernel():
		return p.fail(KernelThread, nil, p.who()+" is a kernel thread",
			"the file is stale, or was written inside a container; restart the service or correct the path")
	case p.unit != (Unit{}) && !within(p.cgroup, p.group):
		return p.fail(Mismatch, nil, fmt.Sprintf("%s is in the control group %q, not in %q of the unit", p.who(), p.cgroup, p.group),
			"systemd runs in another namespace, or follows a process that is not of the unit: write its pidfile")
	case p.by.uid != 0 && !p.wholly(p.by.uid):
		return p.fail(Authority, nil,
			fmt.Sprintf("%s controls it through %q, and %s is not wholly theirs", userName(p.by.uid), p.by.place, p.who()), p.remedy())
	case sig != nil && !survives:
		return p.fail(NoHandler, nil, fmt.Sprintf("%s has no handler for %s, which would %s it", p.who(), signalName(*sig), effect(*sig)), p.better())
	case sig != nil && p.harm(*sig).sure:
		return p.fail(Harmful, nil, fmt.Sprintf("%s takes %s for something else: it %s", p.who(), signalName(*sig), p.harm(*sig).does), p.better())
	}
	return p.matches()
}

// remedy is what to do about a pidfile that is not root's, while its process
// is. The service manager's word is as good as root's.
func (p *Process) remedy() string {
	if u := p.Unit(); p.path != "" && strings.HasSuffix(u, ".service") && !strings.HasPrefix(u, "user@") {
		return fmt.Sprintf("write unit = %q instead of the pidfile", u)
	}
	return "give the pidfile and its directories to root, or run the service as that user"
}

// read collects what look judges.
func (p *Process) read(sig *syscall.Signal) (now sight, survives bool, err error) {
	if err := p.inProc(); err != nil {
		return now, false, err
	}
	dir, err := openProc(p.pid)
	if err != nil {
		return now, false, err
	}
	defer dir.close()
	now.exe, now.cgroup = dir.exe(), dir.cgroup()
	if now.facts, err = dir.facts(); err != nil || sig == nil {
		return now, false, err
	}
	switch {
	case *sig < 1 || *sig > 64:
	case now.handles(*sig):
		survives = true
	case *sig == unix.SIGCHLD, *sig == unix.SIGCONT, *sig == unix.SIGURG, *sig == unix.SIGWINCH:
		survives = true // signal(7): ignored by default
	default:
		survives = dir.heldBack(*sig)
	}
	return now, survives, nil
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
	if m.User != "" {
		uid, err := lookupUser(m.User)
		if err != nil {
			return p.fail(Mismatch, err, err.Error(), "name a user of this system, or an id")
		}
		if p.uids[0] != uid || p.uids[1] != uid {
			return p.fail(Mismatch, nil, fmt.Sprintf("%s runs as %s, not as %s", p.who(), p.User(), m.User),
				"the file is stale, or user does not say who runs the service")
		}
	}
	if m.Unit != "" && p.Unit() != m.Unit {
		return p.fail(Mismatch, nil, fmt.Sprintf("%s belongs to %s, not to %q", p.who(), belongs(p.Unit()), m.Unit),
			"the file is stale, or unit does not say which service writes it")
	}
	if m.Cgroup != "" && !within(p.cgroup, m.Cgroup) {
		return p.fail(Mismatch, nil, fmt.Sprintf("%s is in the control group %q, not in %q", p.who(), p.cgroup, m.Cgroup),
			"the file is stale, or cgroup does not say where the service runs")
	}
	return nil
}

func belongs(unit string) string {
	if unit == "" {
		return "no unit"
	}
	return strconv.Quote(unit)
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
