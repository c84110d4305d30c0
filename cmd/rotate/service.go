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
	"strconv"
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
// All have one standard output. Each prints its name and process id when it is
// up, and its name and how many lines it has written when it ends. When the
// output ends, so have all.
//
// Paths are relative to the working directory.
const (
	accessLog = "log/access.log"
	masterLog = "log/master.log"
	pidfile   = "run/master.pid"

	workers    = 4
	slowWorker = 2  // serves requests that take longer
	slowBeats  = 15 // how long; those of the others take one beat
)

// serve is the life of one process of the service. Role is "master", or the
// name of a worker; lines is how many all workers log in a second.
func serve(role string, lines int) error {
	// Who holds a file is reported by this name. Without it the demo works too.
	_ = os.WriteFile("/proc/self/comm", []byte(role), 0)
	if role == "master" {
		return master(lines)
	}
	return worker(role, lines)
}

// master runs the workers until it gets SIGTERM. It passes on orders that it
// reads, such as "worker-3 deaf", and answers "ok".
func master(lines int) (err error) {
	log, err := openLog(masterLog, "master", lines/50)
	if err != nil {
		return err
	}
	// Handlers come before the pidfile: without one, SIGUSR2 kills.
	usr2, term := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(usr2, syscall.SIGUSR2)
	signal.Notify(term, syscall.SIGTERM)

	c := crew{ended: make(chan error, workers)}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.hire(lines); err != nil {
		return err
	}
	if err := os.WriteFile(pidfile, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
		return err
	}
	defer os.Remove(pidfile) // its folder is temporary
	fmt.Println("master", os.Getpid())

	orders := listen(os.Stdin)
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
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
			return errors.Join(errors.New("a worker ended too soon"), err)
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

func (c *crew) hire(lines int) error {
	for n := range workers {
		m := reexec(context.Background(), workerName(n+1), lines)
		m.Stdout, m.Stderr = os.Stdout, os.Stderr
		pipe, err := m.StdinPipe()
		if err != nil {
			return err
		}
		if err := m.Start(); err != nil {
			return err
		}
		c.members, c.pipes = append(c.members, m), append(c.pipes, pipe)
		go func() {
			err := m.Wait()
			if err != nil {
				err = fmt.Errorf("%s: %w", workerName(n+1), err)
			}
			c.ended <- err
		}()
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

// worker logs until its standard input ends. Told to reopen its log, it does
// so when the request that it is serving is done. A deaf one misses that.
func worker(name string, lines int) error {
	log, err := openLog(accessLog, name, lines/workers)
	if err != nil {
		return err
	}
	fmt.Println(name, os.Getpid())
	request := 1
	if name == workerName(slowWorker) {
		request = slowBeats
	}
	told := listen(os.Stdin)
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	deaf, reopen := false, false
	for n := 1; ; {
		select {
		case word, more := <-told:
			switch {
			case !more:
				return log.close()
			case word == "deaf", word == "hear":
				deaf = word == "deaf"
			case word == "reopen" && !deaf:
				reopen = true
			}
		case <-ticks.C:
			if err := log.burst(); err != nil {
				return err
			}
			if n++; reopen && n%request == 0 {
				reopen = false
				if err := log.reopen(); err != nil {
					return err
				}
			}
		}
	}
}

func workerName(n int) string { return fmt.Sprintf("worker-%d", n) }

// reexec is this very program in another role.
func reexec(ctx context.Context, role string, lines int) *exec.Cmd {
	c := exec.CommandContext(ctx, "/proc/self/exe", "demo", "--role", role, "--lines", strconv.Itoa(lines))
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
