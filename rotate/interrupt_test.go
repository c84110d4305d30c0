package rotate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"rotate/rotate/internal/fsys"
)

var errStop = errors.New("told to stop")

// interruptAt executes a run whose context ends before its k-th change of a
// file. It reports whether it came that far.
func interruptAt(r *Run, k int) (report *Report, interrupted bool) {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	changes := 0
	r.opts.Jobs = 1
	r.fs.Before = func(fsys.Op) error {
		if changes++; changes > k {
			interrupted = true
			stop(errStop)
		}
		return nil
	}
	report = execute(ctx, r)
	return report, interrupted
}

// TestInterruptedAnywhere ends the context of a run at its k-th change of a
// file, for every k. Whoever writes to what it turned was told, and normal runs
// do the rest: see endAt.
func TestInterruptedAnywhere(t *testing.T) {
	for name, keys := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, interrupted := 0, true; interrupted; k++ {
				t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
					interrupted = endAt(t, keys, func(r *Run, s *service) bool {
						report, interrupted := interruptAt(r, k)
						for _, l := range report.Logs {
							if l.Turned && l.Log.Name == "a.log" {
								s.do("await 2") // one was for the first run
							}
						}
						return interrupted
					})
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestInterruptedWhileCopying does so to runs that copy and empty logs, one of
// which somebody has open.
func TestInterruptedWhileCopying(t *testing.T) {
	for name, dir := range map[string]string{"disk": "", "memory": "/dev/shm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, interrupted := 0, true; interrupted; k++ {
				interrupted = cutting(t, dir, 10_000, fmt.Sprintf("k=%d", k), func(r *Run) bool {
					_, interrupted := interruptAt(r, k)
					return interrupted
				})
			}
		})
	}
}

// TestInterruptedWaiting has a run wait for what never comes, and ends its
// context: it returns, nobody it started waits on, and the next run, for which it
// does come, leaves each line once.
func TestInterruptedWaiting(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"firstaction":    "firstaction=WAIT",
		"prerotate":      "prerotate=WAIT",
		"all prerotate":  "prerotate=WAIT\nsharedscripts=true",
		"postrotate":     "postrotate=WAIT",
		"all postrotate": "postrotate=WAIT\nsharedscripts=true",
		"preremove":      "preremove=WAIT",
		"lastaction":     "lastaction=WAIT",
		"notify":         "[[log.app.notify]]\ncommand=['sh', '-c', WAIT]",
		"compress":       "compress={ext='.x', command=['sh', '-c', WAIT]}",
		"mail":           "mail='root'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(syscall.Mkfifo(w.path("reached"), 0o600))
			w.must(syscall.Mkfifo(w.path("never"), 0o600))
			for _, log := range []string{"a", "b"} {
				w.write("log/"+log+".log", log+"1\n")
				w.write("log/"+log+".log.1", log+"2\n")
			}
			w.seen("log/a.log", "log/b.log")
			w.must(os.WriteFile(w.path("mail"), []byte("#!/bin/sh\n[ -e "+w.path("gone")+" ] && exit\n"+w.wait()+"\n"), 0o755))
			toml := "[log.app]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=1\n"
			mail := func(o *Options) { o.MailCommand = w.path("mail") }

			ctx, stop := context.WithCancelCause(context.Background())
			defer stop(nil)
			r := w.prepare(toml+strings.ReplaceAll(keys, "WAIT", "'"+w.wait()+"'")+"\n", mail)
			go func() {
				w.read(w.path("reached"))
				stop(errStop)
			}()
			report := r.Execute(ctx)
			if complaint := strings.Join(said(report), "; "); !strings.Contains(complaint, errStop.Error()) {
				t.Errorf("the run said %q", complaint)
			}
			if _, err := os.OpenFile(w.path("never"), os.O_WRONLY|syscall.O_NONBLOCK, 0); !errors.Is(err, syscall.ENXIO) {
				t.Errorf("somebody still waits: %v", err)
			}

			w.write("gone", "")
			w.now = noon.AddDate(0, 0, 1)
			w.append("log/a.log", "a0\n")
			w.append("log/b.log", "b0\n")
			w.runOK(strings.Replace(toml, "rotate=1", "rotate=9", 1)+strings.ReplaceAll(keys, "WAIT", "'cat'"), mail)
			w.once(strings.Fields("a0 a1 b0 b1"))
		})
	}
}

