package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// The service of the demo is a master and its workers: processes that do
// nothing but log. The workers share one log, the master has its own. On
// SIGUSR2 the master reopens its log and tells each worker, by pipe, to do the
// same; nobody signals a worker. A process whose pipe ends stops in good
// order, so that none outlives the one who started it.
//
// Paths are relative to the working directory.
const (
	accessLog = "log/access.log"
	masterLog = "log/master.log"
	pidfile   = "run/master.pid"

	workers = 4
	beat    = 10 * time.Millisecond // how often a process logs
)

// serve is the life of one process of the service. Role is "master", or the
// name of a worker.
func serve(role string) error {
	// Who holds a file is reported by this name. Without it the demo works too.
	_ = os.WriteFile("/proc/self/comm", []byte(role), 0)
	if role == "master" {
		return master()
	}
	return worker(role)
}

// All processes of the service have one standard output. Each prints its name
// and process id when it is up, and its name and the lines that it has written
// when it ends. When the output ends, so have all.

// master runs the workers until it gets SIGTERM. It passes on orders that it
// reads, such as "worker-3 deaf", and answers "ok".
func master() (err error) {
	log, err := openLog(masterLog, "master", 20)
	if err != nil {
		return err
	}
	// Handlers come before the pidfile: without one, SIGUSR2 kills.
	usr2, term := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(usr2, syscall.SIGUSR2)
	signal.Notify(term, syscall.SIGTERM)

	c := crew{ended: make(chan error, workers)}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.hire(); err != nil {
		return err
	}
	if err := os.WriteFile(pidfile, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
		return err
	}
	defer os.Remove(pidfile) // its folder is temporary
	fmt.Println("master", os.Getpid())

	orders := listen(os.Stdin)
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		select {
		case <-beats.C:
			err = log.burst()
		case <-usr2:
			err = log.reopen()
			c.tell("", "reopen")
		case order, more := <-orders:
			if !more {
				return log.close()
			}
			name, word, _ := strings.Cut(order, " ")
			c.tell(name, word)
			fmt.Println("ok")
		case <-term:
			return log.close()
		case err := <-c.ended:
			c.gone++
			return fmt.Errorf("a worker ended too soon: %w", err)
		}
		if err != nil {
			return err
		}
	}
}

// crew is the workers, as their master sees them.
type crew struct {
	members []*exec.Cmd
	pipes   []io.WriteCloser
	ended   chan error // one for each member
	gone    int        // received from ended
}

func (c *crew) hire() error {
	for n := range workers {
		m := reexec(context.Background(), workerName(n+1))
		m.Stdout, m.Stderr = os.Stdout, os.Stderr
		pipe, err := m.StdinPipe()
		if err != nil {
			return err
		}
		if err := m.Start(); err != nil {
			return err
		}
		c.members, c.pipes = append(c.members, m), append(c.pipes, pipe)
		go func() { c.ended <- m.Wait() }()
	}
	return nil
}

// tell says word to the worker called name, or to all.
func (c *crew) tell(name, word string) {
	for i, pipe := range c.pipes {
		if name == "" || name == workerName(i+1) {
			_, _ = fmt.Fprintln(pipe, word) // one who cannot hear it has ended, and is missed
		}
	}
}

// stop ends the pipes of the workers and waits for each.
func (c *crew) stop() error {
	for _, pipe := range c.pipes {
		_ = pipe.Close() // a pipe has nothing to lose
	}
	var errs []error
	for ; c.gone < len(c.members); c.gone++ {
		errs = append(errs, <-c.ended)
	}
	return errors.Join(errs...)
}

func workerName(n int) string { return fmt.Sprintf("worker-%d", n) }

// reexec is this very program in another role.
func reexec(ctx context.Context, role string) *exec.Cmd {
	c := exec.CommandContext(ctx, "/proc/self/exe", "demo", "--role", role)
	c.Args[0] = "rotate"
	return c
}

// listen sends the lines of r, and closes the channel at its end.
func listen(r io.Reader) <-chan string {
	heard := make(chan string)
	go func() {
		defer close(heard)
		for s := bufio.NewScanner(r); s.Scan(); {
			heard <- s.Text()
		}
	}()
	return heard
}
