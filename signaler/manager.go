package signaler

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// manager is a service manager: the system's, or that of the user by.
type manager struct {
	by      controller
	sockets []socket // the first that answers is asked
}

// socket is where a manager can be asked.
type socket struct {
	path    string
	private bool // the manager's own, not that of a message bus
}

// managerWait bounds a talk with a service manager.
const managerWait = 5 * time.Second

// conversation is a talk with a service manager about one unit.
type conversation struct {
	unit Unit
	bus  *bus
}

func (c *conversation) close() { _ = c.bus.Close() } // nothing was written that matters

// dial opens a conversation about u. The manager's own socket is tried before
// the bus: it needs no other daemon, but only the manager's user and root may
// use it.
func (m *manager) dial(u Unit) (*conversation, error) {
	var errs []error
	gone := true
	for _, s := range m.sockets {
		b, err := s.connect(m.by.uid)
		if err == nil {
			return &conversation{u, b}, nil
		}
		gone = gone && absent(err)
		errs = append(errs, fmt.Errorf("connect to %q: %w", s.path, err))
	}
	err := errors.Join(errs...)
	switch {
	case gone && u.User != "":
		return nil, u.fail(Inactive, 0, err, "cannot run: the user has no service manager at this time", "have it run without a login: loginctl enable-linger "+u.User)
	case errors.Is(err, unix.EACCES):
		return nil, u.fail(Denied, 0, err, fmt.Sprintf("may not be asked for by %s", userName(os.Geteuid())), "run as root or as the user of the service")
	}
	return nil, u.fail(Failed, 0, err, "cannot be asked for: "+errs[len(errs)-1].Error(), "systemd or its message bus does not answer: see systemctl status")
}

// connect opens a socket that belongs to uid or root, without following links
// on the way: a user may put something else in its place.
func (s socket) connect(uid int) (*bus, error) {
	fd, err := unix.Openat2(unix.AT_FDCWD, s.path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd) // O_PATH: nothing to lose
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || st.Uid != 0 && int(st.Uid) != uid {
		return nil, errForeign
	}
	end := time.Now().Add(managerWait)
	c, err := (&net.Dialer{Deadline: end}).Dial("unix", selfFD(fd))
	if err != nil {
		return nil, err
	}
	b, err := s.greet(c.(*net.UnixConn), end, uid)
	if err != nil {
		_ = c.Close() // nothing was said
		return nil, err
	}
	return b, nil
}

var errForeign = errors.New("it is not the service manager's")

// greet makes sure of whom it talks to and says who asks.
func (s socket) greet(c *net.UnixConn, end time.Time, uid int) (*bus, error) {
	if s.private {
		peer, err := peerOf(c)
		if err != nil {
			return nil, err
		}
		if peer != uid && peer != 0 {
			return nil, errForeign
		}
	}
	b, err := newBus(c, end)
	if err != nil || s.private {
		return b, err // there is no bus to be greeted
	}
	_, err = b.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")
	return b, err
}

// peerOf is the user who listens.
func peerOf(c *net.UnixConn) (uid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	if fail := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); fail != nil || err != nil {
		return 0, errors.Join(fail, err)
	}
	return int(cred.Uid), nil
}

// unitState is what systemd says of a unit: org.freedesktop.systemd1(5).
type unitState struct {
	load, active string
	main         uint32
	group        string
}

// ask asks for the state of the unit. systemd loads it for that, if need be, so
// that a unit which does not run and one that does not exist differ.
func (c *conversation) ask() (s unitState, err error) {
	for property, to := range map[string]any{
		"Unit.LoadState": &s.load, "Unit.ActiveState": &s.active, "Service.MainPID": &s.main, "Service.ControlGroup": &s.group,
	} {
		if err := c.get(property, to); err != nil {
			return s, c.unit.fail(Failed, 0, err, "cannot be asked for: "+err.Error(), "systemd does not answer as it should: see systemctl status "+c.unit.Name)
		}
	}
	return s, nil
}

func (c *conversation) get(property string, to any) error {
	kind, name, _ := strings.Cut(property, ".")
	answer, err := c.bus.call("org.freedesktop.systemd1", "/org/freedesktop/systemd1/unit/"+busEscape(c.unit.Name),
		"org.freedesktop.DBus.Properties", "Get", "org.freedesktop.systemd1."+kind, name)
	if err != nil {
		return err
	}
	return answer.variant(to)
}

// busEscape makes a name part of an object path, as systemd does.
func busEscape(name string) string {
	if name == "" {
		return "_"
	}
	var b []byte
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9' {
			b = append(b, c)
		} else {
			b = fmt.Appendf(b, "_%02x", c)
		}
	}
	return string(b)
}
