package signaler

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Unit names a service of systemd.
type Unit struct {
	Name string // such as "nginx.service"
	User string // name or id of the user whose service manager has it; "": the system's
}

func (u Unit) String() string {
	if u.User == "" {
		return strconv.Quote(u.Name)
	}
	return fmt.Sprintf("%q of the user %s", u.Name, u.User)
}

// FindUnit opens the main process of a unit, as systemd names it, and no other
// of its processes. Like that of [Find], the process is opened before it is
// looked at; then systemd is asked again, and must name the same one, which must
// be in the unit's control group. What a user's own manager says is that user's
// word: the process must be wholly theirs.
//
// A unit that does not run gives an [*Error] for which [NotRunning] holds.
//
// The caller closes the Process.
func FindUnit(u Unit) (*Process, error) {
	if _, err := os.Stat("/run/systemd/system"); errors.Is(err, os.ErrNotExist) { // sd_booted(3)
		return nil, u.fail(Unsupported, 0, err, "cannot be asked for: systemd does not run here", "write the pidfile of the service, or a command")
	}
	m, err := managerOf(u)
	if err != nil {
		return nil, err
	}
	return m.find(u)
}

// find asks again as often as the unit is restarted meanwhile, within reason.
func (m *manager) find(u Unit) (*Process, error) {
	c, err := m.dial(u)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for range 3 {
		now, err := c.ask()
		if err != nil {
			return nil, err
		}
		if err := now.running(u); err != nil {
			return nil, err
		}
		p := &Process{unit: u, group: now.group, pid: int(now.main), by: m.by}
		err = p.open()
		then, again := c.ask()
		if again == nil && then.main == now.main {
			return p.unless(err)
		}
		if err == nil {
			_ = p.Close() // a pidfd has nothing to lose
		}
		if again != nil {
			return nil, again
		}
	}
	return nil, u.fail(Stale, 0, nil, "gets a new main process again and again", "see systemctl status "+u.Name)
}

// running says why a unit in a state has no process to be told.
func (s unitState) running(u Unit) error {
	switch {
	case s.load != "loaded" && s.main == 0:
		return u.fail(NoUnit, 0, nil, "is "+printable(s.load)+", says systemd", "correct its name: see systemctl list-units --type=service")
	case s.main == 0 && (s.active == "active" || s.active == "reloading"):
		return u.fail(NoMain, 0, nil, "is active without a main process that systemd knows",
			"write the pidfile of the service instead, or PIDFile= in the unit")
	case s.main == 0:
		return u.fail(Inactive, 0, nil, "is "+printable(s.active), "the service is not running")
	case s.main == 1:
		return u.fail(PID1, 1, nil, "has process 1 as its main process", "signal the service, not the init system")
	case int(s.main) == os.Getpid():
		return u.fail(Self, int(s.main), nil, "is the one that runs this program", "name the unit of the service that writes the log")
	}
	return nil
}

func (u Unit) fail(kind Kind, pid int, err error, text, hint string) error {
	return &Error{Unit: u, PID: pid, Kind: kind, Text: text, Hint: hint, Err: err}
}

// cgroupOf finds in the text of /proc/PID/cgroup the control group in the
// hierarchy that systemd keeps: its own, where there are several, or the only one.
func cgroupOf(text string) string {
	group := ""
	for line := range strings.Lines(text) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(part) == 3 && (part[1] == "name=systemd" || part[1] == "") && len(part[2]) > len(group) {
			group = part[2] // where it is not kept, it is "/"
		}
	}
	return group
}

// within reports whether a control group is another or beneath it.
func within(group, other string) bool {
	return group == other || other != "" && strings.HasPrefix(group, strings.TrimSuffix(other, "/")+"/")
}

// unit is the systemd unit that has a control group: the first component that
// is a service or a scope.
func unit(group string) string {
	for name := range strings.SplitSeq(group, "/") {
		if strings.HasSuffix(name, ".service") || strings.HasSuffix(name, ".scope") {
			return printable(strings.TrimPrefix(name, "_")) // systemd escapes with it
		}
	}
	return ""
}

// managerOf finds the service manager that has a unit.
func managerOf(u Unit) (*manager, error) {
	if u.User == "" {
		return &manager{sockets: []socket{{path: "/run/systemd/private", private: true}, {path: "/run/dbus/system_bus_socket"}}}, nil
	}
	uid, err := lookupUser(u.User)
	if err != nil {
		return nil, u.fail(Mismatch, 0, err, err.Error(), "name a user of this system, or an id")
	}
	private := path.Join("/run/user", strconv.Itoa(uid), "systemd/private")
	return &manager{by: controller{uid, private}, sockets: []socket{{path: private, private: true}}}, nil
}

// absent reports whether there is no socket, or nobody behind it.
func absent(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED)
}
