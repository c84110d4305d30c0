package signaler

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func TestSignalReachesTheHandler(t *testing.T) {
	t.Parallel()
	c := play(t, "handler")
	c.ping()
	p := open(t, pidfileOf(t, c.pid()))
	must(t, p.Check(unix.SIGUSR2, Match{}))
	must(t, p.Signal(unix.SIGUSR2))
	c.hears("got SIGUSR2")
	if !p.Alive() {
		t.Error("not alive")
	}
}

func TestProcessFacts(t *testing.T) {
	t.Parallel()
	c := canary(t)
	path := pidfileOf(t, c.pid())
	p := open(t, path)
	exe, err := filepath.EvalSymlinks(c.cmd.Path)
	must(t, err)
	if p.PID() != c.pid() || p.Name() != "cat" || p.Exe() != exe || p.UID() != os.Getuid() || p.User() != userName(os.Getuid()) || p.Pidfile() != path {
		t.Errorf("got %d %q %q %d %q %q", p.PID(), p.Name(), p.Exe(), p.UID(), p.User(), p.Pidfile())
	}
	if p.Start() == 0 || p.Key() != (Key{c.pid(), p.Start()}) {
		t.Errorf("got start %d, key %v", p.Start(), p.Key())
	}
}

// A process without a handler is not signalled, and lives.
func TestSignalThatWouldKillIsNotSent(t *testing.T) {
	t.Parallel()
	ignoring := func(t *testing.T) *child {
		c := start(t, exec.Command("sh", "-c", `trap "" USR2; exec cat`))
		c.ping()
		return c
	}
	role := func(name string) func(t *testing.T) *child {
		return func(t *testing.T) *child {
			c := play(t, name)
			c.ping()
			return c
		}
	}
	cases := []struct {
		name  string
		start func(t *testing.T) *child
		sig   syscall.Signal
		fine  bool
	}{
		{"no handler", canary, unix.SIGUSR2, false},
		{"no handler for hup", canary, unix.SIGHUP, false},
		{"handler", role("handler"), unix.SIGUSR2, true},
		{"ignores it", ignoring, unix.SIGUSR2, true},
		{"ignores another", ignoring, unix.SIGUSR1, false},
		{"blocks it in all threads", role("blocked"), unix.SIGUSR2, true},
		{"blocks it in its main thread only", role("divided"), unix.SIGUSR2, false},
		{"ignored by default", canary, unix.SIGWINCH, true},
		{"kill", role("handler"), unix.SIGKILL, false},
		{"stop", role("handler"), unix.SIGSTOP, false},
		{"terminal stop", canary, unix.SIGTSTP, false},
		{"real-time", canary, syscall.Signal(64), false},
		{"signal 0", role("handler"), 0, false},
		{"signal 65", role("handler"), 65, false},
		{"negative", role("handler"), -1, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := tc.start(t)
			p := open(t, pidfileOf(t, c.pid()))
			for _, err := range []error{p.Check(tc.sig, Match{}), p.Signal(tc.sig)} {
				if tc.fine {
					must(t, err)
					continue
				}
				refuses(t, err, NoHandler)
				if !strings.Contains(err.Error(), fmt.Sprintf("process %d (", c.pid())) || !strings.Contains(err.Error(), signalName(tc.sig)) {
					t.Errorf("names not the process and the signal: %v", err)
				}
			}
			if tc.name == "handler" {
				c.hears("got SIGUSR2")
			}
			c.ping()
		})
	}
}

