package rotate

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/testdata/host"
)

// TestStateCannotBeSaved turns logs while there is room for what is owed, and
// none for the state. The next run knows it all the same, and nothing expires.
func TestStateCannotBeSaved(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"plain":        "create=true",
		"compressed":   "create=true\ncompress='gzip'",
		"not created":  "compress='gzip'",
		"copied":       "copy=true",
		"copytruncate": "copytruncate=true\ncompress='gzip'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.now = time.Now()
			w.write("log/a.log", "one\n")
			w.seen("log/a.log")
			toml := daily + keys + "\n"
			for range 3 {
				r := w.prepare(toml)
				r.fs.Before = func(op fsys.Op) error {
					if op.Call == "rename" && op.To == w.path("state") {
						return unix.ENOSPC
					}
					return nil
				}
				if !r.Execute(context.Background()).Failed() {
					t.Error("the run did not fail")
				}
			}
			once := w.tree("log")
			if len(once) > 2 {
				t.Errorf("turned more than once: %v", sorted(once))
			}
			w.runOK(toml)
			if got := w.tree("log"); !maps.Equal(got, once) {
				t.Errorf("turned again: %v", sorted(got))
			}
			if _, err := os.Stat(w.path("state.owed")); !missing(err) {
				t.Errorf("something is owed still: %v", err)
			}
		})
	}
}

// TestOwedFromTheFuture turns a log once after the clock was put back, although
// an archive of that future is still written.
func TestOwedFromTheFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "")
	s := w.start("stuck", "log/a.log")
	s.do("write one")
	toml := daily + "create=true\n"
	w.seen("log/a.log")
	w.now = noon.AddDate(4, 0, 0)
	w.run(toml)
	w.now = noon
	for i := range 5 {
		w.now = w.now.Add(time.Hour)
		w.append("log/a.log", "new\n")
		w.run(toml)
		if _, err := os.Stat(w.path("log/a.log.3")); !missing(err) {
			t.Fatalf("run %d after the clock went back turned it again: %v", i, sorted(w.tree("log")))
		}
	}
	w.now = noon.AddDate(0, 0, 1)
	w.run(toml)
	w.want("log", map[string]string{"a.log": "", "a.log.1": "new\nnew\nnew\nnew\n", "a.log.2": "new\n", "a.log.3": "one\n"})
}

// TestOnlyForgetsNothing keeps what the state says of a log that --only leaves out.
func TestOnlyForgetsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.write("log/b.log", "b")
	w.seen("log/a.log", "log/b.log")
	w.now = noon.AddDate(1, 0, 0)
	w.runOK(daily, func(o *Options) { o.Only = []string{w.path("log/b.log")} })
	w.runOK(daily)
	w.want("log", map[string]string{"a.log.1": "a", "b.log.1": "b"})
}

// TestNamesChanged has an archive that is still written when the policy asks for
// other names: the service is told, the archive stays as it is until it is
// released, and the log goes on under the new names.
func TestNamesChanged(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"dateext":         "dateext=true",
		"extension":       "extension='.log'",
		"olddir":          "olddir='old'\ncreateolddir=true\ndateext=true",
		"start":           "start=5",
		"all are matched": "dateext=true\npaths=['DIR/log/*']",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.start("stuck", "log/a.log", "pid")
			s.do("write one")
			w.seen("log/a.log")
			const told = "compress='gzip'\n[[log.app.notify]]\npidfile='DIR/pid'\nwait='1ms'\n"
			w.run(daily + told)
			w.append("log/a.log", "two\n")
			toml := strings.Replace(daily, "paths     = [\"DIR/log/*.log\"]\n", "", 1) + keys + "\n" + told
			if !strings.Contains(keys, "paths") {
				toml = daily + keys + "\n" + told
			}
			for range 2 {
				w.now = w.now.Add(time.Hour)
				r := w.run(toml)
				if len(r.Logs) != 1 || !r.Logs[0].Owed() || r.Logs[0].Log.Path() != w.path("log/a.log") {
					t.Fatalf("nobody says that it is still written: %v", said(r))
				}
				w.want("log", map[string]string{"a.log": "two\n", "a.log.1": "one\n"})
			}
			s.do("await 3")
			w.now = w.now.AddDate(0, 0, 1)
			if r := w.run(toml); !r.Failed() {
				t.Error("once its log was turned again, nothing is owed")
			}
			if got := w.tree("log"); got["a.log.1"] != "one\n" || len(got) != 2 {
				t.Errorf("there is %v", sorted(got))
			}
			s.do("reopen")
			w.runOK(toml)
			w.forgotten()
			w.runOK(toml) // what was owed may be a log by now
			marks := w.marks()
			w.runOK(toml)
			for path, mark := range w.marks() {
				if marks[path] != mark && path != w.path("rotate.toml") {
					t.Errorf("a run with nothing to do changed %s", path)
				}
			}
		})
	}
}

