package signaler

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a pidfile can say to have root signal whom its writer could not. Each is
// tried as a run does it, with SIGUSR2, in a pid namespace where a mistake kills
// canaries alone. All of them must live, and those who listen hear nothing.
func TestAttacksSignalNobody(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	var canaries []*child
	for range 3 {
		canaries = append(canaries, canary(t))
	}
	listener := play(t, "handler")
	listener.ping()
	theirs := play(t, "handler", "USERS=65534 65534 65534")
	theirs.ping()
	other := play(t, "handler", "USERS=65533 65533 65533")
	other.ping()

	victim := canaries[0].pid()
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			dir := folder(t)
			must(t, os.Mkdir(dir+"/sub", 0o755))
			path := a.make(t, dir, map[byte]int{'v': victim, 'l': listener.pid(), 't': theirs.pid(), 'o': other.pid()}[a.pid])
			_, err := attempt(path)
			refuses(t, err, a.want)
			for _, c := range canaries {
				c.ping()
			}
			for _, c := range []*child{listener, theirs, other} {
				c.ping() // what it heard before comes first, and is not "ping"
			}
		})
	}
}

// attempt signals whom a pidfile names.
func attempt(path string) (pid int, err error) {
	files, err := Glob(path)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		p, err := Find(file)
		if err != nil {
			return 0, err
		}
		defer p.Close()
		if err := p.Check(unix.SIGUSR2, Match{}); err != nil {
			return p.PID(), err
		}
		if err := p.Signal(unix.SIGUSR2); err != nil {
			return p.PID(), err
		}
		pid = p.PID()
	}
	return pid, nil
}

type attack struct {
	name string
	want Kind
	pid  byte // whose number: a canary that (v) dies of the signal, one that (l) listens, (t) nobody's, (o) another user's
	make func(t *testing.T, dir string, pid int) (path string)
}

