package rotate

import (
	"bytes"
	"compress/gzip"
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/testdata/host"
)

func TestTurn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys         string
		before, want map[string]string
		runs         int
	}{
		"numbered": {
			before: map[string]string{"a.log": "new", "a.log.1": "old", "a.log.2": "older"},
			want:   map[string]string{"a.log.1": "new", "a.log.2": "old", "a.log.3": "older"},
		},
		"the oldest expires": {
			keys:   "rotate=2",
			before: map[string]string{"a.log": "new", "a.log.1": "old", "a.log.2": "older"},
			want:   map[string]string{"a.log.1": "new", "a.log.2": "old"},
		},
		"a gap is shifted over": {
			before: map[string]string{"a.log": "new", "a.log.1": "old", "a.log.3": "older"},
			want:   map[string]string{"a.log.1": "new", "a.log.2": "old", "a.log.4": "older"},
		},
		"create": {
			keys:   "create=true",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"a.log": "", "a.log.1": "new"},
		},
		"gzip": {
			keys:   "compress='gzip'",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"a.log.1.gz": "new"},
		},
		"zstd, with what earlier runs left": {
			keys:   "compress='zstd'",
			before: map[string]string{"a.log": "new", "a.log.1": "old"},
			want:   map[string]string{"a.log.1.zst": "new", "a.log.2.zst": "old"},
		},
		"a command": {
			keys:   "compress={command=['gzip','-9'],ext='.gz'}",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"a.log.1.gz": "new"},
		},
		"delaycompress": {
			keys:   "compress='gzip'\ndelaycompress=true",
			before: map[string]string{"a.log": "new", "a.log.1": "old"},
			want:   map[string]string{"a.log.1": "new", "a.log.2.gz": "old"},
		},
		"dated": {
			keys:   "dateext=true",
			before: map[string]string{"a.log": "new", "a.log-20260313": "old"},
			want:   map[string]string{"a.log-20260314": "new", "a.log-20260313": "old"},
		},
		"a date that is taken": {
			keys:   "dateext=true\ncompress='gzip'",
			before: map[string]string{"a.log": "new", "a.log-20260314": "old"},
			want:   map[string]string{"a.log-20260314.1.gz": "new", "a.log-20260314.gz": "old"},
		},
		"copy": {
			keys:   "copy=true",
			before: map[string]string{"a.log": "new", "a.log.1": "old"},
			want:   map[string]string{"a.log": "new", "a.log.1": "new", "a.log.2": "old"},
		},
		"copytruncate": {
			keys:   "copytruncate=true\ncompress='gzip'",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"a.log": "", "a.log.1.gz": "new"},
		},
		"extension": {
			keys:   "extension='.log'",
			before: map[string]string{"a.log": "new", "a.1.log": "old"},
			want:   map[string]string{"a.1.log": "new", "a.2.log": "old"},
		},
		"olddir": {
			keys:   "olddir='old'\ncreateolddir=true\ncompress='gzip'",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"old/a.log.1.gz": "new"},
		},
		"rotate 0": {
			keys:   "rotate=0\ncreate=true",
			before: map[string]string{"a.log": "new"},
			want:   map[string]string{"a.log": ""},
		},
		"others are left alone": {
			keys:   "rotate=1",
			before: map[string]string{"a.log": "new", "a.log.1.bak": "x", "a.log.01": "x", "a.logs.1": "x", "a.log-20200101": "x"},
			want:   map[string]string{"a.log.1": "new", "a.log.1.bak": "x", "a.log.01": "x", "a.logs.1": "x", "a.log-20200101": "x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for f, text := range c.before {
				w.write("log/"+f, text)
			}
			w.seen("log/a.log")
			toml := "[log.app]\npaths=['DIR/log/a.log']\nmissingok=true\nfrequency='daily'\n" + c.keys
			if !strings.Contains(c.keys, "rotate=") {
				toml += "\nrotate=9"
			}
			w.runOK(toml)
			w.want("log", c.want)

			// P8: right after, there is nothing to do.
			marks := w.marks()
			w.runOK(toml)
			for path, mark := range w.marks() {
				if before := marks[path]; before != mark && path != w.path("rotate.toml") && path != w.dir {
					t.Errorf("the second run changed %s:\n\t%s\n\t%s", path, before, mark)
				}
			}
		})
	}
}

