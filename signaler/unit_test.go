package signaler

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// booted is a service manager of a user, systemd itself, in a mount namespace
// of its own, where the system looks as if systemd had booted it.
type booted struct {
	*manager
	t    *testing.T
	uid  int
	dir  string // XDG_RUNTIME_DIR and its home
	said *bufio.Reader
}

const systemdPath = "/usr/lib/systemd/systemd"

// boot starts a manager with units, each with what its [Service] says. The unit
// main.service is started.
func boot(t *testing.T, uid int, units map[string]string) *booted {
	t.Helper()
	host.NeedsRoot(t)
	_, err := os.Stat(systemdPath)
	need(t, err == nil, "systemd")
	dir, err := os.MkdirTemp("/tmp", "u") // the path of a socket is short
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	self, err := os.Executable()
	must(t, err)
	must(t, os.MkdirAll(dir+"/.config/systemd/user", 0o755))
	for name, text := range units {
		write(t, dir+"/.config/systemd/user/"+name, "[Service]\nEnvironment=SIGNALER_ROLE=unit OUT="+dir+"/said\n"+strings.ReplaceAll(text, "SELF", dir+"/self")+"\n")
	}
	program, err := os.ReadFile(self)
	must(t, err)
	must(t, os.WriteFile(dir+"/self", program, 0o755)) // where every user can reach it
	must(t, unix.Mkfifo(dir+"/said", 0o600))
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		must(t, err)
		return os.Chown(path, uid, uid)
	}))
	said, err := os.OpenFile(dir+"/said", os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { _ = said.Close() })

	const script = `
		for hierarchy in systemd unified .; do
			test -e /sys/fs/cgroup/$hierarchy/cgroup.procs || continue
			mkdir /sys/fs/cgroup/$hierarchy/$GROUP
			echo $$ >/sys/fs/cgroup/$hierarchy/$GROUP/cgroup.procs
			chown -R $OWNER /sys/fs/cgroup/$hierarchy/$GROUP
		done
		mount -t tmpfs none /run && mkdir -p /run/systemd/system
		exec setpriv --reuid $OWNER --regid $OWNER --clear-groups ` + systemdPath + ` --user --unit=main.service --log-target=null`
	group := "rotate-test-" + filepath.Base(dir)
	cmd := exec.Command("sh", "-ec", script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GROUP=" + group, "OWNER=" + strconv.Itoa(uid), "XDG_RUNTIME_DIR=" + dir, "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	cmd.Dir, cmd.Stderr = "/", os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		_ = cmd.Wait()
		for _, hierarchy := range []string{"systemd", "unified", "."} {
			_ = exec.Command("find", "/sys/fs/cgroup/"+hierarchy+"/"+group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run()
		}
	})
	private := dir + "/systemd/private"
	m := &manager{by: controller{uid, private}, sockets: []socket{{path: private, private: true}}}
	return &booted{m, t, uid, dir, bufio.NewReader(said)}
}

// hears returns the next line that a unit says.
func (b *booted) hears() string {
	b.t.Helper()
	line, err := b.said.ReadString('\n')
	must(b.t, err)
	return strings.TrimSuffix(line, "\n")
}

