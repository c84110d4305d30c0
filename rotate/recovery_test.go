package rotate

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
)

// owe writes down that a log is about to become an archive; file is the one that
// has its inode now. Of a log that is copied, text is what it held.
func (w *world) owe(log, archive, file string, turned time.Time, text string) {
	w.Helper()
	info, err := os.Stat(w.path(file))
	w.must(err)
	st := info.Sys().(*syscall.Stat_t)
	o := state.Owed{
		Policy: "app", Log: w.path(log), Archive: w.path(archive), Ino: st.Ino, Turned: turned,
		Size: int64(len(text)),
	}
	if text != "" {
		w.write("was", text)
		f, err := os.Open(w.path("was"))
		w.must(err)
		defer f.Close()
		o.Head, err = head(f, o.Size)
		w.must(err)
	}
	seen, _, err := state.Read(w.path("state"), time.UTC)
	w.must(err)
	o.Last, _ = seen.Last(o.Log)
	home, err := os.Stat(filepath.Dir(o.Log))
	w.must(err)
	o.Home = home.Sys().(*syscall.Stat_t).Ino
	w.must(state.WriteOwed(&fsys.FS{}, state.OwedPath(w.path("state")), slices.Values([]state.Owed{o})))
}

// forgotten fails if anything is owed.
func (w *world) forgotten() {
	w.Helper()
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		w.Errorf("something is owed: %v", err)
	}
}

// TestRecovery makes by hand what the table of docs/design.md says is found, and
// lets a run do what it says.
func TestRecovery(t *testing.T) {
	const told = daily + "compress = 'gzip'\n[[log.app.notify]]\npidfile = 'DIR/pid'\nwait = '1ms'\n"
	t.Run("no log", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.start("polite", "log/a.log", "pid")
		s.do("write one")
		w.seen("log/a.log")
		w.must(os.Rename(w.path("log/a.log"), w.path("log/a.log.1")))
		w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon, "")
		w.runOK(daily + "create = true\n[[log.app.notify]]\npidfile = 'DIR/pid'\n")
		s.do("write two")
		w.want("log", map[string]string{"a.log": "two\n", "a.log.1": "one\n"})
		w.forgotten()
	})
	t.Run("the state is older", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.seen("log/a.log")
		w.write("log/a.log.1", "one\n")
		w.write("log/a.log", "two\n")
		w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon.Add(-time.Hour), "")
		w.runOK(daily)
		w.want("log", map[string]string{"a.log": "two\n", "a.log.1": "one\n"})
		w.forgotten()
		w.now = noon.AddDate(0, 0, 1)
		w.runOK(daily)
		w.want("log", map[string]string{"a.log.1": "two\n", "a.log.2": "one\n"})
	})
	for name, owed := range map[string]bool{"owed": true, "plain": false} {
		t.Run(name+", still written", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.start("stuck", "log/a.log", "pid")
			s.do("write one")
			w.must(os.Rename(w.path("log/a.log"), w.path("log/a.log.1")))
			w.write("log/a.log", "two\n")
			if owed {
				w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon, "")
			}
			if r := w.run(told); !r.Failed() || !r.Logs[0].Owed() {
				t.Error("nothing is owed")
			}
			s.do("await 1")
			w.want("log", map[string]string{"a.log": "two\n", "a.log.1": "one\n"})
		})
		t.Run(name+", written by nobody", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "two\n")
			w.write("log/a.log.1", "one\n")
			if owed {
				w.owe("log/a.log", "log/a.log.1", "log/a.log.1", noon, "")
			}
			w.runOK(daily + "compress = 'gzip'\n")
			w.want("log", map[string]string{"a.log": "two\n", "a.log.1.gz": "one\n"})
			w.forgotten()
		})
	}
	for name, c := range map[string]struct{ live, copied, head, keys, left, want string }{
		"":                             {"one\ntwo\n", "one\n", "one\n", "copytruncate = true\n", "", "one\ntwo\n"},
		", by another name":            {"one\ntwo\n", "one\n", "one\n", "copytruncate = true\ndateext = true\n", "", "one\ntwo\n"},
		", renamed from now on":        {"one\ntwo\n", "one\n", "one\n", "", "", "one\ntwo\n"},
		", emptied, and written alike": {"starts\n", "starts\ntwo\n", "starts\n", "copytruncate = true\n", "starts\n", "starts\ntwo\n"},
	} {
		t.Run("copied"+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log")
			w.write("log/a.log", c.live)
			w.write("log/a.log.1", c.copied)
			w.write("log/a.log.2", "older\n")
			w.owe("log/a.log", "log/a.log.1", "log/a.log", noon, c.head)
			w.runOK(daily + c.keys)
			w.want("log", map[string]string{"a.log": c.left, "a.log.1": c.want, "a.log.2": "older\n"})
			w.forgotten()
		})
	}
	t.Run("copied, and the copy cannot be looked at", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.seen("log/a.log")
		w.mkdir("old")
		w.write("log/a.log", "one\n")
		w.write("old/a.log.1", "one\n")
		w.owe("log/a.log", "old/a.log.1", "log/a.log", noon, "one\n")
		w.must(os.Rename(w.path("old"), w.path("away")))
		w.write("old", "no folder")
		const toml = daily + "copytruncate=true\nolddir='DIR/new'\ncreateolddir=true\n"
		if !w.run(toml).Failed() {
			t.Error("that it cannot be is not said")
		}
		w.want("log", map[string]string{"a.log": "one\n"})
		w.must(os.Remove(w.path("old")))
		w.must(os.Rename(w.path("away"), w.path("old")))
		w.runOK(toml)
		w.want("log", map[string]string{"a.log": ""})
		w.want("old", map[string]string{"a.log.1": "one\n"})
		w.forgotten()
	})
	block := strings.Repeat("x", 4095) + "\n"
	for name, kept := range map[string]string{
		"at its end":      "one\n" + strings.Repeat("\x00", 4),
		"within its rest": "one\n" + block + strings.Repeat("\x00", 4096) + block,
		"all of it":       strings.Repeat("\x00", 8),
	} {
		t.Run("copied, and zeros "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log")
			whole := "one\n" + block + block + block + "two\n"
			w.write("log/a.log", whole)
			w.write("log/a.log.1", kept)
			w.write("log/a.log.2", "older\n")
			w.owe("log/a.log", "log/a.log.1", "log/a.log", noon, "one\n")
			w.runOK(daily + "copytruncate = true\n")
			w.want("log", map[string]string{"a.log": "", "a.log.1": whole, "a.log.2": "older\n"})
			w.forgotten()
		})
	}
	t.Run("copied and emptied", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.seen("log/a.log")
		w.write("log/a.log", "two\n")
		w.write("log/a.log.1", "one\n")
		w.owe("log/a.log", "log/a.log.1", "log/a.log", noon, "one\n")
		w.runOK(daily + "copytruncate = true\n")
		w.want("log", map[string]string{"a.log": "two\n", "a.log.1": "one\n"})
		w.forgotten()
	})
}