// TestOldDirOnAnotherFileSystem turns in place and moves at the end.
func TestOldDirOnAnotherFileSystem(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "compress='gzip'"} {
		w := newWorld(t)
		w.mkdir("old")
		host.Tmpfs(t, w.path("old"), "size=1m")
		w.write("log/a.log", "new")
		w.write("old/a.log.1", "old")
		w.seen("log/a.log")
		w.runOK("[log.app]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=9\nolddir='DIR/old'\n" + keys)
		w.want("log", map[string]string{})
		if keys == "" {
			w.want("old", map[string]string{"a.log.1": "new", "a.log.2": "old"})
		} else {
			w.want("old", map[string]string{"a.log.1.gz": "new", "a.log.2.gz": "old"})
		}
	}
}

// TestLeftovers has what runs that were cut short leave beside a plain archive,
// and what others do.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	gz := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	long := strings.Repeat("a line of some length\n", 10_000)
	for name, c := range map[string]struct {
		beside string // what app.log.1.gz holds, raw
		fails  bool
		want   map[string]string
	}{
		"complete":        {gz(long), false, map[string]string{"a.log": "", "a.log.1.gz": long}},
		"cut short":       {gz(long)[:200], false, map[string]string{"a.log": "", "a.log.1.gz": long}},
		"empty":           {"", false, map[string]string{"a.log": "", "a.log.1.gz": long}},
		"of another file": {gz("precious"), true, map[string]string{"a.log": "", "a.log.1": long, "a.log.1.gz": "precious"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "")
			w.write("log/a.log.1", long)
			w.write("log/a.log.1.gz", c.beside)
			if r := w.run(daily + "compress='gzip'"); r.Failed() != c.fails {
				t.Errorf("failed: %v", said(r))
			}
			w.want("log", c.want)
		})
	}
}

// TestLeftoversWithoutCompress has a pair of which the policy makes none any more.
func TestLeftoversWithoutCompress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys string
		want map[string]string
	}{
		"due":     {"", map[string]string{"a.log.1": "new\n", "a.log.2.gz": "one\n"}},
		"not due": {"minsize = '1M'\n", map[string]string{"a.log": "new\n", "a.log.1.gz": "one\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.seen("log/a.log")
			w.write("log/a.log", "new\n")
			w.write("log/a.log.1", "one\n")
			w.pack("log/a.log.1.gz", "one\n")
			w.runOK(daily + c.keys)
			w.want("log", c.want)
		})
	}
}

// TestPairWrittenSince has a line come to the plain one of a pair after the two
// were compared: the line stays.
func TestPairWrittenSince(t *testing.T) {
	t.Parallel()
	for _, due := range []bool{false, true} {
		w := newWorld(t)
		w.write("log/a.log", "new\n")
		w.write("log/a.log.1", "old\n")
		w.pack("log/a.log.1.gz", "old\n")
		toml := daily + "compress='gzip'"
		if due {
			w.seen("log/a.log")
		}
		r := w.prepare(toml)
		w.append("log/a.log.1", "late\n")
		if !r.Execute(context.Background()).Failed() {
			t.Error("the run did not say that it leaves a pair")
		}
		w.want("log", map[string]string{"a.log": "new\n", "a.log.1": "old\nlate\n", "a.log.1.gz": "old\n"})
		w.runOK(toml)
		late := func(text string) bool { return text == "old\nlate\n" }
		if !slices.ContainsFunc(slices.Collect(maps.Values(w.tree("log"))), late) {
			t.Errorf("the late line is gone: %v", sorted(w.tree("log")))
		}
	}
}

