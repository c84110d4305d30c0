package rotate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/testdata/host"
)

var errCrash = errors.New("crash")

// crashAfter executes a run that can change nothing any more after its first k
// changes. It reports whether it came that far.
func crashAfter(r *Run, k int) (report *Report, crashed bool) {
	var mu sync.Mutex
	changes := 0
	r.fs.Before = func(fsys.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if changes++; changes > k {
			crashed = true
			return errCrash
		}
		return nil
	}
	report = execute(context.Background(), r)
	return report, crashed
}

// The tests below run beside each other, and beside no test that runs scripts:
// see forking.

// TestCrashAnywhere ends a run before its k-th change of a file, for every k,
// and lets normal runs follow: each line is there exactly once, nothing expired
// early, nothing is left over, the service was told.
func TestCrashAnywhere(t *testing.T) {
	for name, keys := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, crashed := 0, true; crashed; k++ {
				t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
					crashed = endAt(t, keys, func(r *Run, _ *service) bool {
						report, crashed := crashAfter(r, k)
						if crashed != report.Failed() {
							t.Errorf("crashed is %v, failed is %v", crashed, report.Failed())
						}
						return crashed
					})
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// endings are the ways to turn a log of which runs are ended early.
var endings = map[string]string{
	"numbered":     "",
	"create":       "create = true",
	"gzip":         "compress = 'gzip'\ncreate = true",
	"delay":        "compress = 'gzip'\ndelaycompress = true",
	"dated":        "dateext = true\ncompress = 'zstd'",
	"olddir":       "olddir = 'old'\ncreateolddir = true\ncompress = 'gzip'",
	"retention":    "rotate = 2\ncompress = 'gzip'",
	"retentiondir": "rotate = 2\ndateext = true",
}

// endAt has a run ended early, and lets normal runs follow: each line is there
// exactly once, nothing is left over, the service was told. It returns whether
// end says that it came so far.
func endAt(t *testing.T, keys string, end func(*Run, *service) bool) bool {
	w := newWorld(t)
	w.under(memory)
	if !strings.Contains(keys, "rotate") {
		keys += "\nrotate = 9"
	}
	toml := "[log.app]\npaths = ['DIR/log/*.log']\nfrequency = 'daily'\n" + keys + "\n[[log.app.notify]]\npidfile = 'DIR/pid'\n"
	s := w.start("polite", "log/a.log", "pid")
	w.write("log/b.log", "b1\n")
	s.do("write a1")
	w.seen("log/a.log", "log/b.log")
	w.runOK(toml)
	s.do("write a2")
	w.append("log/b.log", "b2\n")

	w.now = noon.AddDate(0, 0, 1)
	came := end(w.prepare(toml), s)
	w.append("log/b.log", "b3\n")
	s.do("write a3")
	w.runOK(toml)
	s.do("write a4")
	marks := w.marks()
	w.runOK(toml)
	for path, mark := range w.marks() {
		if marks[path] != mark && path != w.path("rotate.toml") {
			t.Errorf("a run with nothing to do changed %s", path)
		}
	}

	files := w.tree("log")
	text := strings.Builder{}
	for name, lines := range files {
		if !strings.Contains(name, ".log") {
			t.Errorf("%s is left over", name)
		}
		text.WriteString(lines)
	}
	for _, line := range []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3"} {
		if n := strings.Count(text.String(), line+"\n"); n != 1 {
			t.Errorf("line %s is there %d times, in %v", line, n, sorted(files))
		}
	}
	if live := files["a.log"]; !strings.HasSuffix(live, "a4\n") {
		t.Errorf("the service does not write to its log: %v", sorted(files))
	}
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		t.Errorf("something is owed still: %v", err)
	}
	return came
}

