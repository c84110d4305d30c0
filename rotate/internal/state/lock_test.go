package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// held names, in the environment of this program run again, a state to lock.
const held = "STATE_TEST_HELD"

func TestMain(m *testing.M) {
	if path := os.Getenv(held); path != "" {
		unlock, err := Lock(context.Background(), path, 0)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		time.Sleep(time.Hour) // until killed
		unlock()
	}
	os.Exit(m.Run())
}

func lock(t *testing.T, path string, wait time.Duration) func() error {
	t.Helper()
	unlock, err := Lock(t.Context(), path, wait)
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

func unlocked(t *testing.T, unlock func() error) {
	t.Helper()
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockKeepsOthersOff(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	unlock := lock(t, path, 0)
	for _, wait := range []time.Duration{0, time.Millisecond} {
		_, err := Lock(t.Context(), path, wait)
		want := fmt.Sprintf("lock %q: held by another run", path+".lock")
		if !errors.Is(err, ErrLocked) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("wait %v: got %v, want %v", wait, err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Lock(ended, path, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait that was ended: %v", err)
	}
	for range 10 {
		if _, err := Lock(t.Context(), path, time.Nanosecond); !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
	}
	unlocked(t, unlock)
	// The attempts that gave up must not keep what they are given too late.
	for range 200 {
		unlocked(t, lock(t, path, -1))
	}
	unlocked(t, lock(t, path, time.Hour))

	info, err := os.Stat(path + ".lock")
	if err != nil || info.Mode() != 0o600 || info.Size() != 0 {
		t.Errorf("after the last unlock: %v, %v", info, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the state itself was touched: %v", err)
	}
}

func TestLockIsHeldByOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	var holders atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			unlock, err := Lock(t.Context(), path, []time.Duration{-1, time.Hour}[i%2])
			if err != nil {
				t.Error(err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d holders", n)
			}
			holders.Add(-1)
			if err := unlock(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestLockDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), held+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()         // killed below
	defer cmd.Process.Kill() // again, after a failure
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	// The kernel's list can miss a lock while those of other tests come and go.
	for named := false; !named; {
		_, err = Lock(t.Context(), path, 0)
		if !errors.Is(err, ErrLocked) {
			t.Fatalf("got %v", err)
		}
		named = strings.HasSuffix(err.Error(), fmt.Sprintf("process %d", cmd.Process.Pid))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	unlocked(t, lock(t, path, -1))
}

// Whoever can open the lock file could hold it: CVE-2022-1348.
func TestLockRefusesFilesOfOthers(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	write := func(path string) error { return os.WriteFile(path, nil, 0o600) }
	for _, tt := range []struct {
		name string
		make func(path string) error
		want string
		root bool
	}{
		{"readable by all", func(path string) error { return errors.Join(write(path), os.Chmod(path, 0o604)) }, "mode 0604 lets other users hold the lock", false},
		{"readable by the group", func(path string) error { return errors.Join(write(path), os.Chmod(path, 0o640)) }, "mode 0640 lets other users hold the lock", false},
		{"writable by all", func(path string) error { return errors.Join(write(path), os.Chmod(path, 0o602)) }, "mode 0602 lets other users hold the lock", false},
		{"of another user", func(path string) error { return errors.Join(write(path), os.Chown(path, nobody, 0)) }, "owned by user 65534", true},
		{"with a second name", func(path string) error { return errors.Join(write(path), os.Link(path, path+"2")) }, "has 2 names", false},
		{"symbolic link", func(path string) error { return errors.Join(write(path+"2"), os.Symlink(path+"2", path)) }, "too many levels of symbolic links", false},
		{"dangling link", func(path string) error { return os.Symlink(path+"2", path) }, "too many levels of symbolic links", false},
		{"FIFO", func(path string) error { return unix.Mkfifo(path, 0o600) }, "not a regular file", false},
		{"folder", func(path string) error { return os.Mkdir(path, 0o700) }, "is a directory", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.root {
				needRoot(t)
			}
			path := filepath.Join(t.TempDir(), "status")
			if err := tt.make(path + ".lock"); err != nil {
				t.Fatal(err)
			}
			if _, err := Lock(t.Context(), path, 0); err == nil || err.Error() != fmt.Sprintf("lock %q: %s", path+".lock", tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestLockFileIsClosedToOthers tries to hold the lock as another user.
func TestLockFileIsClosedToOthers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	// Not in t.TempDir, whose parents are closed to others as well.
	dir, err := os.MkdirTemp("", "lock")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir) // a temporary folder
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "status")
	defer unlocked(t, lock(t, path, 0))
	cmd := exec.Command("cat", path+".lock")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "Permission denied") {
		t.Errorf("opened by another user: %q, %v", out, err)
	}
}

func TestLockOfDiscardedState(t *testing.T) {
	t.Parallel()
	for range 2 {
		lock(t, "/dev/null", 0)
	}
	if _, err := os.Lstat("/dev/null.lock"); !os.IsNotExist(err) {
		t.Errorf("/dev/null.lock: %v", err)
	}
}

// needRoot skips a test that only root can run, and fails it where it must run.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("needs root")
	}
	t.Skip("needs root")
}