// TestOwedOfALogThatClashes has an archive that is still written when an olddir has
// its log's archives called like another's.
func TestOwedOfALogThatClashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, dir := range []string{"log/x", "log/y", "old"} {
		w.mkdir(dir)
	}
	w.write("log/x/a.log", "x\n")
	s := w.start("stuck", "log/y/a.log", "pid")
	s.do("write one")
	w.seen("log/x/a.log", "log/y/a.log")
	const toml = "[log.app]\npaths=['DIR/log/*/a.log']\nfrequency='daily'\nrotate=3\ncreate=true\n"
	const told = "[[log.app.notify]]\npidfile='DIR/pid'\nwait='1ms'\n"
	w.run(toml + told)
	w.run(toml + "olddir='DIR/old'\n" + told)
	s.do("await 2")
	if r := w.run(toml + told); len(r.Logs) != 1 || !r.Logs[0].Owed() {
		t.Errorf("nobody says that it is still written: %v", said(r))
	}
	w.want("log/y", map[string]string{"a.log": "", "a.log.1": "one\n"})
}

// TestOwedIsNotWhatIsPacked has the inode of an archive that was owed, and is gone,
// at a packed one, which somebody has open.
func TestOwedIsNotWhatIsPacked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "two\n")
	w.pack("log/a.log.1.gz", "one\n")
	w.seen("log/a.log")
	w.owe("log/a.log", "log/a.log.1", "log/a.log.1.gz", noon.Add(-time.Hour), "")
	f, err := os.OpenFile(w.path("log/a.log.1.gz"), os.O_WRONLY, 0)
	w.must(err)
	defer f.Close()
	w.runOK(daily)
	w.want("log", map[string]string{"a.log": "two\n", "a.log.1.gz": "one\n"})
	w.forgotten()
}

// TestManyDebtsOfOneLog has many archives of one log owed, still written, and to be
// mailed: what that costs is linear.
func TestManyDebtsOfOneLog(t *testing.T) {
	const few, many = 50, 400
	cost := map[int]uint64{}
	for _, n := range []int{few, many} {
		w := newWorld(t)
		w.write("log/a.log", "live\n")
		w.seen("log/a.log")
		var owed []state.Owed
		for i := range n {
			f, err := os.Create(w.path(fmt.Sprintf("log/a.log.%d", i+1)))
			w.must(err)
			defer f.Close()
			info, err := f.Stat()
			w.must(err)
			owed = append(owed, state.Owed{
				Log: w.path("log/a.log"), Archive: f.Name(), Ino: info.Sys().(*syscall.Stat_t).Ino,
				Turned: noon.Add(-time.Hour), Last: noon.Add(-2 * time.Hour),
			})
		}
		w.must(state.WriteOwed(&fsys.FS{}, state.OwedPath(w.path("state")), slices.Values(owed)))
		r := w.prepare("[log.app]\npaths=['DIR/log/a.log']\nsize='1M'\nrotate=-1\nmail='a@b'\nmailfirst=true\n", w.post())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r.Execute(context.Background())
		runtime.ReadMemStats(&after)
		cost[n] = after.TotalAlloc - before.TotalAlloc
	}
	if ratio := float64(cost[many]) / float64(cost[few]); ratio > 2*many/few {
		t.Errorf("%d cost %.0f times as much as %d", many, ratio, few)
	}
}