// TestLeftoverOfAProgram has the work of a compressor that is not built in.
func TestLeftoverOfAProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		beside string
		want   map[string]string
	}{
		{"old", map[string]string{"a.log": "", "a.log.1.raw": "old"}},
		{"other", map[string]string{"a.log": "", "a.log.1": "old", "a.log.1.raw": "other"}},
	} {
		w := newWorld(t)
		w.write("log/a.log", "")
		w.write("log/a.log.1", "old")
		w.write("log/a.log.1.raw", c.beside)
		r := w.run(daily + "compress = { command = ['cat'], ext = '.raw' }\n")
		if r.Failed() != (c.beside == "other") {
			t.Errorf("%s: %v", c.beside, said(r))
		}
		w.want("log", c.want)
	}
}

// TestMoveGoesOn has a copy on the other file system already.
func TestMoveGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mkdir("old")
	host.Tmpfs(t, w.path("old"), "size=1m")
	w.write("log/a.log", "")
	w.write("log/a.log.1", "text")
	w.write("old/a.log.1", "text")
	w.runOK(daily + "olddir='DIR/old'")
	w.want("log", map[string]string{"a.log": ""})
	w.want("old", map[string]string{"a.log.1": "text"})
}

// TestOldDirBelowThePattern has a pattern that leads into the olddir as well.
func TestOldDirBelowThePattern(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"dateext=true", "", "extension='.log'"} {
		w := newWorld(t)
		w.write("log/a.log", "1")
		w.seen("log/a.log")
		for day := range 4 {
			w.now = noon.AddDate(0, 0, day)
			w.runOK("[log.app]\npaths=['DIR/log/**/*.log*']\nfrequency='daily'\nrotate=2\nolddir='archive'\ncreateolddir=true\ncreate=true\n" + keys)
		}
		files := w.tree("log")
		if len(files) != 3 {
			t.Errorf("with %q: %v", keys, sorted(files))
		}
		for name := range files {
			if strings.Count(name, "archive") > 1 {
				t.Errorf("an archive was rotated: %s", name)
			}
		}
	}
}

// TestSharedOldDir has logs of two folders and two policies go to one folder
// that is yet to be made.
func TestSharedOldDir(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mkdir("more")
	w.write("log/a.log", "a")
	w.write("log/b.log", "b")
	w.write("more/c.log", "c")
	w.seen("log/a.log", "log/b.log", "more/c.log")
	const keys = "frequency='daily'\nrotate=2\nolddir='DIR/old'\ncreateolddir=true\n"
	w.runOK("[log.x]\npaths=['DIR/log/a.log', 'DIR/more/*.log']\n" + keys + "[log.y]\npaths=['DIR/log/b.log']\n" + keys)
	w.want("old", map[string]string{"a.log.1": "a", "b.log.1": "b", "c.log.1": "c"})
}

// TestScriptArguments gives postrotate the archive, however it was made.
func TestScriptArguments(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "copy=true", "copytruncate=true"} {
		w := newWorld(t)
		w.write("log/a.log", "new")
		w.seen("log/a.log")
		w.runOK(daily + keys + "\npostrotate='echo $2 >DIR/out'\n")
		if got, want := w.read(w.path("out")), w.path("log/a.log.1")+"\n"; got != want {
			t.Errorf("with %q: got %q, want %q", keys, got, want)
		}
	}
}

// TestPreRemoveRefuses keeps the archive that its script is about, and no other.
func TestPreRemoveRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a.log.1", "a.log.2", "a.log.3", "a.log.4"} {
		w.write("log/"+name, name)
	}
	w.write("log/a.log", "")
	r := w.run("[log.app]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=2\ncompress='gzip'\npreremove='case $1 in *.3) exit 1; esac'\n")
	if !r.Failed() {
		t.Error("the run did not fail")
	}
	w.want("log", map[string]string{"a.log": "", "a.log.1.gz": "a.log.1", "a.log.2.gz": "a.log.2", "a.log.3": "a.log.3"})
}

// TestScriptRemovesArchives is no failure: scripts of logrotate do it themselves.
func TestScriptRemovesArchives(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"postrotate='rm DIR/log/a.log.2'", "preremove='rm $1'"} {
		w := newWorld(t)
		w.write("log/a.log.1", "one")
		w.write("log/a.log", "two")
		r := w.run("[log.app]\npaths=['DIR/log/a.log']\nsize=1\nrotate=1\n" + script + "\n")
		if r.Failed() {
			t.Errorf("%s: the run failed", script)
		}
		w.want("log", map[string]string{"a.log.1": "two"})
	}
}