// TestCrashThenDueAgain ends a run at every change, and lets runs follow for
// which the log is due at once.
func TestCrashThenDueAgain(t *testing.T) {
	for name, keys := range map[string]string{"plain": "", "gzip": "compress = 'gzip'", "dated": "compress = 'gzip'\ndateext = true", "copied": "compress = 'gzip'\ncopytruncate = true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			toml := "[log.app]\npaths = ['DIR/log/a.log']\nsize = 1\nrotate = 4\n" + keys + "\n[[log.app.notify]]\npidfile = 'DIR/pid'\n"
			for k, crashed := 0, true; crashed; k++ {
				w := newWorld(t)
				w.under(memory)
				s := w.start("polite", "log/a.log", "pid")
				s.do("write a1")
				w.runOK(toml)
				s.do("write a2")
				_, crashed = crashAfter(w.prepare(toml), k)
				s.do("write a3")
				w.runOK(toml)
				s.do("write a4")
				w.runOK(toml)
				text := ""
				for _, lines := range w.tree("log") {
					text += lines
				}
				for _, line := range []string{"a1", "a2", "a3", "a4"} {
					if n := strings.Count(text, line+"\n"); n != 1 {
						t.Fatalf("k=%d: line %s is there %d times, in %v", k, line, n, sorted(w.tree("log")))
					}
				}
				if _, err := os.Stat(w.path("state.owed")); !missing(err) {
					t.Errorf("k=%d: something is owed still: %v", k, err)
				}
			}
		})
	}
}

// TestCrashBesideAPair ends a run at every change while an archive stands beside
// its packed form, as a run that ended before left them: the two stay one
// generation, and nothing expires early.
func TestCrashBesideAPair(t *testing.T) {
	for name, packed := range map[string]string{"whole": "old\n", "cut short": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, crashed := 0, true; crashed; k++ {
				w := newWorld(t)
				w.under(memory)
				w.write("log/a.log", "new\n")
				w.write("log/a.log.1", "old\n")
				w.pack("log/a.log.1.gz", packed)
				w.pack("log/a.log.2.gz", "older\n")
				w.seen("log/a.log")
				const toml = daily + "compress = 'gzip'\n"
				_, crashed = crashAfter(w.prepare(toml), k)
				w.run(toml + "missingok = true\n")
				text := ""
				for _, lines := range w.tree("log") {
					text += lines
				}
				for _, line := range []string{"new", "old", "older"} {
					if n := strings.Count("\n"+text, "\n"+line+"\n"); n != 1 {
						t.Fatalf("k=%d: %q is there %d times: %v", k, line, n, sorted(w.tree("log")))
					}
				}
			}
		})
	}
}

// TestCrashOfACopyBesideAPair does so where a copy would get the inode of the plain
// one, which goes a moment before: it is known as the copy all the same.
func TestCrashOfACopyBesideAPair(t *testing.T) {
	t.Parallel()
	for k, crashed := 0, true; crashed; k++ {
		w := newWorld(t)
		unmount := w.mountExt4("log")
		w.write("log/a.log", "new\n")
		w.write("log/a.log.1", "old\n")
		w.pack("log/a.log.1.gz", "old\n")
		w.seen("log/a.log")
		const toml = daily + "copytruncate = true\ncompress = 'gzip'\ndelaycompress = true\n"
		_, crashed = crashAfter(w.prepare(toml), k)
		w.run(toml)
		w.run(toml)
		w.want("log", map[string]string{"a.log": "", "a.log.1": "new\n", "a.log.2.gz": "old\n"})
		unmount()
		if t.Failed() {
			t.Fatalf("k=%d", k)
		}
	}
}

// mountExt4 mounts a new file system, which gives away inodes again at once.
func (w *world) mountExt4(name string) (unmount func()) {
	w.Helper()
	host.Needs(w, "mkfs.ext4", "mount", "losetup")
	image := w.path(name + ".img")
	w.write(name+".img", "")
	w.must(os.Truncate(image, 8<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, w.path(name)}} {
		forking.Lock()
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		forking.Unlock()
		if err != nil {
			host.Lacks(w, fmt.Errorf("%q: %w: %s", command, err, out))
		}
	}
	unmount = sync.OnceFunc(func() { w.must(unix.Unmount(w.path(name), unix.MNT_DETACH)) })
	w.Cleanup(unmount)
	w.must(os.Remove(w.path(name + "/lost+found")))
	return unmount
}