func attacks() []attack {
	says := func(format string) func(*testing.T, string, int) string {
		return func(t *testing.T, dir string, pid int) string {
			text := format
			if strings.Contains(format, "%") {
				text = fmt.Sprintf(format, pid)
			}
			return write(t, dir+"/x.pid", text)
		}
	}
	// A pidfile in order, but for what change does to it or its directory.
	but := func(change func(t *testing.T, dir, pidfile string)) func(*testing.T, string, int) string {
		return func(t *testing.T, dir string, pid int) string {
			pidfile := write(t, dir+"/x.pid", fmt.Sprintln(pid))
			change(t, dir, pidfile)
			return pidfile
		}
	}
	at := func(place func(t *testing.T, dir, pidfile string) string) func(*testing.T, string, int) string {
		return func(t *testing.T, dir string, pid int) string {
			return place(t, dir, write(t, dir+"/x.pid", fmt.Sprintln(pid)))
		}
	}
	return []attack{
		// What it says.
		{"everybody", Garbage, 'l', says("-1")},
		{"own group", Garbage, 'l', says("0")},
		{"init", PID1, 'l', says("1")},
		{"everybody, unsigned", Garbage, 'l', says("4294967295")},
		{"own group, unsigned", Garbage, 'l', says("4294967296")},
		{"number and 2^32", Garbage, 'l', func(t *testing.T, dir string, pid int) string {
			return write(t, dir+"/x.pid", strconv.Itoa(1<<32+pid))
		}},
		{"number and 2^64", Garbage, 'l', func(t *testing.T, dir string, pid int) string {
			return write(t, dir+"/x.pid", fmt.Sprintf("1844674407370955%04d", 1616+pid))
		}},
		{"process group", Garbage, 'v', says("-%d")},
		{"sign", Garbage, 'l', says("+%d")},
		{"leading zeros", Garbage, 'l', says("00%d")},
		{"hexadecimal", Garbage, 'l', says("0x%x")},
		{"letters behind", Garbage, 'l', says(" %dabc")},
		{"a second number", Garbage, 'l', says("%d 1")},
		{"NUL behind", Garbage, 'l', says("%d\x00")},
		{"a blank first line", Garbage, 'l', says("\n%d\n")},
		{"empty", Empty, 'l', says("")},
		{"a thousand zeros", Garbage, 'l', func(t *testing.T, dir string, pid int) string {
			return write(t, dir+"/x.pid", strings.Repeat("0", 1000)+strconv.Itoa(pid))
		}},
		{"beyond the limit", Garbage, 'l', says("4194305")},
		// Whom it names.
		{"who would die of it", NoHandler, 'v', says("%d")},
		{"a thread", Thread, 'l', func(t *testing.T, dir string, pid int) string {
			tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
			must(t, err)
			return write(t, dir+"/x.pid", tasks[len(tasks)-1].Name())
		}},
		{"a zombie", Zombie, 'l', func(t *testing.T, dir string, _ int) string {
			c := canary(t)
			c.kill()
			return write(t, dir+"/x.pid", strconv.Itoa(c.pid()))
		}},
		{"one that has ended", Stale, 'l', func(t *testing.T, dir string, _ int) string {
			c := canary(t)
			c.kill()
			c.reap()
			return write(t, dir+"/x.pid", strconv.Itoa(c.pid()))
		}},
		{"a group without its leader", Stale, 'l', func(t *testing.T, dir string, _ int) string {
			c := play(t, "leader")
			c.hears("ready")
			must(t, c.cmd.Process.Kill())
			_ = unix.Waitid(unix.P_PID, c.pid(), nil, unix.WEXITED, nil)
			return write(t, dir+"/x.pid", strconv.Itoa(c.pid()))
		}},
		// What it is.
		{"a FIFO", Unsafe, 'l', func(t *testing.T, dir string, _ int) string {
			must(t, unix.Mkfifo(dir+"/x.pid", 0o644))
			return dir + "/x.pid"
		}},
		{"a socket", Unsafe, 'l', func(t *testing.T, dir string, _ int) string {
			l, err := net.Listen("unix", dir+"/s")
			must(t, err)
			t.Cleanup(func() { _ = l.Close() })
			return dir + "/s"
		}},
		{"a character device", Unsafe, 'l', func(t *testing.T, dir string, _ int) string {
			must(t, unix.Mknod(dir+"/x.pid", unix.S_IFCHR|0o644, int(unix.Mkdev(1, 3))))
			return dir + "/x.pid"
		}},
		{"a block device", Unsafe, 'l', func(t *testing.T, dir string, _ int) string {
			must(t, unix.Mknod(dir+"/x.pid", unix.S_IFBLK|0o644, int(unix.Mkdev(7, 200))))
			return dir + "/x.pid"
		}},
		{"a directory", Unsafe, 'l', func(t *testing.T, dir string, _ int) string { return dir + "/sub" }},
		{"a terabyte of zeros", Garbage, 'l', func(t *testing.T, dir string, _ int) string {
			path := write(t, dir+"/x.pid", "")
			must(t, os.Truncate(path, 1<<40))
			return path
		}},
		{"an endless line", Garbage, 'l', says(strings.Repeat("7", 10000))},
		{"hard link", Unsafe, 'l', but(func(t *testing.T, dir, pidfile string) { must(t, os.Link(pidfile, dir+"/y.pid")) })},
		// How it is reached.
		{"a link of theirs to root's file", Authority, 'l', at(func(t *testing.T, dir, pidfile string) string {
			return own(t, link(t, pidfile, dir+"/l.pid"), nobody, nobody)
		})},
		{"a link of theirs in a chain", Authority, 'l', at(func(t *testing.T, dir, pidfile string) string {
			own(t, link(t, pidfile, dir+"/1"), nobody, nobody)
			return link(t, "1", dir+"/2")
		})},
		{"a loop of links", Failed, 'l', at(func(t *testing.T, dir, _ string) string { return link(t, "a", dir+"/a") })},
		{"a long chain of links", Failed, 'l', at(func(t *testing.T, dir, _ string) string { return links(t, dir, maxLinks+1) })},
		{"a link of /proc", Unsafe, 'l', at(func(t *testing.T, _, pidfile string) string { return "/proc/1/root" + pidfile })},
		{"relative", Unsafe, 'l', at(func(*testing.T, string, string) string { return "x.pid" })},
		// Who can write it.
		{"their file", Authority, 'l', but(func(t *testing.T, _, pidfile string) { own(t, pidfile, nobody, 0) })},
		{"their directory", Authority, 'l', but(func(t *testing.T, dir, _ string) { own(t, dir, nobody, 0) })},
		{"their directory further up", Authority, 'l', at(func(t *testing.T, dir, pidfile string) string {
			must(t, os.Rename(pidfile, dir+"/sub/x.pid"))
			own(t, dir, nobody, 0)
			return dir + "/sub/x.pid"
		})},
		{"their file, another user's process", Authority, 'o', but(func(t *testing.T, _, pidfile string) { own(t, pidfile, nobody, 0) })},
		{"a file of theirs in a directory of another's", Unsafe, 't', but(func(t *testing.T, dir, pidfile string) {
			own(t, pidfile, nobody, 0)
			own(t, dir, nobody-1, 0)
		})},
		{"everybody's file", Unsafe, 'l', but(func(t *testing.T, _, pidfile string) { mode(t, pidfile, 0o646) })},
		{"everybody's directory", Unsafe, 'l', but(func(t *testing.T, dir, _ string) { mode(t, dir, 0o777) })},
		{"a group's file", Unsafe, 'l', but(func(t *testing.T, _, pidfile string) { own(t, mode(t, pidfile, 0o664), 0, nobody) })},
		{"a group's directory", Unsafe, 'l', but(func(t *testing.T, dir, _ string) { own(t, mode(t, dir, 0o775), 0, nobody) })},
		{"granted by an access list", Unsafe, 'l', but(func(t *testing.T, _, pidfile string) { grant(t, pidfile) })},
		{"a directory granted by an access list", Unsafe, 'l', but(func(t *testing.T, dir, _ string) { grant(t, dir) })},
		{"everybody's sticky directory, their file", Authority, 'l', but(func(t *testing.T, dir, pidfile string) {
			mode(t, dir, 0o777|os.ModeSticky)
			own(t, pidfile, nobody, 0)
		})},
	}
}