// TestLooksAreKept has archive and new log look like the old one.
func TestLooksAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "new")
	modified := noon.Add(-30 * time.Hour)
	w.must(os.Chown(w.path("log/a.log"), 12, 34))
	w.must(os.Chmod(w.path("log/a.log"), 0o640))
	w.must(os.Chtimes(w.path("log/a.log"), modified, modified))
	const label, value = "security.selinux", "system_u:object_r:var_log_t:s0"
	w.must(unix.Setxattr(w.path("log/a.log"), label, []byte(value), 0))
	w.seen("log/a.log")
	w.runOK("[log.app]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=9\ncompress='gzip'\ncreate={group=56}")
	for name, gid := range map[string]uint32{"log/a.log": 56, "log/a.log.1.gz": 34} {
		info, err := os.Stat(w.path(name))
		w.must(err)
		st := info.Sys().(*syscall.Stat_t)
		if info.Mode() != 0o640 || st.Uid != 12 || st.Gid != gid {
			t.Errorf("%s is %v %d:%d", name, info.Mode(), st.Uid, st.Gid)
		}
		if old := info.ModTime().Equal(modified); old != (name == "log/a.log.1.gz") {
			t.Errorf("%s was modified at %v", name, info.ModTime())
		}
		got := make([]byte, 100)
		n, err := unix.Getxattr(w.path(name), label, got)
		if err != nil || string(got[:n]) != value {
			t.Errorf("%s is labelled %q, %v", name, got[:max(0, n)], err)
		}
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ shared, want string }{
		"for each log": {
			"false",
			"first DIR/log/*.log\npre DIR/log/a.log\npre DIR/log/b.log\npost DIR/log/a.log DIR/log/a.log.1\npost DIR/log/b.log DIR/log/b.log.1\nremove DIR/log/a.log.2\nlast DIR/log/*.log\n",
		},
		"shared": {
			"true",
			"first DIR/log/*.log\npre DIR/log/*.log\npost DIR/log/*.log\nremove DIR/log/a.log.2\nlast DIR/log/*.log\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "new")
			w.write("log/a.log.1", "old")
			w.write("log/b.log", "new")
			w.seen("log/a.log", "log/b.log")
			w.runOK(`[log.app]
paths = ["DIR/log/*.log"]
frequency = "daily"
rotate = 1
firstaction = "echo first \"$1\" >>DIR/out"
prerotate   = "echo pre \"$1\" >>DIR/out"
postrotate  = "echo post \"$1\" $2 >>DIR/out"
preremove   = "echo remove $1 >>DIR/out"
lastaction  = "echo last \"$1\" >>DIR/out"
sharedscripts = ` + c.shared)
			want := strings.ReplaceAll(c.want, "DIR", w.dir)
			if got := w.read(w.path("out")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestFailedScript has a prerotate stop its log, and no other.
func TestFailedScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.write("log/b.log", "b")
	w.seen("log/a.log", "log/b.log")
	r := w.run(daily + "prerotate = 'case $1 in */a.log) exit 3; esac'")
	if !r.Failed() {
		t.Error("the run did not fail")
	}
	w.want("log", map[string]string{"a.log": "a", "b.log.1": "b"})

	// It is due still.
	w.runOK(daily)
	w.want("log", map[string]string{"a.log.1": "a", "b.log.1": "b"})
}

// TestNothingIsRenamedOver has a file appear between plan and run.
func TestNothingIsRenamedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.write("log/b.log", "b")
	w.seen("log/a.log", "log/b.log")
	r := w.prepare(daily)
	w.write("log/a.log.1", "precious")
	if report := r.Execute(context.Background()); !report.Failed() {
		t.Error("the run did not fail")
	}
	w.want("log", map[string]string{"a.log": "a", "a.log.1": "precious", "b.log.1": "b"})
}

// TestAnotherFile has the log replaced between plan and run.
func TestAnotherFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.seen("log/a.log")
	r := w.prepare(daily)
	w.write("log/other", "b")
	w.must(os.Rename(w.path("log/other"), w.path("log/a.log")))
	if report := r.Execute(context.Background()); !report.Failed() {
		t.Error("the run did not fail")
	}
	w.want("log", map[string]string{"a.log": "b"})
}

