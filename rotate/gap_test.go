package rotate

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
)

// gaps are trees with numbers that nobody took, and where logrotate leaves
// them. What it forgets beyond the last number goes here.
var gaps = map[string]struct {
	keys   string
	last   int // the last number that is kept
	before string
	after  string
}{
	"1 and 3":           {"rotate=5", 5, "1 3", "1=live 2=1 4=3"},
	"2 and 4":           {"rotate=5", 5, "2 4", "1=live 3=2 5=4"},
	"beyond the limit":  {"rotate=3", 3, "1 3 4 5", "1=live 2=1"},
	"from 0":            {"rotate=3\nstart=0", 2, "0 1 2 3", "0=live 1=0 2=1"},
	"from 0 with a gap": {"rotate=3\nstart=0", 2, "1 2", "0=live 2=1"},
	"from 5":            {"rotate=3\nstart=5", 7, "1 5 7", "1=1 5=live 6=5"},
	"rotate lowered":    {"rotate=5", 5, "1 2 4 5 6 8 9 10", "1=live 2=1 3=2 5=4"},
	"a year":            {"rotate=3", 3, "1 2024 202411", "1=live 2=1 2024=2024 202411=202411"},
	"a year, not due":   {"rotate=3\nmaxage='1s'\nminsize='1M'", 3, "2024 2025", "live 2024=2024 2025=2025"},
	"start lowered":     {"rotate=4", 4, "10 11", "1=live 10=10 11=11"},
	"start 5 lowered":   {"rotate=3", 3, "5 6 7", "1=live 5=5 6=6"},
	"start 4 lowered":   {"rotate=3", 3, "4 5 6", "1=live 4=4 5=5"},
	"2 of start 5 left": {"rotate=3", 3, "1 5 6", "1=live 2=1 5=5"},
	"start 3, not due":  {"rotate=4\nminsize='1M'", 4, "3 4 5 6", "live 3=3 4=4 5=5 6=6"},
	"start 5, not due":  {"rotate=3\nminsize='1M'", 3, "5 6 7 8", "live 5=5 6=6 7=7"},
	"start raised":      {"rotate=3\nstart=3", 5, "1 2 3 4", "1=1 2=2 3=live 4=3 5=4"},
	"rotate 1":          {"rotate=1", 1, "1 2", "1=live"},
	"rotate 0":          {"rotate=0", 0, "1 2", ""},
	"unlimited":         {"rotate=-1", 99, "1 3 7", "1=live 2=1 4=3 8=7"},
	"packed":            {"rotate=5\ncompress='gzip'", 5, "1.gz 2.gz 4.gz 5.gz", "1.gz=live 2.gz=1.gz 3.gz=2.gz 5.gz=4.gz"},
	"mixed":             {"rotate=5\ncompress='gzip'", 5, "1 2.gz 4 5.gz", "1.gz=live 2.gz=1 3.gz=2.gz 5.gz=4"},
	"delayed":           {"rotate=5\ncompress='gzip'\ndelaycompress=true", 5, "1 2.gz 4.gz", "1=live 2.gz=1 3.gz=2.gz 5.gz=4.gz"},
}

// gapWorld makes the tree of archives "1 3.gz", each of which holds its name.
func gapWorld(t *testing.T, archives string) *world {
	w := newWorld(t)
	w.write("log/a.log", "live")
	for _, a := range strings.Fields(archives) {
		if strings.HasSuffix(a, ".gz") {
			w.pack("log/a.log."+a, a)
		} else {
			w.write("log/a.log."+a, a)
		}
	}
	w.seen("log/a.log")
	return w
}

func gapTOML(keys string) string {
	return "[log.app]\npaths=['DIR/log/a.log']\nmissingok=true\nfrequency='daily'\n" + keys + "\n"
}

// gapTree is the tree "1=live 2.gz=1".
func gapTree(pairs string) map[string]string {
	tree := map[string]string{}
	for _, pair := range strings.Fields(pairs) {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			tree["a.log"] = name // it stays the log
			continue
		}
		tree["a.log."+name] = text
	}
	return tree
}

func TestGaps(t *testing.T) {
	t.Parallel()
	for name, c := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gapWorld(t, c.before)
			w.runOK(gapTOML(c.keys))
			w.want("log", gapTree(c.after))
			w.wantIdle("a second run", gapTOML(c.keys))
		})
	}
}