// TestCopyIsNotForgotten has a log that a run copied and did not empty, and a next
// run that does not get to it: the one after that empties it.
func TestCopyIsNotForgotten(t *testing.T) {
	t.Parallel()
	const toml = daily + "copytruncate = true\n"
	for name, next := range map[string]func(*world){
		"firstaction fails":                         func(w *world) { w.run(toml + "firstaction = 'false'\n") },
		"the policy renames, and firstaction fails": func(w *world) { w.run(daily + "firstaction = 'false'\n") },
		"shared prerotate fails":                    func(w *world) { w.run(toml + "sharedscripts = true\nprerotate = 'false'\n") },
		"nothing can be opened": func(w *world) {
			r := w.prepare(toml)
			w.must(os.Rename(w.path("log/a.log"), w.path("log/b")))
			w.must(os.Symlink("b", w.path("log/a.log")))
			r.Execute(context.Background())
			w.must(os.Rename(w.path("log/b"), w.path("log/a.log")))
		},
		"a signal comes at once": func(w *world) {
			ctx, stop := context.WithCancel(context.Background())
			r := w.prepare(toml)
			stop()
			r.Execute(ctx)
		},
		"a signal comes": func(w *world) {
			ctx, stop := context.WithCancel(context.Background())
			r := w.prepare(toml)
			r.fs.Before = func(fsys.Op) error { stop(); return nil }
			r.Execute(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log", "log/b.log")
			w.write("log/b.log", "") // what it owes is paid, so that the record is written anew
			w.write("log/a.log", "one\ntwo\n")
			w.write("log/a.log.1", "one\n")
			w.owe("log/a.log", "log/a.log.1", "log/a.log", noon, "one\n")
			next(w)
			w.runOK(toml)
			if got := w.tree("log"); got["a.log"] != "" || got["a.log.1"] != "one\ntwo\n" || len(got) != 4 {
				t.Errorf("there is %v", sorted(got))
			}
			w.forgotten()
		})
	}
}

// TestRecoveryTableNamesItsTests looks for the tests that each row of the table
// of docs/design.md names.
func TestRecoveryTableNamesItsTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "### Recovery\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var sources bytes.Buffer
	for _, pattern := range []string{"*_test.go", "internal/*/*_test.go", "../cmd/rotate/testdata/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.WriteString("file " + filepath.Base(file) + "\n")
			sources.Write(text)
		}
	}
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| found ") || strings.HasPrefix(line, "| --- ") {
			continue
		}
		rows++
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		names := regexp.MustCompile("`(Test[A-Za-z]+|[a-z_]+[.]txtar)`").FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 5 || len(names) == 0 {
			t.Errorf("no test is named: %s", line)
		}
		for _, name := range names {
			if !strings.Contains(sources.String(), "func "+name[1]+"(") && !strings.Contains(sources.String(), "file "+name[1]+"\n") {
				t.Errorf("there is no %s: %s", name[1], line)
			}
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows", rows)
	}
}