// TestCrashWhenTheClockWentBack ends a run at every change where the state, or
// the run itself, is of a time to come, and lets runs follow: the log is turned
// once, and nothing expires early.
func TestCrashWhenTheClockWentBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ last, now time.Time }{
		"before": {noon.AddDate(4, 0, 0), noon},
		"after":  {noon.AddDate(-1, 0, 0), noon.AddDate(4, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, crashed := 0, true; crashed; k++ {
				w := gapWorld(t, "1 2 3")
				w.under(memory)
				w.write("log/a.log", "live")
				for _, a := range []string{"1", "2", "3"} {
					w.write("log/a.log."+a, a)
				}
				w.write("state", "logrotate state -- version 2\n\""+w.path("log/a.log")+"\" "+c.last.Format("2006-1-2-15:4:5")+"\n")
				toml := gapTOML("rotate=3")
				w.now = c.now
				_, crashed = crashAfter(w.prepare(toml), k)
				w.now = noon
				if last, err := os.ReadFile(w.path("state")); err != nil || name == "after" && strings.Contains(string(last), "2030") {
					w.must(err)
					continue // it is due again, as the state is of a time to come
				}
				if w.tree("log")["a.log"] != "live" {
					w.write("log/a.log", "new")
				}
				for range 2 {
					w.now = w.now.Add(time.Hour)
					w.runOK(toml)
				}
				w.wantTexts(fmt.Sprintf("k=%d", k), []string{"live", "1", "2"})
				if text, there := w.tree("log")["a.log"]; there && text != "new" {
					t.Errorf("k=%d: the log is %q", k, text)
				}
				w.forgotten()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestOnlyKeepsTheRecord leaves out a log whose turn the state does not know, and
// whose archive somebody packed: it is not turned again.
func TestOnlyKeepsTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "two\n")
	w.write("log/a.log.1", "one\n")
	w.write("log/b.log", "b\n")
	w.seen("log/a.log", "log/b.log")
	w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon, "")
	w.must(os.Remove(w.path("log/a.log.1")))
	w.pack("log/a.log.1.gz", "one\n")
	w.runOK(daily, func(o *Options) { o.Only = []string{w.path("log/b.log")} })
	w.runOK(daily)
	w.want("log", map[string]string{"a.log": "two\n", "a.log.1.gz": "one\n", "b.log.1": "b\n"})
	w.forgotten()
}

// TestRunsInBetweenWriteNothing runs every few minutes while clocks are put back,
// with an archive that is still written and without one: what is beside the logs
// is written when one is turned.
func TestRunsInBetweenWriteNothing(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		host.Lacks(t, err)
	}
	w := newWorld(t)
	w.now = time.Date(2026, 10, 24, 23, 50, 0, 0, time.UTC).In(berlin)
	s := w.start("stuck", "log/a.log")
	s.do("write one")
	w.write("log/b.log", "")
	const toml = "[log.app]\npaths=['DIR/log/*.log']\nfrequency='hourly'\nrotate=9\ncreate=true\ncompress='gzip'\n"
	w.runOK(toml)
	turns := 0
	for range 16 {
		before := w.marks()
		w.now = w.now.Add(9 * time.Minute)
		if slices.ContainsFunc(w.run(toml).Logs, func(l *LogReport) bool { return l.Turned }) {
			turns++
			continue
		}
		after := w.marks()
		for _, file := range []string{"state", "state.owed"} {
			if before[w.path(file)] != after[w.path(file)] {
				t.Errorf("a run at %s, which turned nothing, wrote %s", w.now, file)
			}
		}
	}
	if turns == 0 {
		t.Error("nothing was turned")
	}
	if _, err := os.Stat(w.path("state.owed")); err != nil {
		t.Error(err)
	}
}

// TestCutShortInAnotherZone fails a turn after an archive moved up, and goes on in
// another zone, in which the state's local times are others: nothing expires early.
func TestCutShortInAnotherZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	toml := w.halfShifted("frequency='daily'")
	w.now = noon.In(time.FixedZone("east", 3600))
	w.runOK(toml)
	w.wantTexts("in another zone", []string{"live", "1", "2", "3"})
	w.forgotten()
}

// TestCutShortWhenMetFirst fails the turn of a log that the state did not know, and
// has logrotate write down that it has met it.
func TestCutShortWhenMetFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	toml := w.halfShifted("size=1")
	known, err := os.ReadFile(w.path("state"))
	w.must(err)
	if !strings.Contains(string(known), w.path("log/a.log")) { // else logrotate leaves it
		w.write("state", string(known)+"\""+w.path("log/a.log")+"\" 2026-3-14-12:0:0\n")
	}
	w.runOK(toml)
	w.wantTexts("once it was met", []string{"live", "1", "2", "3"})
	w.forgotten()
}

// halfShifted fails a turn, due by rule, once the last of three archives moved up,
// where four are kept.
func (w *world) halfShifted(rule string) (toml string) {
	w.Helper()
	if !strings.HasPrefix(rule, "size") {
		w.seen("log/a.log")
	}
	w.write("log/a.log", "live")
	for _, a := range []string{"1", "2", "3"} {
		w.write("log/a.log."+a, a)
	}
	toml = "[log.app]\npaths=['DIR/log/a.log']\nrotate=4\n" + rule + "\n"
	r := w.prepare(toml)
	r.fs.Before = func(op fsys.Op) error {
		if strings.HasSuffix(op.To, "a.log.3") {
			return unix.EIO
		}
		return nil
	}
	execute(context.Background(), r)
	w.want("log", map[string]string{"a.log": "live", "a.log.1": "1", "a.log.2": "2", "a.log.4": "3"})
	return toml
}