// wait is a shell command that says that it was reached, and waits for ever,
// with a child.
func (w *world) wait() string {
	return "echo >" + w.path("reached") + "; (read _ <" + w.path("never") + ") & read _ <" + w.path("never")
}

// once fails unless each line is in the logs and archives exactly once.
func (w *world) once(lines []string) {
	w.Helper()
	all := "\n"
	for _, text := range w.tree("log") {
		all += strings.Trim(text, "\x00") + "\n"
	}
	for _, line := range lines {
		if n := strings.Count(strings.ReplaceAll(all, "\n", "\n\n"), "\n"+line+"\n"); n != 1 {
			w.Errorf("line %s is there %d times: %v", line, n, sorted(w.tree("log")))
		}
	}
}

// TestInterruptedWhileSettling has a service that was told and does not let go.
func TestInterruptedWhileSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log", "pid")
	s.do("write a1")
	w.seen("log/a.log")
	const toml = daily + "compress='gzip'\n[[log.app.notify]]\npidfile='DIR/pid'\nwait='1h'\n"
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	r := w.prepare(toml)
	go func() {
		s.do("await 1")
		stop(errStop)
	}()
	report := execute(ctx, r)
	if open := report.Logs[0].open(); len(open) != 1 || len(open[0].Holders) != 1 || open[0].Holders[0].PID != s.cmd.Process.Pid {
		t.Errorf("it names %+v", open)
	}
	s.do("reopen")
	w.runOK(toml)
	w.want("log", map[string]string{"a.log": "", "a.log.1.gz": "a1\n"})
}

// TestSignalsComeBeforeScripts has the script of a policy wait for what the
// signal of a later policy brings about.
func TestSignalsComeBeforeScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(syscall.Mkfifo(w.path("told"), 0o600))
	w.write("log/a.log", "a")
	s := w.start("polite", "log/b.other", "pid")
	s.do("write b")
	w.seen("log/a.log", "log/b.other")
	go func() {
		s.do("await 1")
		w.write("told", "\n")
	}()
	// Not forking: the service is there already.
	r := w.prepare(daily + "postrotate='read _ <DIR/told'\n[log.later]\npaths=['DIR/log/b.other']\nfrequency='daily'\nrotate=3\n[[log.later.notify]]\npidfile='DIR/pid'\n")
	if report := r.Execute(context.Background()); report.Failed() {
		t.Error(said(report))
	}
}

// TestInterruptedPreparation ends while it looks at logs, and decides nothing.
func TestInterruptedPreparation(t *testing.T) {
	t.Parallel()
	for left := range 40 {
		w := newWorld(t)
		for _, log := range []string{"a", "b"} {
			w.write("log/"+log+".log", log)
			w.write("log/"+log+".log.1", log+"1")
			w.pack("log/"+log+".log.1.gz", log+"1")
		}
		policies := w.policies(daily + "compress='gzip'\n")
		run, err := Prepare(&expiring{context.Background(), left}, policies, Options{State: w.path("state"), Now: noon})
		if (err == nil) != (run != nil) || err != nil && !errors.Is(err, errStop) {
			t.Fatalf("%v, %v", run, err)
		}
		if err == nil {
			for _, l := range run.Plan.Policies[0].Logs {
				if len(l.Archives) != 2 || l.Archives[0].Twin+l.Archives[1].Twin == 0 {
					t.Errorf("after %d looks at the context, %s lacks facts: %v", left, l.Path(), l.Archives)
				}
			}
		}
	}
}

// expiring is a context that ends after it was asked so often.
type expiring struct {
	context.Context
	left int
}

func (e *expiring) Err() error {
	if e.left--; e.left < 0 {
		return errStop
	}
	return nil
}

func (e *expiring) Done() <-chan struct{} {
	if e.left < 0 {
		return stopped
	}
	return nil
}

var stopped = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