func (b *booted) systemctl(args ...string) {
	b.t.Helper()
	id := strconv.Itoa(b.uid)
	cmd := exec.Command("setpriv", append([]string{"--reuid", id, "--regid", id, "--clear-groups", "systemctl", "--user"}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+b.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("systemctl %q: %v\n%s", args, err, out)
	}
}

// playUnit is the main process of a unit, with a child that dies of any signal.
// It writes what happens to the FIFO of the test.
func playUnit() {
	say, err := os.OpenFile(os.Getenv("OUT"), os.O_WRONLY, 0)
	check(err)
	got := make(chan os.Signal, 1)
	signal.Notify(got, unix.SIGUSR2)
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	check(err)
	check(cat.Start())
	if notify := os.Getenv("NOTIFY_SOCKET"); notify != "" {
		c, err := net.Dial("unixgram", notify)
		check(err)
		_, err = fmt.Fprintf(c, "READY=1\nMAINPID=%d", os.Getpid())
		check(err)
	}
	fmt.Fprintln(say, os.Getpid(), cat.Process.Pid)
	for sig := range got {
		child := "is gone"
		if unix.Kill(cat.Process.Pid, 0) == nil {
			child = "lives"
		}
		fmt.Fprintln(say, unix.SignalName(sig.(syscall.Signal)), child)
	}
	check(in.Close())
}

const mainUnit = "ExecStart=SELF"

func TestUnitMainProcessAlone(t *testing.T) {
	t.Parallel()
	b := boot(t, 0, map[string]string{"main.service": "Type=notify\n" + mainUnit})
	var main, child int
	_, err := fmt.Sscan(b.hears(), &main, &child)
	must(t, err)
	p, err := b.find(Unit{Name: "main.service"})
	must(t, err)
	defer p.Close()
	if p.PID() != main || p.Unit() != "main.service" || p.Pidfile() != "" || p.Late() != 0 {
		t.Errorf("found %d of %q, want %d of main.service, not %d", p.PID(), p.Unit(), main, child)
	}
	must(t, p.Check(unix.SIGUSR2, Match{Unit: "main.service", Cgroup: p.group}))
	must(t, p.Signal(unix.SIGUSR2))
	if got := b.hears(); got != "SIGUSR2 lives" {
		t.Errorf("the unit says %q", got)
	}
	refuses(t, p.Check(unix.SIGSTOP, Match{}), NoHandler)
	refuses(t, p.Check(unix.SIGUSR2, Match{Unit: "other.service"}), Mismatch)
	refuses(t, p.Check(unix.SIGUSR2, Match{Cgroup: p.group + "x"}), Mismatch)
	group := p.group
	p.group = "/system.slice/other.service" // as if systemd had named a process that is none of the unit's
	refuses(t, p.Check(unix.SIGUSR2, Match{}), Mismatch)
	p.group = group

	b.systemctl("restart", "main.service")
	refuses(t, p.Signal(unix.SIGUSR2), Stale)
	again, err := b.find(Unit{Name: "main.service"})
	must(t, err)
	defer again.Close()
	if again.PID() == main {
		t.Error("found the old process")
	}
	b.systemctl("stop", "main.service")
	_, err = b.find(Unit{Name: "main.service"})
	refuses(t, err, Inactive)
	if !NotRunning(err) {
		t.Errorf("%v: is running", err)
	}
}

func TestUnitsWithoutMainProcess(t *testing.T) {
	t.Parallel()
	b := boot(t, 0, map[string]string{
		"main.service": mainUnit,
		"once.service": "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
		"idle.service": "ExecStart=/bin/true",
	})
	b.hears()
	b.systemctl("start", "once.service")
	for name, want := range map[string]Kind{
		"once.service": NoMain, "idle.service": Inactive, "none.service": NoUnit, "no such\nunit.service": Failed, "main.socket": Failed, "": Failed,
	} {
		_, err := b.find(Unit{Name: name})
		refuses(t, err, want)
		if NotRunning(err) != (want == Inactive || want == NoUnit) {
			t.Errorf("%v: NotRunning is %v", err, NotRunning(err))
		}
	}
}

// What a user's manager says is the user's word.
func TestUnitOfUser(t *testing.T) {
	t.Parallel()
	b := boot(t, nobody, map[string]string{"main.service": mainUnit, "root.service": "ExecStart=SELF.root"})
	b.hears()
	u := Unit{Name: "main.service", User: "nobody"}
	p, err := b.find(u)
	must(t, err)
	defer p.Close()
	if p.UID() != nobody {
		t.Errorf("found a process of %s", p.User())
	}
	must(t, p.Signal(unix.SIGUSR2))
	if got := b.hears(); got != "SIGUSR2 lives" {
		t.Errorf("the unit says %q", got)
	}
	// A program that runs as root for the user is not the user's to have signalled.
	program, err := os.ReadFile(b.dir + "/self")
	must(t, err)
	must(t, os.WriteFile(b.dir+"/self.root", program, 0o755))
	mode(t, b.dir+"/self.root", 0o755|os.ModeSetuid)
	b.systemctl("start", "root.service")
	b.hears()
	_, err = b.find(Unit{Name: "root.service", User: "nobody"})
	refuses(t, err, Authority)

	// Another's socket, and a socket on which another listens.
	theirs := &manager{by: controller{uid: nobody - 1}, sockets: b.sockets}
	for _, owner := range []int{nobody, nobody - 1} {
		own(t, b.sockets[0].path, owner, owner)
		_, err = theirs.find(u)
		refuses(t, err, Failed)
		if !errors.Is(err, errForeign) {
			t.Errorf("the socket is %d's: got %v, want %v", owner, err, errForeign)
		}
	}
}

func TestManagerOf(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	m, err := managerOf(Unit{Name: "main.service", User: "nobody"})
	must(t, err)
	const private = "/run/user/65534/systemd/private"
	if m.by != (controller{nobody, private}) || !slices.Equal(m.sockets, []socket{{private, true}}) {
		t.Errorf("nobody's: %+v", m)
	}
	_, err = managerOf(Unit{Name: "main.service", User: "nosuchuser"})
	refuses(t, err, Mismatch)
}

func TestStatesOfUnits(t *testing.T) {
	t.Parallel()
	const fine = Kind(255)
	for want, states := range map[Kind][]unitState{
		fine: {
			{load: "loaded", active: "active", main: 2},
			{load: "loaded", active: "deactivating", main: 2},
			{load: "not-found", active: "active", main: 2}, // its file was removed while it runs
		},
		PID1:     {{load: "loaded", active: "active", main: 1}},
		Self:     {{load: "loaded", active: "activating", main: uint32(os.Getpid())}},
		NoMain:   {{load: "loaded", active: "active"}, {load: "loaded", active: "reloading"}},
		Inactive: {{load: "loaded", active: "inactive"}, {load: "loaded", active: "failed"}, {load: "loaded", active: "activating"}},
		NoUnit:   {{load: "not-found", active: "inactive"}, {load: "masked", active: "inactive"}},
	} {
		for _, s := range states {
			if err := s.running(Unit{Name: "main.service"}); want == fine {
				must(t, err)
			} else {
				refuses(t, err, want)
			}
		}
	}
}

// A user who owns the folder of the socket may put anything there.
func TestSocketThatIsNotTheManagers(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	dir, err := os.MkdirTemp("/tmp", "u")
	must(t, err)
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", dir+"/roots")
	must(t, err)
	defer l.Close()
	must(t, os.Symlink(dir+"/roots", dir+"/link"))
	another, err := net.Listen("unix", dir+"/another's")
	must(t, err)
	defer another.Close()
	own(t, dir+"/another's", nobody-1, nobody)
	write(t, dir+"/file", "")
	must(t, unix.Mkfifo(dir+"/fifo", 0o600))
	own(t, dir+"/file", nobody, nobody)
	for name, want := range map[string]error{"none": Inactive, "link": unix.ELOOP, "another's": errForeign, "file": errForeign, "fifo": errForeign} {
		m := &manager{by: controller{uid: nobody}, sockets: []socket{{path: dir + "/" + name, private: true}}}
		if _, err := m.find(Unit{Name: "main.service", User: "nobody"}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

func TestSystemThatSystemdDidNotBoot(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	refuses(t, apart(func() error {
		err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "")
		}
		if err == nil {
			err = unix.Mount("none", "/run", "tmpfs", 0, "")
		}
		if err == nil {
			_, err = FindUnit(Unit{Name: "nginx.service"})
		}
		return err
	}), Unsupported)
}

func TestWithinCgroup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group, other string
		want         bool
	}{
		{"/system.slice/a.service", "/system.slice/a.service", true},
		{"/system.slice/a.service/sub", "/system.slice/a.service", true},
		{"/system.slice/a.service", "/system.slice", true},
		{"/system.slice/a.service", "/", true},
		{"/system.slice/a.service2", "/system.slice/a.service", false},
		{"/system.slice", "/system.slice/a.service", false},
		{"/a", "", false},
		{"", "/a", false},
	} {
		if got := within(c.group, c.other); got != c.want {
			t.Errorf("%q within %q: %v", c.group, c.other, got)
		}
	}
}

func TestBusEscape(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nginx.service": "nginx_2eservice", "9p.service": "_39p_2eservice", "a@1-2_x.service": "a_401_2d2_5fx_2eservice", "": "_",
	} {
		if got := busEscape(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
