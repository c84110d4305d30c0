package rotate

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rotate/signaler"
)

const notified = `
[log.app]
paths     = ["DIR/log/a.log"]
frequency = "daily"
rotate    = 3
compress  = "gzip"
[[log.app.notify]]
pidfile = "DIR/pid"
`

func TestReleasedThenCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("polite", "log/a.log", "pid")
	s.do("write one")
	w.seen("log/a.log")
	r := w.runOK(notified)
	s.do("write two")
	w.want("log", map[string]string{"a.log": "two\n", "a.log.1.gz": "one\n"})
	if len(r.Targets) != 1 || len(r.Targets[0].Told) != 1 || r.Targets[0].Told[0].PID != s.cmd.Process.Pid {
		t.Errorf("told %+v, want %d", r.Targets, s.cmd.Process.Pid)
	}
	if got := r.Logs[0].Settled(); len(got) != 1 || got[0].Status != signaler.Released {
		t.Errorf("settled %+v", got)
	}
}

// TestOwed has a process that does not let go: it is named, its archive stays
// plain, it is told again by each run, and once it lets go the next run
// compresses.
func TestOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log", "pid")
	s.do("write one")
	w.seen("log/a.log")
	impatient := notified + "wait = '1ms'\n"
	for run, want := range []string{"1", "2"} {
		r := w.run(impatient)
		if !r.Failed() || !r.Logs[0].Owed() {
			t.Fatalf("run %d: nothing is owed", run)
		}
		settled := r.Logs[0].Settled()[0]
		if len(settled.Holders) != 1 || settled.Holders[0].PID != s.cmd.Process.Pid || !settled.Since.Equal(noon) {
			t.Errorf("run %d: settled %+v, want pid %d since %v", run, settled, s.cmd.Process.Pid, noon)
		}
		if got := s.do("await " + want); got != want {
			t.Errorf("run %d: the service had %s signals, want %s", run, got, want)
		}
		s.do("write more")
		if _, err := os.Stat(w.path("state.owed")); err != nil {
			t.Error(err)
		}
	}
	w.want("log", map[string]string{"a.log.1": "one\nmore\nmore\n"})

	// Nothing changes on disk while nothing changes.
	marks := w.marks()
	w.run(impatient)
	for path, mark := range w.marks() {
		if marks[path] != mark && path != w.path("rotate.toml") {
			t.Errorf("a run that could do nothing changed %s", path)
		}
	}

	s.do("reopen")
	w.runOK(impatient)
	w.want("log", map[string]string{"a.log": "", "a.log.1.gz": "one\nmore\nmore\n"})
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		t.Errorf("something is owed still: %v", err)
	}
}

// TestOwedMovesOn has the log fall due again while its archive is owed.
func TestOwedMovesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log", "pid")
	s.do("write one")
	w.seen("log/a.log")
	impatient := notified + "wait = '1ms'\n"
	w.run(impatient)
	w.append("log/a.log", "two\n")
	w.now = noon.AddDate(0, 0, 1)
	r := w.run(impatient)
	if !r.Failed() {
		t.Error("nothing is owed")
	}
	for _, settled := range r.Logs[0].Settled() {
		if settled.Status == signaler.Held && !settled.Since.Equal(noon) {
			t.Errorf("%s is owed since %v, want %v", settled.Archive.Path(), settled.Since, noon)
		}
	}
	// A run that does not look at the log forgets nothing, and changes nothing.
	marks := w.marks()
	w.write("log/b.log", "b\n")
	w.seen("log/a.log", "log/b.log")
	w.run(impatient, func(o *Options) { o.Only = []string{"other"} })
	if mark := w.marks()[w.path("state.owed")]; mark == "" || mark != marks[w.path("state.owed")] {
		t.Error("a run that looks elsewhere changed what is owed")
	}
	w.write("state", "logrotate state -- version 2\n\""+w.path("log/a.log")+"\" 2026-3-15-12:0:0\n")
	w.run(impatient)
	if mark := w.marks()[w.path("state.owed")]; mark != marks[w.path("state.owed")] {
		t.Error("a run that could do nothing changed what is owed")
	}

	s.do("write late")
	w.want("log", map[string]string{"b.log": "b\n", "a.log.1.gz": "two\n", "a.log.2": "one\nlate\n"})
	s.do("reopen")
	w.runOK(impatient)
	w.want("log", map[string]string{"a.log": "", "b.log": "b\n", "a.log.1.gz": "two\n", "a.log.2.gz": "one\nlate\n"})
}

