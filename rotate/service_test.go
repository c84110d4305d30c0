package rotate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"rotate/rotate/policy"
)

// TestMain lets the test binary be a service, too.
func TestMain(m *testing.M) {
	if role := os.Getenv("ROTATE_TEST_SERVICE"); role != "" {
		run := serve
		if role == "busy" || role == "careless" {
			run = hammer
		}
		if err := run(role, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve has log open for appending and does what it is told on its standard
// input, a line at a time, answering each with a line:
//
//	write TEXT   writes a line
//	reopen       reopens the log
//	await N      waits until N SIGUSR2 have come
//
// The answer is how many have come by then.
//
// On SIGUSR2 a "polite" service reopens its log; a "stuck" one only counts.
func serve(role, log string) error {
	open := func() (*os.File, error) {
		return os.OpenFile(log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	}
	f, err := open()
	if err != nil {
		return err
	}
	reopen := func() error {
		old := f
		if f, err = open(); err != nil {
			return err
		}
		return old.Close()
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGUSR2)
	orders := make(chan string)
	go func() {
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			orders <- s.Text()
		}
		close(orders)
	}()
	came := 0
	told := func() error {
		came++
		if role == "polite" {
			return reopen()
		}
		return nil
	}
	fmt.Println("ready")
	for {
		select {
		case <-signals:
			if err := told(); err != nil {
				return err
			}
		case order, ok := <-orders:
			if !ok {
				return f.Close()
			}
			text, isWrite := strings.CutPrefix(order, "write ")
			n, isAwait := strings.CutPrefix(order, "await ")
			switch {
			case isAwait:
				for strconv.Itoa(came) < n { // one digit
					<-signals
					if err := told(); err != nil {
						return err
					}
				}
			case isWrite:
				if _, err := fmt.Fprintln(f, text); err != nil {
					return err
				}
			case order == "reopen":
				if err := reopen(); err != nil {
					return err
				}
			}
			fmt.Println(came)
		}
	}
}

// service is a running serve.
type service struct {
	w   *world
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// forking keeps services from being started while runs of other tests are under
// way. From its fork to its exec a child has copies of all descriptors of this
// process: it would be one more writer of every archive.
var forking sync.RWMutex

// execute carries out a run. One that empties logs is alone: what the scripts of
// others fork would be one more writer of a log that nobody else has open.
func execute(ctx context.Context, r *Run) *Report {
	for _, p := range r.Plan.Policies {
		if p.Policy.Method == policy.CopyTruncate {
			forking.Lock()
			defer forking.Unlock()
			return r.Execute(ctx)
		}
	}
	forking.RLock()
	defer forking.RUnlock()
	return r.Execute(ctx)
}

// start starts a service on a log, and writes its pidfile once it is ready.
func (w *world) start(role, log string, pidfiles ...string) *service {
	w.Helper()
	s := &service{w: w, cmd: exec.Command("/proc/self/exe", w.path(log))}
	s.cmd.Env = append(os.Environ(), "ROTATE_TEST_SERVICE="+role)
	s.cmd.Stderr = os.Stderr
	in, err := s.cmd.StdinPipe()
	w.must(err)
	out, err := s.cmd.StdoutPipe()
	w.must(err)
	s.in, s.out = in, bufio.NewScanner(out)
	forking.Lock()
	defer forking.Unlock()
	w.must(s.cmd.Start())
	w.Cleanup(func() {
		s.in.Close()
		if err := s.cmd.Wait(); err != nil {
			w.Errorf("the %s service: %v", role, err)
		}
	})
	s.answer()
	for _, p := range pidfiles {
		w.write(p, strconv.Itoa(s.cmd.Process.Pid)+"\n")
	}
	return s
}

func (s *service) answer() string {
	s.w.Helper()
	if !s.out.Scan() {
		s.w.Fatal("the service is gone")
	}
	return s.out.Text()
}

// do gives the service an order and returns how many signals it had by then.
func (s *service) do(order string) string {
	s.w.Helper()
	_, err := fmt.Fprintln(s.in, order)
	s.w.must(err)
	return s.answer()
}