// A thread that waits for a signal, as sigwait(3) does, is shown as one that does
// not block it.
func TestSignalThatIsAwaited(t *testing.T) {
	t.Parallel()
	host.Needs(t, "perl")
	c := start(t, exec.Command("perl", "-e", `
		use POSIX;
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2));
		$| = 1;
		my $set = pack("Q", 1 << (SIGUSR2 - 1));
		print "got ", syscall($ARGV[0] + 0, $set, 0, 0, 8), "\n" while 1;
	`, strconv.Itoa(unix.SYS_RT_SIGTIMEDWAIT)))
	awaits := fmt.Sprint(unix.SYS_RT_SIGTIMEDWAIT, " ")
	p := open(t, pidfileOf(t, c.pid()))
	for now := ""; !strings.HasPrefix(now, awaits); {
		if !p.Alive() {
			t.Fatal("it has ended")
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", c.pid()))
		must(t, err)
		now = string(text)
	}
	refuses(t, p.Check(unix.SIGUSR1, Match{}), NoHandler)
	must(t, p.Check(unix.SIGUSR2, Match{}))
	must(t, p.Signal(unix.SIGUSR2))
	c.hears(fmt.Sprint("got ", int(unix.SIGUSR2)))
}

func TestProcessEnds(t *testing.T) {
	t.Parallel()
	c := play(t, "handler")
	c.ping()
	path := pidfileOf(t, c.pid())
	p := open(t, path)
	c.kill()
	refuses(t, p.Check(unix.SIGUSR2, Match{}), Zombie)
	refuses(t, p.Signal(unix.SIGUSR2), Zombie)
	_, err := Find(path)
	refuses(t, err, Zombie)
	if p.Alive() {
		t.Error("a zombie is alive")
	}
	c.reap()
	refuses(t, p.Check(unix.SIGUSR2, Match{}), Stale)
	refuses(t, p.Signal(unix.SIGUSR2), Stale)
	if _, err := Find(path); !errors.Is(err, Stale) && err != nil {
		t.Errorf("got %v, want %v", err, Stale) // nil: the number is another's by now
	}
	if p.Alive() {
		t.Error("alive after it was reaped")
	}
}

func TestClosedProcess(t *testing.T) {
	t.Parallel()
	c := play(t, "handler")
	c.ping()
	p := open(t, pidfileOf(t, c.pid()))
	must(t, p.Close())
	refuses(t, p.Signal(unix.SIGUSR2), Failed)
	if p.Alive() {
		t.Error("alive without a handle")
	}
	c.ping()
}

// The number is given to another process while the handle is open.
func TestRecycledPidIsNotSignalled(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	old := play(t, "handler")
	old.ping()
	pid := old.pid()
	p := open(t, pidfileOf(t, pid))
	old.kill()
	old.reap()
	var heir *child
	for range 100 { // threads of this program take numbers, too
		must(t, os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0))
		if heir = play(t, "handler"); heir.pid() == pid {
			break
		}
	}
	if heir.pid() != pid {
		t.Fatalf("no process got the number %d", pid)
	}
	heir.ping()
	refuses(t, p.Check(unix.SIGUSR2, Match{}), Stale)
	refuses(t, p.Signal(unix.SIGUSR2), Stale)
	if p.Alive() {
		t.Error("alive")
	}
	heir.ping() // and never says "got SIGUSR2"
}

func TestOneProcessHasOneKey(t *testing.T) {
	t.Parallel()
	c, other := canary(t), canary(t)
	a, b := open(t, pidfileOf(t, c.pid())), open(t, pidfileOf(t, c.pid()))
	if a.Key() != b.Key() {
		t.Errorf("%v and %v", a.Key(), b.Key())
	}
	if z := open(t, pidfileOf(t, other.pid())); z.Key() == a.Key() {
		t.Errorf("two processes have the key %v", z.Key())
	}
}

func TestNumbersThatAreNoProcess(t *testing.T) {
	t.Parallel()
	t.Run("own", func(t *testing.T) {
		_, err := Find(pidfileOf(t, os.Getpid()))
		refuses(t, err, Self)
	})
	t.Run("init", func(t *testing.T) {
		_, err := Find(pidfileOf(t, 1))
		refuses(t, err, PID1)
	})
	t.Run("thread", func(t *testing.T) {
		c := play(t, "handler")
		c.ping()
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", c.pid()))
		must(t, err)
		tid, err := strconv.Atoi(tasks[len(tasks)-1].Name())
		must(t, err)
		need(t, tid != c.pid(), "a process with threads")
		_, err = Find(pidfileOf(t, tid))
		refuses(t, err, Thread)
		c.ping()
	})
	t.Run("group whose leader has ended", func(t *testing.T) {
		c := play(t, "leader")
		c.hears("ready")
		must(t, c.cmd.Process.Kill())
		_ = unix.Waitid(unix.P_PID, c.pid(), nil, unix.WEXITED, nil)
		if err := unix.Kill(-c.pid(), 0); err != nil {
			t.Fatalf("the group is gone: %v", err)
		}
		_, err := Find(pidfileOf(t, c.pid()))
		refuses(t, err, Stale)
	})
	t.Run("kernel thread", func(t *testing.T) {
		pid := kernelThread(t)
		_, err := Find(pidfileOf(t, pid))
		if os.Geteuid() != 0 {
			refuses(t, err, Denied)
			return
		}
		refuses(t, err, KernelThread)
	})
}

// playLeader leads a process group and leaves a member in it.
func playLeader() {
	check(unix.Setpgid(0, 0))
	cmd := exec.Command("cat")
	cmd.Stdin = os.Stdin
	check(cmd.Start())
	fmt.Println("ready")
	check(cmd.Wait())
}

func kernelThread(t *testing.T) int {
	t.Helper()
	pids, err := processes()
	must(t, err)
	for _, pid := range pids {
		dir, err := openProc(pid)
		if err != nil {
			continue
		}
		f, err := dir.facts()
		dir.close()
		if err == nil && f.kernel() {
			return pid
		}
	}
	need(t, false, "kernel threads in sight")
	return 0
}

