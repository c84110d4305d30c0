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

	"rotate/rotate/internal/fsys"
	"rotate/testdata/host"
)

// held names, in the environment of this program run again, a state to lock.
const held = "STATE_TEST_HELD"

func TestMain(m *testing.M) {
	if path := os.Getenv(held); path != "" {
		held, err := Lock(context.Background(), path, 0)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		time.Sleep(time.Hour) // until killed
		held.Unlock()
	}
	os.Exit(m.Run())
}

func lock(t *testing.T, path string, wait time.Duration) *Held {
	t.Helper()
	held, err := Lock(t.Context(), path, wait)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func unlocked(t *testing.T, held *Held) {
	t.Helper()
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockKeepsOthersOff(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	held := lock(t, path, 0)
	for _, wait := range []time.Duration{0, time.Millisecond} {
		_, err := Lock(t.Context(), path, wait)
		want := fmt.Sprintf("lock %q: held by another run", path)
		if !errors.Is(err, ErrLocked) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("wait %v: got %v, want %v", wait, err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Lock(ended, path, time.Hour); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), ": interrupted while ") {
		t.Errorf("a wait that was ended: %v", err)
	}
	for range 10 {
		if _, err := Lock(t.Context(), path, time.Nanosecond); !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
	}
	unlocked(t, held)
	// The attempts that gave up must not keep what they are given too late.
	for range 200 {
		unlocked(t, lock(t, path, -1))
	}
	unlocked(t, lock(t, path, time.Hour))

	info, err := os.Stat(path)
	if err != nil || info.Mode() != fileMode || info.Size() != 0 {
		t.Errorf("after the last unlock: %v, %v", info, err)
	}
}

func TestLockIsHeldByOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	var holders atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			held, err := Lock(t.Context(), path, []time.Duration{-1, time.Hour}[i%2])
			if err != nil {
				t.Error(err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d holders", n)
			}
			holders.Add(-1)
			if err := held.Unlock(); err != nil {
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

// Whoever can open the file can hold the lock: CVE-2022-1348.
func TestLockThatAnybodyCouldHold(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	// Not in t.TempDir, whose parents are closed to others.
	dir, err := os.MkdirTemp("", "lock")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir) // a temporary folder
	path := filepath.Join(dir, "status")
	for _, err := range []error{os.Chmod(dir, 0o755), os.WriteFile(path, nil, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	unlocked(t, lock(t, path, 0)) // as long as none does

	stranger := exec.Command("flock", "-F", path, "sh", "-c", "echo; exec sleep 1000")
	stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := stranger.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()         // killed below
	defer stranger.Process.Kill() // it holds a file that is gone
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(t.Context(), path, -1); !errors.Is(err, ErrExposed) {
		t.Errorf("got %v", err)
	}
	// The next run, without the lock, mends it, though it has nothing to record.
	s, _ := read(t, path)
	if err := s.Save(&fsys.FS{}, nil); err != nil {
		t.Fatal(err)
	}
	unlocked(t, lock(t, path, 0))
}

func TestLockRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{"link to nowhere", func(path string) error { return os.Symlink(path+"2", path) }, "no such file or directory"},
		{"FIFO", func(path string) error { return unix.Mkfifo(path, 0o600) }, "not a regular file"},
		{"folder", func(path string) error { return os.Mkdir(path, 0o700) }, "is a directory"},
		{"in no folder", func(path string) error { return os.Remove(filepath.Dir(path)) }, "no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "status")
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			if _, err := Lock(t.Context(), path, 0); err == nil || err.Error() != fmt.Sprintf("lock %q: %s", path, tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// The name stands for a file that is locked, however often it is replaced.
func TestLockFollowsTheState(t *testing.T) {
	t.Parallel()
	real := given(t, header2+"\n")
	path := filepath.Join(t.TempDir(), "status")
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	held := lock(t, path, 0)
	s, _ := read(t, path)
	waiting := make(chan *Held)
	go func() {
		held, err := Lock(t.Context(), path, -1)
		if err != nil {
			t.Error(err)
		}
		waiting <- held
	}()
	for log := range 3 {
		s.Set(fmt.Sprint("/", log), day)
		if err := s.Save(&fsys.FS{}, held); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{path, real} {
			if _, err := Lock(t.Context(), path, 0); !errors.Is(err, ErrLocked) {
				t.Fatalf("after save %d: got %v", log, err)
			}
		}
	}
	select {
	case <-waiting:
		t.Fatal("the one that waited began too soon")
	default:
	}
	unlocked(t, held)
	// It must hold what has the name now, not the file that it waited for.
	held = <-waiting
	if _, err := Lock(t.Context(), path, 0); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	unlocked(t, held)
}

// A run of ours and one of logrotate exclude each other, both ways.
func TestLockIsThatOfLogrotate(t *testing.T) {
	t.Parallel()
	host.Needs(t, "logrotate")
	dir := t.TempDir()
	path, log, config, ready, done := dir+"/status", dir+"/log", dir+"/config", dir+"/ready", dir+"/done"
	text := fmt.Sprintf("%s {\n size 1\n firstaction\n echo >%s; read line <%s\n endscript\n}\n", log, ready, done)
	for _, err := range []error{
		os.WriteFile(config, []byte(text), 0o600), os.WriteFile(log, []byte("one\n"), 0o600),
		unix.Mkfifo(ready, 0o600), unix.Mkfifo(done, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}

	held := lock(t, path, 0)
	s, _ := read(t, path)
	s.Set("/a", day)
	if err := s.Save(&fsys.FS{}, held); err != nil { // which must not lose the lock
		t.Fatal(err)
	}
	if out, err := exec.Command("logrotate", "-s", path, config).CombinedOutput(); err == nil || !strings.Contains(string(out), "already locked") {
		t.Fatalf("got %v: %s", err, out)
	}
	unlocked(t, held)

	cmd := exec.Command("logrotate", "-s", path, config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() // below, or after a failure
	if _, err := os.ReadFile(ready); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(t.Context(), path, 0); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(done, []byte("\n"), 0); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	unlocked(t, lock(t, path, 0))
}

func TestLockOfDiscardedState(t *testing.T) {
	t.Parallel()
	for range 2 {
		lock(t, "/dev/null", 0)
	}
}
