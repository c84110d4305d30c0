package signaler

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// The test binary plays the other processes, too.
func TestMain(m *testing.M) {
	roles := map[string]func(){
		"handler":   playHandler,
		"blocked":   playBlocked,
		"divided":   playDivided,
		"mapper":    playMapper,
		"heir":      playHeir,
		"leader":    playLeader,
		"master":    playMaster,
		"worker":    playWorker,
		"unwatched": playUnwatched,
		"displaced": playDisplaced,
		"stranger":  playStranger,
		"unit":      playUnit,
		"attempt":   playAttempt,
	}
	if play, ok := roles[os.Getenv("SIGNALER_ROLE")]; ok {
		play()
		return
	}
	os.Exit(m.Run())
}

const nobody = 65534

// child is another process. It repeats the lines that it is sent: whoever
// answers is alive, and has been through everything it was signalled before.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// play starts a role, with KEY=value settings.
func play(t *testing.T, role string, env ...string) *child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(append(os.Environ(), "SIGNALER_ROLE="+role), env...)
	return start(t, cmd)
}

// canary starts a process that dies of any signal.
func canary(t *testing.T) *child {
	t.Helper()
	c := start(t, exec.Command("cat"))
	c.ping()
	return c
}

func start(t *testing.T, cmd *exec.Cmd) *child {
	t.Helper()
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	c := &child{t, cmd, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// say sends a line.
func (c *child) say(line string) {
	c.t.Helper()
	_, err := io.WriteString(c.in, line+"\n")
	must(c.t, err)
}

// hears waits for a line and demands that it be this one.
func (c *child) hears(want string) {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	if got := strings.TrimSuffix(line, "\n"); err != nil || got != want {
		c.t.Fatalf("process %d said %q (%v), want %q", c.pid(), got, err, want)
	}
}

// ping demands that the process be alive.
func (c *child) ping() {
	c.t.Helper()
	c.say("ping")
	c.hears("ping")
}

// kill ends the process and leaves a zombie.
func (c *child) kill() {
	c.t.Helper()
	must(c.t, c.cmd.Process.Kill())
	must(c.t, unix.Waitid(unix.P_PID, c.pid(), nil, unix.WEXITED|unix.WNOWAIT, nil))
}

// reap takes the zombie away. Its pid may be given to another process.
func (c *child) reap() {
	c.t.Helper()
	if err := c.cmd.Wait(); err == nil {
		c.t.Fatalf("process %d ended by itself", c.pid())
	}
}

// playHandler catches USR2 and says so. USERS="real effective saved" is whom it
// becomes. As COMM, it has that name and catches what services reopen their logs on,
// without a word.
func playHandler() {
	got := make(chan os.Signal, 8)
	signal.Notify(got, unix.SIGUSR2)
	if comm := os.Getenv("COMM"); comm != "" {
		signal.Stop(got)
		signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH)
		check(os.WriteFile("/proc/self/comm", []byte(comm), 0))
	}
	if users := os.Getenv("USERS"); users != "" {
		var r, e, s int
		_, err := fmt.Sscan(users, &r, &e, &s)
		check(err)
		check(syscall.Setresuid(r, e, s))
	}
	go func() {
		for sig := range got {
			fmt.Println("got", unix.SignalName(sig.(syscall.Signal)))
		}
	}()
	echo()
}

// playBlocked becomes a process that blocks USR2 and does not handle it.
func playBlocked() {
	runtime.LockOSThread()
	blockUSR2()
	cat, err := exec.LookPath("cat")
	check(err)
	check(syscall.Exec(cat, []string{"cat"}, os.Environ()))
}

// playDivided has a main thread that blocks USR2, and threads that do not.
func playDivided() {
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		panic("not the main thread")
	}
	blockUSR2()
	var deflt [32]byte // struct sigaction of zeros: SIG_DFL
	if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGUSR2), uintptr(unsafe.Pointer(&deflt)), 0, 8, 0, 0); errno != 0 {
		panic(errno)
	}
	echo()
}

func blockUSR2() {
	var set unix.Sigset_t
	set.Val[0] = 1 << (unix.SIGUSR2 - 1)
	check(unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil))
}

// echo repeats lines until there are no more.
func echo() {
	_, err := io.Copy(struct{ io.Writer }{os.Stdout}, struct{ io.Reader }{os.Stdin})
	check(err)
}

// inNamespace runs the calling test as process 1 of a pid namespace of its own,
// where it cannot hurt others, and reports whether this is that process.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const inside = "SIGNALER_INSIDE"
	if os.Getenv(inside) == t.Name() {
		must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		must(t, unix.Mount("proc", "/proc", "proc", 0, ""))
		return true
	}
	host.NeedsRoot(t)
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a pid namespace: %v\n%s", err, out)
	}
	return false
}

// need is for tests for which the machine must be ok.
func need(t *testing.T, ok bool, what string) {
	t.Helper()
	if !ok {
		host.Lacks(t, "needs ", what)
	}
}

// folder is an empty directory that only its owner can write.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	return dir
}

// pidfileOf writes a pidfile in a folder of its own.
func pidfileOf(t *testing.T, pid int) string {
	t.Helper()
	return write(t, filepath.Join(folder(t), "x.pid"), strconv.Itoa(pid)+"\n")
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
	must(t, os.Chmod(path, 0o644))
	return path
}

// open finds the process of a pidfile that is in order.
func open(t *testing.T, path string) *Process {
	t.Helper()
	p, err := Find(path)
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// refuses demands an *Error of a kind that says where and, mostly, what to do.
func refuses(t *testing.T, err error, kind Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	e, ok := errors.AsType[*Error](err)
	named := ok && (strings.Contains(err.Error(), "pidfile "+strconv.Quote(e.Pidfile)) || strings.Contains(err.Error(), "unit "+strconv.Quote(e.Unit.Name)))
	if !named || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line about a pidfile or unit: %v", err)
	}
	if e.Hint == "" && kind != Unsafe && kind != Failed {
		t.Errorf("no hint: %v", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
