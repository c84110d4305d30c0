package rotate

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
)

// TestUnserved takes away the policy of a log whose archive is still written:
// each run names it and who writes it, and changes nothing, until it is
// released.
func TestUnserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log", "pid")
	s.do("write one")
	w.seen("log/a.log")
	w.run(notified + "wait = '1ms'\n")
	w.must(os.Rename(w.path("log/a.log.1"), w.path("log/moved")))

	const other = "[log.other]\npaths=['DIR/log/b.log']\nfrequency='daily'\nrotate=1\nmissingok=true\n"
	w.runOK(other, func(o *Options) { o.Only = []string{"other"} })
	marks := w.marks()
	for range 2 {
		r := w.run(other)
		var e *UnservedError
		if len(r.Errs) != 1 || !errors.As(r.Errs[0], &e) || !r.Failed() {
			t.Fatalf("the run said %v", said(r))
		}
		if e.Archive != w.path("log/moved") || e.Log != w.path("log/a.log") || !e.Since.Equal(noon) ||
			len(e.Holders) != 1 || e.Holders[0].PID != s.cmd.Process.Pid {
			t.Errorf("the run said %v", e)
		}
		want := fmt.Sprintf("%q, turned 2026-03-14 12:00, is still written by %s (pid %d, user %s), and no policy has %q any more",
			e.Archive, e.Holders[0].Name, e.Holders[0].PID, e.Holders[0].User, e.Log)
		if e.Error() != want {
			t.Errorf("the run said %s, want %s", e, want)
		}
	}
	for path, mark := range w.marks() {
		if marks[path] != mark && path != w.path("rotate.toml") {
			t.Errorf("a run that could do nothing changed %s", path)
		}
	}

	s.do("reopen")
	w.runOK(other)
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		t.Errorf("something is owed still: %v", err)
	}
}

// TestUnservedCost has many archives owed in one folder whose logs no policy has:
// it is read once.
func TestUnservedCost(t *testing.T) {
	const few, many = 100, 800
	cost := map[int]uint64{}
	for _, n := range []int{few, many} {
		w := newWorld(t)
		var owed []state.Owed
		for i := range n {
			name := fmt.Sprintf("log/app%03d.log.1", i)
			w.write(name, "")
			info, err := os.Stat(w.path(name))
			w.must(err)
			owed = append(owed, state.Owed{
				Log: w.path(strings.TrimSuffix(name, ".1")), Archive: w.path(name),
				Ino: info.Sys().(*syscall.Stat_t).Ino, Turned: noon,
			})
		}
		w.must(state.WriteOwed(&fsys.FS{}, state.OwedPath(w.path("state")), slices.Values(owed)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w.runOK("[log.other]\npaths=['DIR/log/none']\nfrequency='daily'\nrotate=1\nmissingok=true\n")
		runtime.ReadMemStats(&after)
		cost[n] = after.TotalAlloc - before.TotalAlloc
	}
	if ratio := float64(cost[many]) / float64(cost[few]); ratio > 2*many/few {
		t.Errorf("%d cost %.0f times as much as %d", many, ratio, few)
	}
}
