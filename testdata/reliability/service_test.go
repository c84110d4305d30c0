package reliability

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serve writes numbered lines to logs in turn, and reopens them on SIGUSR2. A number on
// its standard input is how many more lines are to be written before it
// answers with how many there are; in between it goes on at its own pace. When
// its standard input ends it stops, and says how many there are.
//
// A "brisk" service writes some thousand lines a second, a "busy" one as many
// as it can. A "durable" one is brisk, and syncs its log every now and then. A
// "calm" one writes some hundred. Where the disk is full, it waits.
func serve(role, paths string) error {
	var logs []*os.File
	open := func() error {
		for i, path := range strings.Split(paths, ":") {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
			for errors.Is(err, syscall.ENOSPC) {
				time.Sleep(time.Millisecond)
				f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
			}
			if err != nil {
				return err
			}
			if i == len(logs) {
				logs = append(logs, f)
				continue
			}
			if err := logs[i].Close(); err != nil {
				return err
			}
			logs[i] = f
		}
		return nil
	}
	if err := open(); err != nil {
		return err
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGUSR2)
	orders := make(chan int)
	go func() {
		defer close(orders)
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			n, err := strconv.Atoi(s.Text())
			if err != nil {
				return
			}
			orders <- n
		}
	}()
	pause := 300 * time.Microsecond
	if role == "calm" {
		pause = 5 * time.Millisecond
	}
	tick := time.NewTicker(pause).C
	if role == "busy" {
		always := make(chan time.Time)
		close(always)
		tick = always
	}
	n, pid := 0, os.Getpid()
	write := func() error {
		f := logs[n%len(logs)]
		text := []byte(line(n, pid) + "\n")
		k, err := f.Write(text)
		for errors.Is(err, syscall.ENOSPC) {
			time.Sleep(time.Millisecond)
			text = text[k:]
			k, err = f.Write(text)
		}
		n++
		if err == nil && role == "durable" && n%25 == 0 {
			err = f.Sync()
		}
		return err
	}
	fmt.Println("ready")
	for {
		select {
		case <-signals:
			if err := open(); err != nil {
				return err
			}
		case more, ok := <-orders:
			if !ok {
				fmt.Println(n)
				return nil
			}
			for range more {
				if err := write(); err != nil {
					return err
				}
			}
			fmt.Println(n)
		case <-tick:
			if err := write(); err != nil {
				return err
			}
		}
	}
}

// line is the n-th line of a service.
func line(n, pid int) string {
	return fmt.Sprintf("line %d of %d %s", n, pid, strings.Repeat("-", n%60))
}

// parse is the inverse of line. It reports false for what is not a whole line.
func parse(s string) (n, pid int, ok bool) {
	if _, err := fmt.Sscanf(s, "line %d of %d", &n, &pid); err != nil {
		return 0, 0, false
	}
	return n, pid, s == line(n, pid)
}

// service is a running serve.
type service struct {
	testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// start starts a service that writes log, and writes its pidfile.
func start(t testing.TB, role, log, pidfile string) *service {
	t.Helper()
	s := &service{TB: t, cmd: exec.Command("/proc/self/exe", log)}
	s.cmd.Env = append(os.Environ(), "RELIABILITY_SERVICE="+role)
	s.cmd.Stderr = os.Stderr
	in, err := s.cmd.StdinPipe()
	must(t, err)
	out, err := s.cmd.StdoutPipe()
	must(t, err)
	s.in, s.out = in, bufio.NewScanner(out)
	must(t, s.cmd.Start())
	t.Cleanup(s.kill)
	s.answer()
	must(t, os.WriteFile(pidfile, fmt.Appendln(nil, s.pid()), 0o644))
	return s
}

func (s *service) pid() int { return s.cmd.Process.Pid }

func (s *service) answer() string {
	s.Helper()
	if !s.out.Scan() {
		s.Fatal("the service is gone")
	}
	return s.out.Text()
}

// more waits until the service has written n more lines, and returns how many
// there are.
func (s *service) more(n int) int {
	s.Helper()
	_, err := fmt.Fprintln(s.in, n)
	must(s, err)
	written, err := strconv.Atoi(s.answer())
	must(s, err)
	return written
}

// stop ends the service and returns how many lines it wrote.
func (s *service) stop() int {
	s.Helper()
	must(s, s.in.Close())
	n, err := strconv.Atoi(s.answer())
	must(s, err)
	must(s, s.cmd.Wait()) // its log is closed
	return n
}

func (s *service) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	_ = s.cmd.Wait()         // it was killed
}

// writes reports whether the service has the file at path open.
func (s *service) writes(path string) bool {
	s.Helper()
	want, err := os.Stat(path)
	if err != nil {
		return false
	}
	fds := fmt.Sprintf("/proc/%d/fd", s.pid())
	entries, err := os.ReadDir(fds)
	must(s, err)
	for _, e := range entries {
		if got, err := os.Stat(fds + "/" + e.Name()); err == nil && os.SameFile(got, want) {
			return true
		}
	}
	return false
}