// Whoever owns the root directory, as a user may who made a container, has any
// path lead to what they like.
func TestTheirRootDirectory(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	c := play(t, "handler")
	c.ping()
	root := folder(t)
	write(t, root+"/x.pid", strconv.Itoa(c.pid()))
	must(t, os.Mkdir(root+"/proc", 0o755))
	must(t, unix.Mount("proc", root+"/proc", "proc", 0, ""))
	t.Cleanup(func() { must(t, unix.Unmount(root+"/proc", 0)) })
	for _, tc := range []struct {
		owner int
		mode  os.FileMode
		want  string
	}{
		{0, 0o755, fmt.Sprintf("signalled %d <nil>\n", c.pid())},
		{nobody, 0o755, Authority.Error() + "\n"},
		{0, 0o777, Unsafe.Error() + "\n"},
	} {
		mode(t, own(t, root, tc.owner, 0), tc.mode)
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "SIGNALER_ROLE=attempt", "PIDFILE=/x.pid", "ROOT="+root)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != tc.want {
			t.Errorf("owner %d, mode %o: %v, %q, want %q", tc.owner, tc.mode, err, out, tc.want)
		}
	}
	c.hears("got SIGUSR2")
	c.ping()
}

// An old kernel, and a container that forbids it, have no handles: nothing is
// signalled by number instead.
func TestWithoutHandles(t *testing.T) {
	t.Parallel()
	for name, errno := range map[string]unix.Errno{"kernel before 5.3": unix.ENOSYS, "forbidden by a container": unix.EPERM} {
		for _, call := range []uintptr{unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL} {
			if call == unix.SYS_PIDFD_SEND_SIGNAL && errno == unix.EPERM {
				continue // is what the kernel says of another user's process, too
			}
			t.Run(fmt.Sprint(name, " ", call), func(t *testing.T) {
				t.Parallel()
				c := play(t, "handler")
				c.ping()
				cmd := exec.Command("/proc/self/exe")
				cmd.Env = append(os.Environ(), "SIGNALER_ROLE=attempt", "PIDFILE="+pidfileOf(t, c.pid()), fmt.Sprintf("DENY=%d %d", call, errno))
				out, err := cmd.CombinedOutput()
				if err != nil || string(out) != Unsupported.Error()+"\n" {
					t.Errorf("%v\n%s", err, out)
				}
				c.ping()
			})
		}
	}
}

// Without /proc, or with one that hides others, nothing is known, and nobody is
// signalled.
func TestWithoutProc(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	c := play(t, "handler")
	c.ping()
	path := own(t, pidfileOf(t, c.pid()), nobody, nobody)
	must(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755))
	unprivileged := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	try := func(want Kind, attr *syscall.SysProcAttr) {
		t.Helper()
		cmd := exec.Command("/proc/self/exe")
		if _, err := os.Stat(cmd.Path); err != nil {
			self, err := os.Executable()
			must(t, err)
			cmd = exec.Command(self)
		}
		cmd.Env = append(os.Environ(), "SIGNALER_ROLE=attempt", "PIDFILE="+path)
		cmd.SysProcAttr = attr
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want.Error()+"\n" {
			t.Errorf("want %v: %v\n%s", want, err, out)
		}
		c.ping()
	}
	must(t, unix.Mount("proc", "/proc", "proc", unix.MS_REMOUNT, "hidepid=2"))
	try(Denied, unprivileged)
	try(Authority, nil)
	must(t, unix.Unmount("/proc", unix.MNT_DETACH))
	try(Unsupported, nil)
}

// playAttempt signals whom PIDFILE names and says what came of it. DENY="call
// errno" is a system call that there is not. ROOT is its root directory.
func playAttempt() {
	if root := os.Getenv("ROOT"); root != "" {
		check(unix.Chroot(root))
	}
	if deny := os.Getenv("DENY"); deny != "" {
		var call, errno uint32
		_, err := fmt.Sscan(deny, &call, &errno)
		check(err)
		check(denySystemCall(call, errno))
	}
	pid, err := attempt(os.Getenv("PIDFILE"))
	if e, ok := err.(*Error); ok {
		fmt.Println(e.Kind)
		return
	}
	fmt.Println("signalled", pid, err)
}

// denySystemCall has all threads of this process get errno for a call: seccomp(2).
func denySystemCall(call, errno uint32) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return seccomp(&program)
}

func seccomp(program *unix.SockFprog) error {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(program)))
	if errno != 0 {
		return errno
	}
	return nil
}