// TestCrashWhileCopying ends a run that copies and empties logs at every change,
// then another, and lets a whole run follow: each line is there once, and no
// archive expired for the sake of one that was made twice.
func TestCrashWhileCopying(t *testing.T) {
	for k, crashed := 0, true; crashed; k++ {
		w := newWorld(t)
		w.under(memory)
		w.now = time.Now()
		w.write("log/c.log", "")
		w.write("log/c.log.1", "c1\n")
		w.write("log/c.log.2", "c2\n")
		for _, log := range []string{"a", "b"} {
			w.write("log/"+log+".log", log+"1\n")
			w.write("log/"+log+".log.1", log+"2\n")
			w.write("log/"+log+".log.2", log+"3\n")
		}
		w.seen("log/a.log", "log/b.log", "log/c.log")
		const toml = "[log.app]\npaths = ['DIR/log/*.log']\nfrequency = 'daily'\nrotate = 3\ncopytruncate = true\n"
		_, crashed = crashAfter(w.prepare(toml), k)
		crashAfter(w.prepare(toml), k)
		w.append("log/a.log", "late\n")
		w.runOK(toml)
		w.runOK(toml)
		text := ""
		for _, lines := range w.tree("log") {
			text += lines
		}
		for _, line := range []string{"a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "late"} {
			if n := strings.Count(text, line+"\n"); n != 1 {
				t.Fatalf("k=%d: %s is there %d times: %v", k, line, n, sorted(w.tree("log")))
			}
		}
		if _, err := os.Stat(w.path("state.owed")); !missing(err) {
			t.Errorf("k=%d: something is owed still: %v", k, err)
		}
	}
}

// TestCrashWhileCutting ends a run at every change while a service has the log
// open that it empties, then another, and lets a whole run follow.
func TestCrashWhileCutting(t *testing.T) {
	for name, size := range map[string]int{"less than a block": 100, "a block": 4096, "two blocks": 8192, "more": 10_000} {
		for fs, dir := range map[string]string{"disk": "", "memory": memory} {
			if fs == "disk" && name != "more" {
				continue // one will do: it syncs for ever
			}
			t.Run(name+" on "+fs, func(t *testing.T) {
				t.Parallel()
				for k, crashed := 0, true; crashed; k++ {
					crashed = cutting(t, dir, size, fmt.Sprintf("k=%d", k), func(r *Run) bool {
						_, crashed := crashAfter(r, k)
						return crashed
					})
				}
			})
		}
	}
}

// cutting has two runs ended early that empty a log which a service has open,
// and lets a whole run follow: each line is there once. It returns whether end
// says that the first came so far.
func cutting(t *testing.T, dir string, size int, when string, end func(*Run) bool) bool {
	w := newWorld(t)
	if dir != "" {
		w.under(dir)
	}
	w.now = time.Now()
	var lines []string
	for n := size; n > 0; n -= 16 {
		lines = append(lines, fmt.Sprintf("%*d", min(n, 16)-1, n)) // the last one is what is left of size
	}
	w.write("log/a.log", strings.Join(lines, "\n")+"\n")
	w.seen("log/a.log")
	s := w.start("stuck", "log/a.log")
	const toml = "[log.app]\npaths = ['DIR/log/*.log']\nfrequency = 'daily'\nrotate = 3\ncopytruncate = true\n"
	came := end(w.prepare(toml))
	s.do("write late 1")
	end(w.prepare(toml))
	s.do("write late 2")
	w.runOK(toml)
	w.runOK(toml)
	all := ""
	for _, text := range w.tree("log") {
		all += "\n" + strings.Trim(text, "\x00")
	}
	for _, line := range append(lines, "late 1", "late 2") {
		if n := strings.Count(all, "\n"+line+"\n"); n != 1 {
			t.Fatalf("%s: %s is there %d times", when, line, n)
		}
	}
	if _, err := os.Stat(w.path("state.owed")); !missing(err) {
		t.Errorf("%s: something is owed still: %v", when, err)
	}
	return came
}

