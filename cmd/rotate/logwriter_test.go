package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rotate/testdata/unpack"
)

// logwriter is a service for scripts: a process that writes numbered lines to
// its log until it is interrupted, reopens the log on SIGUSR2, and may have a
// worker that does so when told by pipe. Its pidfile appears when it is ready.
// How many lines each wrote goes to the file totals.
func logwriter() {
	w := writer{id: "w0"}
	flag.StringVar(&w.log, "log", "app.log", "")
	flag.StringVar(&w.pidfile, "pid", "", "")
	flag.StringVar(&w.totals, "totals", "totals", "")
	flag.IntVar(&w.count, "count", 0, "end after so many lines")
	flag.StringVar(&w.stuck, "stuck", "", "who gets a signal does not reopen until this file is there")
	flag.BoolVar(&w.hire, "worker", false, "have a worker, which alone is stuck")
	flag.BoolVar(&w.hired, "hired", false, "be the worker")
	flag.Parse()
	if err := w.serve(); err != nil {
		fmt.Fprintln(os.Stderr, "logwriter:", err)
		os.Exit(1)
	}
}

type writer struct {
	id, log, pidfile, totals, stuck string
	count                           int
	hire, hired                     bool

	file    *os.File
	lines   int
	reopens bool
	worker  *exec.Cmd
	pipe    io.WriteCloser
}

func (w *writer) serve() error {
	usr2, stop := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT)
	orders := make(chan string)
	who := "logwriter"
	if w.hired {
		w.id, who = "w1", "worker"
		go listenTo(os.Stdin, orders)
	} else {
		signal.Notify(usr2, syscall.SIGUSR2)
	}
	if err := os.WriteFile("/proc/self/comm", []byte(who), 0); err != nil { // the name by which it is reported
		return err
	}
	if err := w.open(); err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for w.count == 0 || w.lines < w.count {
		select {
		case <-stop:
			return w.end()
		case _, more := <-orders:
			if !more {
				return w.end()
			}
			w.reopens = true
		case <-usr2:
			w.reopens = true
			if w.worker != nil {
				fmt.Fprintln(w.pipe, "reopen")
			}
		case <-tick.C:
		}
		if err := w.write(); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *writer) open() (err error) {
	w.file, err = os.OpenFile(w.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	return err
}

// begin starts the worker and says that all is ready.
func (w *writer) begin() error {
	if w.hire {
		args := []string{"-hired", "-log", w.log, "-totals", w.totals, "-stuck", w.stuck}
		w.worker = exec.Command("/proc/self/exe", args...)
		w.worker.Args[0] = "logwriter"
		w.worker.Stderr = os.Stderr
		var err error
		if w.pipe, err = w.worker.StdinPipe(); err != nil {
			return err
		}
		ready, err := w.worker.StdoutPipe()
		if err != nil {
			return err
		}
		if err := w.worker.Start(); err != nil {
			return err
		}
		if _, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
			return err
		}
		w.stuck = "" // it is the worker who is
	}
	if w.hired {
		fmt.Println("ready")
	}
	if w.pidfile == "" {
		return nil
	}
	return os.WriteFile(w.pidfile, fmt.Appendln(nil, os.Getpid()), 0o644)
}

func (w *writer) write() error {
	if w.reopens && (w.stuck == "" || exists(w.stuck)) {
		w.reopens = false
		if err := w.file.Close(); err != nil {
			return err
		}
		if err := w.open(); err != nil {
			return err
		}
	}
	w.lines++
	_, err := fmt.Fprintln(w.file, w.id, w.lines)
	return err
}

func (w *writer) end() error {
	if w.worker != nil {
		w.pipe.Close()
		if err := w.worker.Wait(); err != nil {
			return err
		}
	}
	totals, err := os.OpenFile(w.totals, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(totals, w.id, w.lines); err != nil {
		return err
	}
	if w.pidfile != "" {
		if err := os.Remove(w.pidfile); err != nil {
			return err
		}
	}
	return totals.Close()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func listenTo(r io.Reader, orders chan<- string) {
	defer close(orders)
	for s := bufio.NewScanner(r); s.Scan(); {
		orders <- s.Text()
	}
}

// nolost: nolost TOTALS FILE... demands that each line that the totals promise
// is in exactly one of the files, compressed or not, and that no other is.
func nolost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nolost totals file...")
	}
	seen := map[string]int{}
	for _, file := range args[1:] {
		text, err := unpack.Read(ts.MkAbs(file))
		ts.Check(err)
		for line := range strings.Lines(text) {
			seen[strings.TrimSuffix(line, "\n")]++
		}
	}
	lines := 0
	for total := range strings.Lines(ts.ReadFile(args[0])) {
		var id string
		var n int
		if _, err := fmt.Sscan(total, &id, &n); err != nil {
			ts.Fatalf("%s: %q: %v", args[0], total, err)
		}
		for i := 1; i <= n; i++ {
			line := fmt.Sprintf("%s %d", id, i)
			if seen[line] != 1 {
				ts.Fatalf("line %q of %s: found %d times", line, strings.TrimSpace(total), seen[line])
			}
			delete(seen, line)
			lines++
		}
	}
	for line := range seen {
		ts.Fatalf("line %q was never written", line)
	}
	if lines == 0 {
		ts.Fatalf("no lines were written")
	}
	ts.Logf("%d lines, each once", lines)
}