// TestTruncateGoesBack has lines come while the log is copied: they are in the
// archive too.
func TestTruncateGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	w.seen("log/a.log")
	r := w.prepare(daily + "copytruncate = true\n")
	written := false
	r.fs.Before = func(op fsys.Op) error {
		// The copy is about to get its name: the log was read to its end.
		if op.Call == "link" && op.To == w.path("log/a.log.1") {
			written = true
			w.append("log/a.log", "two\n")
		}
		return nil
	}
	report := r.Execute(context.Background())
	if report.Failed() || !written || report.Logs[0].AtRisk() != 0 {
		t.Fatal(written, report.Logs[0].AtRisk(), said(report))
	}
	w.want("log", map[string]string{"a.log": "", "a.log.1": "one\ntwo\n"})
}

// TestCopyIsSwapped has another file take the name of the copy, before the log
// is emptied: nothing is written to that file, and the log stays.
func TestCopyIsSwapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "one\n")
	w.write("precious", "")
	w.seen("log/a.log")
	r := w.prepare(daily + "copytruncate = true\n")
	swapped := false
	r.fs.Before = func(op fsys.Op) error {
		if _, err := os.Stat(w.path("log/a.log.1")); op.Call == "close" && err == nil && !swapped {
			swapped = true
			w.must(os.Remove(w.path("log/a.log.1")))
			w.must(os.Link(w.path("precious"), w.path("log/a.log.1")))
			w.append("log/a.log", "two\n")
		}
		return nil
	}
	if !r.Execute(context.Background()).Failed() {
		t.Error("the run did not fail")
	}
	w.want("log", map[string]string{"a.log": "one\ntwo\n", "a.log.1": ""})
}

// TestOneFailureStopsOneLog keeps P9.
func TestOneFailureStopsOneLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.must(syscall.Mkfifo(w.path("log/b.log"), 0o600))
	w.must(os.Symlink("a.log", w.path("log/c.log")))
	w.write("log/d", "d")
	w.must(os.Link(w.path("log/d"), w.path("log/d.log")))
	w.mkdir("log/e.log")
	w.seen("log/a.log", "log/b.log", "log/c.log", "log/d.log", "log/e.log")
	r := w.run("[log.none]\npaths=['DIR/none/*.log']\nfrequency='daily'\nrotate=1\n" + daily)
	codes := map[string]string{}
	for _, l := range r.Logs {
		codes[l.Log.Name] = l.Log.Reason().Code.String()
	}
	want := map[string]string{"a.log": "due-daily", "b.log": "fifo", "c.log": "symlink", "d.log": "hard-link", "e.log": "directory"}
	if !maps.Equal(codes, want) || !r.Failed() {
		t.Errorf("got %v, want %v", codes, want)
	}
	if _, err := os.Stat(w.path("log/a.log.1")); err != nil {
		t.Error(err)
	}
}

