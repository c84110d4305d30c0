package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// service is a running service, as the one sees it who started it.
type service struct {
	pids   map[string]int
	master *exec.Cmd
	orders io.WriteCloser
	said   *bufio.Scanner
	drop   context.CancelFunc
}

// startService starts the service in dir, with so many lines a second, and
// returns when it is up. When ctx ends, so does the service. The caller calls
// end, whatever else it does.
func startService(ctx context.Context, dir string, lines int, stderr io.Writer) (*service, error) {
	ctx, drop := context.WithCancel(ctx)
	m := reexec(ctx, "master", lines)
	m.Dir, m.Stderr = dir, stderr
	m.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not meant for a service
	s := &service{master: m, drop: drop}
	if err := s.start(); err != nil {
		drop()
		return nil, fmt.Errorf("start the service: %w", err)
	}
	pids, err := s.hear()
	if err != nil {
		s.end()
		return nil, fmt.Errorf("start the service: %w", err)
	}
	s.pids = pids
	return s, nil
}

func (s *service) start() error {
	orders, err := s.master.StdinPipe()
	if err != nil {
		return err
	}
	said, err := s.master.StdoutPipe()
	if err != nil {
		return err
	}
	s.orders, s.said = orders, bufio.NewScanner(said)
	s.master.Cancel = orders.Close
	s.master.WaitDelay = 5 * time.Second // then it is killed
	return s.master.Start()
}

// order gives one worker an order, and returns when it is on its way.
func (s *service) order(worker, word string) error {
	if _, err := fmt.Fprintln(s.orders, worker, word); err != nil {
		return fmt.Errorf("order %s to be %s: %w", worker, word, err)
	}
	if !s.said.Scan() {
		return fmt.Errorf("order %s to be %s: the service has ended", worker, word)
	}
	return nil
}

// stop ends the service and waits until every process of it has ended. It
// returns how many lines each says it has written.
func (s *service) stop() (wrote map[string]int, err error) {
	if err := s.master.Process.Signal(syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("stop the service: %w", err)
	}
	wrote, err = s.hear()
	for s.said.Scan() { // until the last process is gone
	}
	if err := errors.Join(err, s.master.Wait()); err != nil {
		return nil, fmt.Errorf("stop the service: %w", err)
	}
	return wrote, nil
}

// hear reads one number from each process.
func (s *service) hear() (map[string]int, error) {
	said := map[string]int{}
	for len(said) < 1+workers {
		if !s.said.Scan() {
			return nil, fmt.Errorf("it ended when %d of its %d processes had reported", len(said), 1+workers)
		}
		var who string
		var n int
		if _, err := fmt.Sscan(s.said.Text(), &who, &n); err != nil {
			return nil, fmt.Errorf("a process reports %q: %w", s.said.Text(), err)
		}
		said[who] = n
	}
	return said, nil
}

// end makes sure that nothing of the service is left.
func (s *service) end() {
	s.drop()
	for s.said.Scan() { // as above
	}
	_ = s.master.Wait() // an error when stop has waited before
}
