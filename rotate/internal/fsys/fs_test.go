package fsys

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// nobody is the attacker.
const nobody = 65534

// TestMain lets the test binary play other processes: see child.
func TestMain(m *testing.M) {
	if role := os.Getenv("FSYS_TEST_ROLE"); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// roles are what a child does until its standard input ends. It prints a line
// when it is at work.
var roles = map[string]func(args []string) error{
	"swap":    swapForever,
	"peek":    peekForever,
	"publish": publishAsUser,
}

// child runs a role as nobody. The function it returns ends it and returns what
// it printed after its first line.
func child(t *testing.T, role string, args ...string) (end func() string) {
	t.Helper()
	host.NeedsRoot(t)
	// Not the path: nobody cannot search the folder that go test builds in.
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), "FSYS_TEST_ROLE="+role, "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
		Pdeathsig:  syscall.SIGKILL,
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("%s did not start: %v", role, errors.Join(err, cmd.Wait()))
	}
	return sync.OnceValue(func() string {
		t.Helper()
		in.Close()
		said, err := io.ReadAll(lines)
		must(t, err)
		must(t, cmd.Wait())
		return string(said)
	})
}

// stdinOpen returns a function that is false once standard input has ended.
func stdinOpen() func() bool {
	done := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	return func() bool {
		select {
		case <-done:
			return false
		default:
			return true
		}
	}
}

// eachFS runs a test on the file system of temporary files and on tmpfs.
func eachFS(t *testing.T, test func(t *testing.T, folder string)) {
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		test(t, tempDir(t))
	})
	t.Run("tmpfs", func(t *testing.T) {
		t.Parallel()
		test(t, shmDir(t))
	})
}

// tempDir returns a folder that others can reach.
func tempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func shmDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "fsys")
	if err != nil {
		host.Lacks(t, err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func openDir(t testing.TB, s *FS, path string) *Dir {
	t.Helper()
	d, err := s.OpenDir(path)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

// list returns the names in a folder.
func list(t testing.TB, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	must(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func wantNames(t *testing.T, path string, want ...string) {
	t.Helper()
	if got := list(t, path); !slices.Equal(got, want) {
		t.Fatalf("%s holds %q, want %q", path, got, want)
	}
}

func idOf(t testing.TB, path string) ID {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	return infoOf(&st).ID
}

// trace records the operations that a file system is asked for.
type trace struct {
	mu  sync.Mutex
	ops []Op
}

func (tr *trace) before(op Op) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.ops = append(tr.ops, op)
	return nil
}

func (tr *trace) calls() string {
	var calls []string
	for _, op := range tr.ops {
		calls = append(calls, op.Call)
	}
	return strings.Join(calls, " ")
}

// refuse makes a call fail as if the file system could not do it.
func refuse(call string, errno error) func(Op) error {
	return func(op Op) error {
		if op.Call == call {
			return errno
		}
		return nil
	}
}

// both joins hooks.
func both(a, b func(Op) error) func(Op) error {
	return func(op Op) error {
		if err := a(op); err != nil {
			return err
		}
		return b(op)
	}
}

// variants are the file systems that new files can be made on.
var variants = map[string]func(Op) error{
	"nameless": func(Op) error { return nil },
	"named":    refuse("tmpfile", unix.EOPNOTSUPP),
	"plain":    both(refuse("tmpfile", unix.EOPNOTSUPP), refuse("rename", unix.EINVAL)),
}

func TestErrorSaysWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&Error{Op{Call: "open", Path: "/a/app\n.log"}, unix.ENOENT}, `open "/a/app\n.log": no such file or directory`},
		{&Error{Op{"rename", "/a", "/b"}, unix.EEXIST}, `rename "/a" to "/b": file exists`},
		{Op{Call: "truncate", Path: "/a"}.fail(&fs.PathError{Op: "truncate", Path: "/a", Err: unix.EIO}), `truncate "/a": input/output error`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestCallIsRepeatedWhenInterrupted(t *testing.T) {
	n := 0
	err := new(FS).call(Op{}, func() error {
		if n++; n < 3 {
			return unix.EINTR
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Fatalf("%d calls, error %v", n, err)
	}
}