// Where /proc is another namespace's, its facts are about other processes.
func TestForeignProc(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "SIGNALER_ROLE=displaced", "PIDFILE="+pidfileOf(t, 2))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != Unsupported.Error()+"\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func playDisplaced() {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	check(err)
	check(cmd.Start())
	check(os.WriteFile(os.Getenv("PIDFILE"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644))
	_, err = Find(os.Getenv("PIDFILE"))
	e, _ := errors.AsType[*Error](err)
	fmt.Println(e.Kind)
	check(in.Close())
	check(cmd.Wait())
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := play(t, "handler")
	c.ping()
	self, err := os.Executable()
	must(t, err)
	alias := link(t, self, filepath.Join(folder(t), "alias"))
	me := userName(os.Getuid())
	p := open(t, pidfileOf(t, c.pid()))
	for _, m := range []Match{{}, {Exe: self}, {Exe: alias}, {User: me}, {User: strconv.Itoa(os.Getuid())}, {Exe: self, User: me}} {
		must(t, p.Check(unix.SIGUSR2, m))
	}
	for _, m := range []Match{{Exe: "/bin/none"}, {Exe: filepath.Dir(self)}, {User: "nosuchuser"}, {User: "4294967295"}, {User: "4242424"}, {Exe: self, User: "-1"}, {Exe: "/bin/none", User: me}} {
		refuses(t, p.Check(unix.SIGUSR2, m), Mismatch)
		refuses(t, p.Signal(unix.SIGUSR2), Mismatch) // what was asked for last still holds
	}
	c.ping()
}

// A program that has become root for the while, or can, is not its user's.
func TestMatchOfBothUsers(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	for users, fine := range map[string]bool{"65534 65534 65534": true, "65534 0 65534": false, "0 65534 65534": false} {
		c := play(t, "handler", "USERS="+users)
		c.ping()
		p := open(t, pidfileOf(t, c.pid()))
		if err := p.Check(unix.SIGUSR2, Match{User: "nobody"}); fine {
			must(t, err)
		} else {
			refuses(t, err, Mismatch)
		}
	}
}

// What an upgrade leaves running still matches. Not parallel: a program that a
// process which is just being started has open for writing cannot be run.
func TestMatchOfReplacedProgram(t *testing.T) {
	cat, err := exec.LookPath("cat")
	must(t, err)
	program := filepath.Join(folder(t), "cat")
	data, err := os.ReadFile(cat)
	must(t, err)
	must(t, os.WriteFile(program, data, 0o755))
	c := start(t, exec.Command("sh", "-c", `trap "" USR2; exec "$0"`, program))
	c.ping()
	must(t, os.Remove(program))
	must(t, open(t, pidfileOf(t, c.pid())).Check(unix.SIGUSR2, Match{Exe: program}))
}

// Who controls the pidfile of a process must be all that the process is.
func TestAuthority(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	cases := []struct {
		name  string
		owner int
		users string // real, effective, saved
		fine  bool
	}{
		{"root's file, root's process", 0, "0 0 0", true},
		{"root's file, user's process", 0, "65534 65534 65534", true},
		{"user's file, root's process", nobody, "0 0 0", false},
		{"user's file, user's process", nobody, "65534 65534 65534", true},
		{"user's file, other user's process", nobody, "65533 65533 65533", false},
		{"real root", nobody, "0 65534 65534", false},
		{"effective root", nobody, "65534 0 65534", false},
		{"saved root", nobody, "65534 65534 0", false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := play(t, "handler", "USERS="+tc.users)
			c.ping()
			p, err := Find(own(t, pidfileOf(t, c.pid()), tc.owner, 0))
			if !tc.fine {
				refuses(t, err, Authority)
				c.ping()
				return
			}
			must(t, err)
			defer p.Close()
			must(t, p.Signal(unix.SIGUSR2))
			c.hears("got SIGUSR2")
		})
	}
}

// A process may become another user's between the checks and the signal.
func TestAuthorityIsCheckedAgain(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	c := play(t, "handler", "USERS=65534 65534 65534")
	c.ping()
	p := open(t, own(t, pidfileOf(t, c.pid()), nobody, 0))
	must(t, p.Check(unix.SIGUSR2, Match{}))
	p.by.uid = nobody - 1 // as if: a process cannot regain root on demand
	refuses(t, p.Signal(unix.SIGUSR2), Authority)
	c.ping()
}

func TestLate(t *testing.T) {
	t.Parallel()
	c := canary(t)
	for _, age := range []time.Duration{0, time.Hour, -time.Hour} {
		path := pidfileOf(t, c.pid())
		written := time.Now().Add(-age)
		must(t, os.Chtimes(path, written, written))
		late := open(t, path).Late()
		if late > age || late < age-time.Minute {
			t.Errorf("written %v ago: %v late", age, late)
		}
	}
}

func BenchmarkFindAndCheck(b *testing.B) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	must(b, err)
	must(b, cmd.Start())
	path := filepath.Join(b.TempDir(), "x.pid")
	must(b, os.WriteFile(path, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644))
	for b.Loop() {
		p, err := Find(path)
		must(b, err)
		must(b, p.Check(unix.SIGWINCH, Match{}))
		must(b, p.Close())
	}
	must(b, in.Close())
	must(b, cmd.Wait())
}