// TestNoRoomForTheRecord turns nothing where what is to be turned cannot be
// written down, and still does what needs no record: what expired goes, also of
// a log that is due.
func TestNoRoomForTheRecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys string
		want map[string]string
	}{
		"rotate":   {"rotate=1", map[string]string{"a.log": "a", "a.log.1": "a1", "b.log.1": "b1"}},
		"maxage":   {"rotate=9\nmaxage='90d'", map[string]string{"a.log": "a", "a.log.1": "a1", "b.log.1": "b1"}},
		"maxtotal": {"rotate=9\nmaxtotal=5", map[string]string{"a.log": "a", "a.log.1": "a1", "b.log.1": "b1"}},
		"keepfree": {"rotate=9\nkeepfree='99999T'", map[string]string{"a.log": "a", "a.log.1": "a1", "b.log.1": "b1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "a")
			for i, archive := range []string{"a.log.1", "a.log.2", "b.log.1", "b.log.2"} {
				w.write("log/"+archive, archive[:1]+archive[len("a.log."):])
				written := noon.AddDate(0, -4*(i%2), 0)
				w.must(os.Chtimes(w.path("log/"+archive), written, written))
			}
			w.seen("log/a.log")
			w.append("state", `"`+w.path("log/b.log")+`" 2026-3-14-3:0:0`+"\n")
			toml := "[log.app]\npaths=['DIR/log/*.log']\nfrequency='daily'\n" + c.keys + "\n"
			r := w.prepare(toml)
			r.fs.Before = w.noRoom
			report := r.Execute(context.Background())
			if len(report.Errs) == 0 || !strings.HasPrefix(report.Errs[0].Error(), "nothing was turned: ") {
				t.Errorf("the run said %v", said(report))
			}
			w.want("log", c.want)
		})
	}
}

// TestNoRoomForTheRecordOfACopy goes on where the record is there already.
func TestNoRoomForTheRecordOfACopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Now()
	w.write("log/a.log", "a")
	w.write("log/b.log", "")
	w.seen("log/a.log", "log/b.log")
	toml := daily + "copytruncate=true\nifempty=false\n"
	r := w.prepare(toml)
	r.fs.Before = func(op fsys.Op) error {
		if op.Call == "truncate" {
			return errCrash
		}
		return nil
	}
	execute(context.Background(), r)
	w.write("log/b.log", "b")
	r = w.prepare(toml)
	r.fs.Before = w.noRoom
	execute(context.Background(), r)
	w.want("log", map[string]string{"a.log": "", "a.log.1": "a", "b.log": "b"})
	w.runOK(toml)
	w.want("log", map[string]string{"a.log": "", "a.log.1": "a", "b.log": "", "b.log.1": "b"})
}

// noRoom has the file system of the state take no more bytes.
func (w *world) noRoom(op fsys.Op) error {
	if op.Call == "write" && strings.HasPrefix(op.Path, w.path(".rotate-")) {
		return unix.ENOSPC
	}
	return nil
}

// TestOneFolderIsNotDurable keeps the plain archives of the folder whose names
// could not be made durable, and of no other.
func TestOneFolderIsNotDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mkdir("bad")
	w.write("log/a.log.1", "a")
	w.write("bad/b.log.1", "b")
	w.seen("log/a.log", "bad/b.log")
	r := w.prepare("[log.app]\npaths=['DIR/log/*.log', 'DIR/bad/*.log']\nfrequency='daily'\nrotate=1\ncompress='gzip'\n")
	r.fs.Before = func(op fsys.Op) error {
		if op.Call == "fsync" && op.Path == w.path("bad") {
			return unix.EIO
		}
		return nil
	}
	report := r.Execute(context.Background())
	for _, l := range report.Logs {
		if (len(l.Errs()) > 0) != (l.Log.Name == "b.log") {
			t.Errorf("%s: %v", l.Log.Path(), l.Errs())
		}
	}
	w.want("log", map[string]string{"a.log.1.gz": "a"})
	w.want("bad", map[string]string{"b.log.1": "b", "b.log.1.gz": "b"})
}

// TestStateForgets drops logs that nothing was heard of for a year, and keeps
// those that are looked at, however old.
func TestStateForgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.write("log/gone.log.1", "1")
	w.write("state", "logrotate state -- version 2\n"+
		"\""+w.path("log/a.log")+"\" 2024-1-1-0:0:0\n"+
		"\""+w.path("log/gone.log")+"\" 2024-1-1-0:0:0\n"+
		"\"/elsewhere/old.log\" 2024-1-1-0:0:0\n"+
		"\"/elsewhere/young.log\" 2026-1-1-0:0:0\n")
	w.runOK(daily)
	state := w.read(w.path("state"))
	for name, want := range map[string]bool{"a.log": true, "gone.log": true, "old.log": false, "young.log": true} {
		if strings.Contains(state, name) != want {
			t.Errorf("%s in the state: %v\n%s", name, !want, state)
		}
	}
}