// TestOwedThoughTheTurnFails has the log of an owed archive fail at each turn: the
// service is told all the same.
func TestOwedThoughTheTurnFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys string
		make func(*world)
	}{
		"prerotate":        {"prerotate = 'false'\n", func(*world) {}},
		"shared prerotate": {"prerotate = 'false'\nsharedscripts = true\n", func(*world) {}},
		"a pair":           {"compress = 'gzip'\n", func(w *world) { w.pack("log/a.log.1.gz", "one\n") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.start("polite", "log/a.log")
			s.do("write one")
			w.seen("log/a.log")
			const notify = "[[log.app.notify]]\npidfile = 'DIR/pid'\nwait = '10s'\n"
			w.run(daily + "create = true\n" + notify) // nobody is told: there is no pidfile
			w.append("log/a.log", "two\n")
			c.make(w)
			w.write("pid", fmt.Sprintln(s.cmd.Process.Pid))
			w.now = w.now.AddDate(0, 0, 1)
			if r := w.run(daily + "create = true\n" + c.keys + notify); !r.Failed() || len(r.Targets) != 1 {
				t.Fatalf("told %v: %v", r.Targets, said(r))
			}
			s.do("await 1")
			if _, err := os.Stat(w.path("state.owed")); err != nil {
				t.Error(err)
			}
			w.runOK(daily + "create = true\ncompress = 'gzip'\n" + notify)
			w.want("log", map[string]string{"a.log": "", "a.log.1.gz": "two\n", "a.log.2.gz": "one\n"})
			w.forgotten()
		})
	}
}

// TestNoHandler does not send a signal that would kill.
func TestNoHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	f, err := os.OpenFile(w.path("log/a.log"), os.O_WRONLY|os.O_APPEND, 0)
	w.must(err)
	// Not one of our services: the runtime of Go has a handler for every signal.
	deaf := exec.Command("cat")
	deaf.Stdout = f
	in, err := deaf.StdinPipe()
	w.must(err)
	forking.Lock()
	w.must(deaf.Start())
	forking.Unlock()
	w.write("pid", strconv.Itoa(deaf.Process.Pid))
	w.must(f.Close())
	w.seen("log/a.log")
	r := w.run(notified)
	if !r.Failed() || r.Targets[0].Err == nil || len(r.Targets[0].Told) != 0 {
		t.Errorf("it was told: %+v", r.Targets[0])
	}
	_, err = in.Write([]byte("two\n"))
	w.must(err)
	w.must(in.Close())
	if err := deaf.Wait(); err != nil {
		t.Errorf("it did not live: %v", err)
	}
	w.want("log", map[string]string{"a.log.1": "one\ntwo\n"})
}

// TestEachProcessOnce tells a process once, however many policies and pidfiles
// name it.
func TestEachProcessOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("polite", "log/a.log", "pid", "pid2", "pids.1", "pids.2")
	w.write("log/b.log", "b\n")
	w.write("log/c.log", "c\n")
	w.seen("log/a.log", "log/b.log", "log/c.log")
	policy := func(name, pidfile string) string {
		return "[log." + name + "]\npaths=['DIR/log/" + name + ".log']\nfrequency='daily'\nrotate=3\n[[log." + name + ".notify]]\npidfile='DIR/" + pidfile + "'\n"
	}
	r := w.runOK(policy("a", "pid") + policy("b", "pid2") + policy("c", "pids.*"))
	if got := s.do("await 1"); got != "1" {
		t.Errorf("the service had %s signals, want 1", got)
	}
	if told := len(r.Targets[0].Told) + len(r.Targets[1].Told) + len(r.Targets[2].Told); told == 0 {
		t.Error("the report says that nobody was told")
	}
	if len(r.Targets) != 3 {
		t.Errorf("%d targets, want 3", len(r.Targets))
	}
}

func TestPidfileMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	w.seen("log/a.log")
	r := w.runOK(notified) // not running: nobody to tell
	if !r.Targets[0].Missing {
		t.Errorf("target %+v", r.Targets[0])
	}
	w.want("log", map[string]string{"a.log.1.gz": "one\n"})
}

// TestPidfileMissingWhileWritten is a wrong path: somebody is there to tell.
func TestPidfileMissingWhileWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("polite", "log/a.log")
	s.do("write one")
	w.seen("log/a.log")
	if r := w.run(notified); !r.Failed() || !r.Logs[0].Owed() {
		t.Error("nothing is owed")
	}
	w.want("log", map[string]string{"a.log.1": "one\n"})
}

// TestCommand has a command for a target.
func TestCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	w.seen("log/a.log")
	w.runOK(daily + "[[log.app.notify]]\ncommand=['touch','DIR/told']\n")
	if _, err := os.Stat(w.path("told")); err != nil {
		t.Error(err)
	}
	w.now = noon.AddDate(0, 0, 1)
	w.write("log/a.log", "two\n")
	r := w.run(daily + "[[log.app.notify]]\ncommand=['sh','-c','echo no such service; exit 4']\n")
	if err := r.Targets[0].Err; err == nil || !r.Failed() {
		t.Errorf("a command that fails: %v", err)
	}
}

// TestCommandLeavesADaemon does not wait for what a command started.
func TestCommandLeavesADaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	w.seen("log/a.log")
	w.must(syscall.Mkfifo(w.path("end"), 0o600))
	// The daemon has the command's output open until the test lets it end.
	w.runOK(daily + "[[log.app.notify]]\ncommand=['sh','-c','read _ <DIR/end & exit 0']\n")
	f, err := os.OpenFile(w.path("end"), os.O_RDWR, 0)
	w.must(err)
	_, err = f.WriteString("\n")
	w.must(err)
	w.must(f.Close())
}

// TestOwedForDays has a service that keeps its first log while newer ones are
// turned and packed: that archive moves up, stays plain and owed since the day it
// was turned, even when it has expired, and is told of each day.
func TestOwedForDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log", "pid")
	w.seen("log/a.log")
	toml := notified + "wait = '1ms'\n"
	toml = strings.Replace(toml, "[[", "create = true\n[[", 1)
	for day := range 5 {
		w.now = noon.AddDate(0, 0, day)
		s.do("write one")
		if day > 0 {
			w.append("log/a.log", fmt.Sprintf("day %d\n", day))
		}
		r := w.run(toml)
		archive := fmt.Sprintf("a.log.%d", day+1)
		open := r.Logs[0].open()
		if !r.Failed() || len(open) != 1 || open[0].Archive.Name != archive || !open[0].Since.Equal(noon) || open[0].Holders[0].PID != s.cmd.Process.Pid {
			t.Fatalf("day %d: owed is %+v, want %s", day, open, archive)
		}
		s.do(fmt.Sprintf("await %d", day+1))
	}
	w.want("log", map[string]string{
		"a.log": "", "a.log.1.gz": "day 4\n", "a.log.2.gz": "day 3\n", "a.log.3.gz": "day 2\n",
		"a.log.5": strings.Repeat("one\n", 5),
	})
	s.do("reopen")
	w.runOK(toml)
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		t.Errorf("something is owed still: %v", err)
	}
}