// TestCrashOfAnEmptyLog ends a run at every change that found a log empty. Lines
// come before the run acts, and later, or never.
func TestCrashOfAnEmptyLog(t *testing.T) {
	for name, keys := range map[string]string{"renamed": "create = true", "copied": "copytruncate = true", "packed": "copytruncate = true\ncompress = 'gzip'"} {
		for _, open := range []bool{true, false} {
			for _, lines := range []string{"", "early", "late", "early late"} {
				t.Run(fmt.Sprintf("%s, open %v, %s", name, open, lines), func(t *testing.T) {
					t.Parallel()
					for k, crashed := 0, true; crashed; k++ {
						w := newWorld(t)
						w.under(memory)
						w.now = time.Now()
						w.write("log/a.log", "")
						w.write("log/a.log.1", "one\n")
						w.write("log/a.log.2", "two\n")
						w.seen("log/a.log")
						if open {
							f, err := os.OpenFile(w.path("log/a.log"), os.O_WRONLY|os.O_APPEND, 0)
							w.must(err)
							defer f.Close()
						}
						toml := "[log.app]\npaths = ['DIR/log/a.log']\nfrequency = 'daily'\nrotate = 3\n" + keys + "\n"
						if name == "renamed" && open {
							break // it stays open
						}
						r := w.prepare(toml)
						if strings.Contains(lines, "early") {
							w.append("log/a.log", "early\n")
						}
						_, crashed = crashAfter(r, k)
						if strings.Contains(lines, "late") {
							w.append("log/a.log", "late\n")
						}
						for range 3 {
							w.runOK(toml)
						}
						text := ""
						for _, lines := range w.tree("log") {
							text += "\n" + lines
						}
						for _, line := range append(strings.Fields(lines), "one", "two") {
							if n := strings.Count(text, "\n"+line+"\n"); n != 1 {
								t.Fatalf("k=%d: %s is there %d times: %v", k, line, n, sorted(w.tree("log")))
							}
						}
						w.forgotten()
					}
				})
			}
		}
	}
}

// TestFailOfALogMetFirst fails each change alone of a run that turns a log which
// the state does not know, and lets runs follow, of which the first does not.
func TestFailOfALogMetFirst(t *testing.T) {
	for name, keys := range map[string]string{"renamed": "create = true", "copied": "copytruncate = true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k, hit := 0, true; hit; k++ {
				w := newWorld(t)
				w.under(memory)
				w.write("log/a.log", "new\n")
				w.write("log/a.log.1", "one\n")
				w.write("log/a.log.2", "two\n")
				toml := "[log.app]\npaths = ['DIR/log/a.log']\nsize = 1\nrotate = 3\n" + keys + "\n"
				r := w.prepare(toml)
				changes := 0
				r.fs.Before = func(fsys.Op) error {
					if changes++; changes == k+1 {
						return errCrash
					}
					return nil
				}
				execute(context.Background(), r)
				hit = changes > k
				w.runOK(strings.Replace(toml, "size = 1", "size = '1M'", 1))
				w.runOK(toml)
				text := ""
				for _, lines := range w.tree("log") {
					text += "\n" + lines
				}
				for _, line := range []string{"new", "one", "two"} {
					if n := strings.Count(text, "\n"+line+"\n"); n != 1 {
						t.Fatalf("k=%d: %s is there %d times: %v", k, line, n, sorted(w.tree("log")))
					}
				}
				w.forgotten()
			}
		})
	}
}