// TestGapsAndCrashes ends a turn at every change, or fails it there alone. Runs
// for which the log is not due follow, then one that turns it: what stays
// without the interruption stays with it.
func TestGapsAndCrashes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"1 and 3", "beyond the limit", "from 5", "mixed"} {
		c := gaps[name]
		for how, fail := range map[string]func(*Run, int) bool{"killed": killedAt, "no space": noSpaceAt} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				within, kept := []string{"live"}, []string{}
				for _, a := range strings.Fields(c.before) {
					if n, _ := strconv.Atoi(strings.TrimSuffix(a, ".gz")); n <= c.last {
						within = append(within, a)
					}
				}
				for _, pair := range strings.Fields(c.after) {
					_, text, _ := strings.Cut(pair, "=")
					kept = append(kept, text)
				}
				for k, hit := 0, true; hit; k++ {
					w := gapWorld(t, c.before)
					toml := gapTOML(c.keys)
					hit = fail(w.prepare(toml), k)
					idle := strings.Replace(toml, "frequency='daily'", "size='1M'", 1)
					w.run(idle)
					if w.tree("log")["a.log"] == "live" {
						w.wantTexts(fmt.Sprintf("k=%d, not turned", k), within)
					}
					w.run(toml)
					w.wantTexts(fmt.Sprintf("k=%d", k), kept)
					w.wantIdle(fmt.Sprintf("k=%d: another run", k), toml)
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

func killedAt(r *Run, k int) bool {
	_, crashed := crashAfter(r, k)
	return crashed
}

// noSpaceAt fails the k-th change of a name alone.
func noSpaceAt(r *Run, k int) (hit bool) {
	changes := 0
	r.fs.Before = func(op fsys.Op) error {
		if op.Call != "rename" && op.Call != "link" || strings.Contains(op.To, "state") {
			return nil
		}
		if changes++; changes == k+1 {
			hit = true
			return unix.ENOSPC
		}
		return nil
	}
	r.opts.Jobs = 1
	r.Execute(context.Background())
	return hit
}

// wantTexts wants each text in one file.
func (w *world) wantTexts(when string, texts []string) {
	w.Helper()
	have := slices.Collect(maps.Values(w.tree("log")))
	for _, text := range texts {
		if n := len(slices.DeleteFunc(slices.Clone(have), func(s string) bool { return s != text })); n != 1 {
			w.Errorf("%s: %q is there %d times: %v", when, text, n, sorted(w.tree("log")))
		}
	}
}

// wantIdle wants a run to change nothing.
func (w *world) wantIdle(which, toml string) {
	w.Helper()
	before := w.marks()
	w.runOK(toml)
	after := w.marks()
	after[w.path("rotate.toml")] = before[w.path("rotate.toml")]
	if !maps.Equal(before, after) {
		w.Errorf("%s changed something: %v", which, sorted(w.tree("log")))
	}
}

// TestGapsOfALogThatWasReplaced has a turn fail at every rename, and the service
// put another log in its place: archives move up past what has moved already, and
// nothing expires early.
func TestGapsOfALogThatWasReplaced(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{"plain": "", "packed": "compress = 'gzip'\n"} {
		for _, to := range []string{"a.log.4", "a.log.3", "a.log.2", "a.log.1"} {
			t.Run(name+" "+to, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.write("log/a.log", "lost\n")
				for _, n := range []string{"1", "2", "3"} {
					if w.write("log/a.log."+n, n+"\n"); keys != "" {
						w.must(os.Remove(w.path("log/a.log." + n)))
						w.pack("log/a.log."+n+".gz", n+"\n")
					}
				}
				w.seen("log/a.log")
				toml := strings.Replace(daily, "= 3", "= 4", 1) + keys
				r := w.prepare(toml)
				r.fs.Before = func(op fsys.Op) error {
					if op.Call == "rename" && strings.TrimSuffix(op.To, ".gz") == w.path("log/"+to) {
						return unix.EIO
					}
					return nil
				}
				if !execute(t.Context(), r).Failed() {
					t.Fatal("the turn did not fail")
				}
				w.write("new", "live\n")
				w.must(os.Rename(w.path("new"), w.path("log/a.log")))
				if again := w.runOK(toml); len(again.Logs) != 1 || !again.Logs[0].Turned {
					t.Error("the turn is taken for done")
				}
				w.wantTexts("after", []string{"live\n", "1\n", "2\n", "3\n"})
				w.now = w.now.Add(time.Hour)
				w.wantIdle("the next", toml+"missingok = true\n")
			})
		}
	}
}