// TestAway has a run come while the file system with the logs is not mounted:
// nothing that is owed there is forgotten.
func TestAway(t *testing.T) {
	t.Parallel()
	const missingok = "missingok=true\n"
	for _, how := range []string{"an empty mount point", "no folder"} {
		away := func(w *world, toml string) {
			w.Helper()
			w.must(os.Rename(w.path("log"), w.path("away")))
			if how != "no folder" {
				w.mkdir("log")
			}
			w.runOK(toml)
			w.must(os.RemoveAll(w.path("log")))
			w.must(os.Rename(w.path("away"), w.path("log")))
		}
		t.Run("copied, "+how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log")
			w.write("log/a.log", "one\n")
			w.write("log/a.log.1", "one\n")
			w.owe("log/a.log", "log/a.log.1", "log/a.log", noon, "one\n")
			away(w, daily+missingok+"copytruncate=true\n")
			w.runOK(daily + "copytruncate=true\n")
			w.want("log", map[string]string{"a.log": "", "a.log.1": "one\n"})
			w.forgotten()
		})
		t.Run("still written, "+how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.start("stuck", "log/a.log")
			s.do("write one")
			w.seen("log/a.log")
			w.run(daily + "create=true\n")
			away(w, daily+missingok)
			if r := w.run(daily); !r.Failed() || !r.Logs[0].Owed() {
				t.Error("nothing is owed any more")
			}
		})
		t.Run("cut short, "+how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			toml := w.halfShifted("frequency='daily'")
			away(w, toml+missingok)
			w.now = noon.AddDate(0, 0, 1)
			w.runOK(toml)
			w.wantTexts("back again", []string{"live", "1", "2", "3"})
			w.forgotten()
		})
		t.Run("for ever, "+how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log")
			w.write("log/a.log.1", "one\n")
			w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon, "")
			w.now = noon.AddDate(1, 0, 1)
			away(w, daily+missingok)
			w.forgotten()
		})
	}
}

// TestInodeUsedAgain has a file that has the inode of an archive which went: it is
// nobody's, and nothing is owed.
func TestInodeUsedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("stuck", "log/a.log")
	s.do("write one")
	w.seen("log/a.log")
	toml := daily + "create=true\n"
	w.run(toml)
	w.must(os.Rename(w.path("log/a.log.1"), w.path("log/db"))) // whose inode it has, as far as the record says
	owed, _, err := state.ReadOwed(w.path("state.owed"), time.UTC)
	w.must(err)
	if len(owed) != 1 || owed[0].Born == 0 {
		host.Lacks(t, "the file system does not say when a file was made: ", owed)
	}
	if !w.run(toml).Failed() {
		t.Error("by another name, it is not owed")
	}
	owed[0].Born -= int64(time.Hour)
	w.must(state.WriteOwed(&fsys.FS{}, w.path("state.owed"), slices.Values(owed)))
	w.runOK(toml)
	w.forgotten()
}

// TestOwedOnOverlay has logs on an overlay of two file systems, where the device of
// a file is not that of its folder.
func TestOwedOnOverlay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lower, err := os.MkdirTemp(memory, "lower")
	w.must(err)
	t.Cleanup(func() { w.must(os.RemoveAll(lower)) })
	for _, dir := range []string{"upper", "work"} {
		w.mkdir(dir)
	}
	if err := unix.Mount("overlay", w.path("log"), "overlay", 0, "lowerdir="+lower+",upperdir="+w.path("upper")+",workdir="+w.path("work")); err != nil {
		host.Lacks(t, err)
	}
	t.Cleanup(func() { w.must(unix.Unmount(w.path("log"), unix.MNT_DETACH)) })
	s := w.start("stuck", "log/a.log")
	s.do("write one")
	w.seen("log/a.log")
	toml := daily + "create=true\n"
	w.run(toml)
	if r := w.run(toml); !r.Failed() || len(r.Logs) != 1 || len(r.Logs[0].open()) != 1 || len(r.Logs[0].open()[0].Holders) == 0 {
		t.Errorf("it is not said who writes it: %v", said(r))
	}
	s.do("reopen")
	w.runOK(toml)
	w.forgotten()
}
