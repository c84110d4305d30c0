package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/signaler"
)

// fewLines a second are enough, as many tests as there are at a time.
const fewLines = 10_000

func TestServiceLosesNothing(t *testing.T) {
	t.Parallel()
	dir := serviceDir(t)
	s := startedService(t, dir)

	turnByHand(t, s, dir, accessLog, 1)
	if got := released(t, dir, accessLog+".1", 10*time.Second); got != signaler.Released {
		t.Fatalf("after SIGUSR2 to the master the old log is %s, want released", got)
	}

	order(t, s, "worker-3", "deaf")
	turnByHand(t, s, dir, accessLog, 2)
	if got := released(t, dir, accessLog+".2", 500*time.Millisecond); got != signaler.Held {
		t.Fatalf("with a deaf worker the old log is %s, want held", got)
	}
	order(t, s, "worker-3", "hear")
	tellMaster(t, s)
	if got := released(t, dir, accessLog+".2", 10*time.Second); got != signaler.Released {
		t.Fatalf("when the worker hears again the old log is %s, want released", got)
	}

	wrote, err := s.stop()
	if err != nil {
		t.Fatal(err)
	}
	c, err := countLines(filepath.Join(dir, "log"), wrote)
	if err != nil {
		t.Fatal(err)
	}
	if !c.right() || c.files != 4 {
		t.Errorf("%+v lost %d, want 4 files with every line once", c, c.lost())
	}
}

func TestServiceEndsWithItsStarter(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*service, context.CancelFunc){
		"its starter gives up": func(_ *service, cancel context.CancelFunc) { cancel() },
		"its starter dies":     func(s *service, _ context.CancelFunc) { s.orders.Close() },
		"its master is killed": func(s *service, _ context.CancelFunc) { s.master.Process.Kill() },
		"a worker is killed":   func(s *service, _ context.CancelFunc) { syscall.Kill(s.pids["worker-1"], syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := startService(ctx, serviceDir(t), fewLines, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.end()
			handles := map[string]int{}
			for who, pid := range s.pids {
				fd, err := unix.PidfdOpen(pid, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer unix.Close(fd)
				handles[who] = fd
			}
			end(s, cancel)
			for who, fd := range handles {
				if !ended(fd) {
					t.Errorf("%s still runs", who)
				}
			}
		})
	}
}

// ended waits until the process behind a pidfd has ended.
func ended(pidfd int) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 10_000)
		if err != unix.EINTR {
			return n == 1
		}
	}
}

func TestServiceNamesItsProcesses(t *testing.T) {
	t.Parallel()
	s := startedService(t, serviceDir(t))
	names := slices.Sorted(maps.Keys(s.pids))
	if want := []string{"master", "worker-1", "worker-2", "worker-3", "worker-4"}; !slices.Equal(names, want) {
		t.Errorf("processes %q, want %q", names, want)
	}
	if s.pids["master"] != s.master.Process.Pid {
		t.Errorf("master says that it is %d, want %d", s.pids["master"], s.master.Process.Pid)
	}
}

func serviceDir(t *testing.T) string {
	dir := t.TempDir()
	for _, d := range []string{"log", "run"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func startedService(t *testing.T, dir string) *service {
	t.Helper()
	s, err := startService(t.Context(), dir, fewLines, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

func order(t *testing.T, s *service, worker, word string) {
	t.Helper()
	if err := s.order(worker, word); err != nil {
		t.Fatal(err)
	}
}

func tellMaster(t *testing.T, s *service) {
	t.Helper()
	if err := s.master.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
}

// turnByHand does what a rotation does: rename, then signal.
func turnByHand(t *testing.T, s *service, dir, log string, n int) {
	t.Helper()
	log = filepath.Join(dir, log)
	if err := os.Rename(log, log+"."+string(rune('0'+n))); err != nil {
		t.Fatal(err)
	}
	tellMaster(t, s)
}

func released(t *testing.T, dir, archive string, wait time.Duration) signaler.Status {
	t.Helper()
	var result signaler.Result
	signaler.Await(t.Context(), slices.Values([]signaler.Watched{{
		Open: func() (*os.File, error) { return os.Open(filepath.Join(dir, archive)) },
		Wait: wait,
		Done: func(r signaler.Result) { result = r },
	}}))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	return result.Status
}
