package rotate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rotate/rotate/internal/fsys"
)

// TestTwoRunsTogether has two runs work on the same logs at the same time, with
// states of their own, so that no lock keeps them apart: each does some changes,
// then it is the other's turn, in every way with three such turns. Whatever comes
// of it, nothing is renamed over or lost, and further runs find
// their way. Nothing is there twice, unless it is copied.
func TestTwoRunsTogether(t *testing.T) {
	for name, keys := range map[string][2]string{
		"numbered":              {"create = true", "create = true"},
		"packed":                {"create = true\ncompress = 'gzip'", "create = true\ncompress = 'gzip'"},
		"dated":                 {"dateext = true\ncreate = true", "dateext = true\ncreate = true"},
		"numbered beside dated": {"create = true", "dateext = true\ncreate = true"},
		"copied":                {"copytruncate = true", "copytruncate = true"},
		"copied and packed":     {"copytruncate = true\ncompress = 'gzip'", "copytruncate = true\ncompress = 'gzip'"},
		"copied beside renamed": {"copytruncate = true", "create = true\ncompress = 'zstd'"},
		"limited":               {"create = true\nrotate = 3", "create = true\nrotate = 3"},
		"limited and packed":    {"create = true\nrotate = 3\ncompress = 'gzip'", "create = true\nrotate = 3\ncompress = 'gzip'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := time.Now().UnixNano()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(uint64(seed), 0))
			most := 1
			for range 40 {
				// The other decides before the first does anything, or when its turn comes.
				b := &baton{turns: []int{random.IntN(most), random.IntN(most), random.IntN(most)}}
				stale := random.IntN(2) == 0
				most = max(most, together(t, keys, b, stale))
				if t.Failed() {
					t.Fatalf("turns %v, stale %v", b.all, stale)
				}
			}
		})
	}
}

func together(t *testing.T, keys [2]string, b *baton, stale bool) (most int) {
	w := newWorld(t)
	w.under(memory)
	w.now = time.Now()
	w.write("log/a.log", "new\n")
	w.write("log/a.log.1", "old1\n")
	w.pack("log/a.log.2.gz", "old2\n")
	w.write("log/a.log.3", "old3\n")
	w.seen("log/a.log")
	w.write("other", w.read(w.path("state")))
	toml, opts := [2]string{}, [2]func(*Options){}
	for i, name := range []string{"state", "other"} {
		toml[i] = "[log.app]\npaths = ['DIR/log/a.log']\nmissingok = true\nfrequency = 'daily'\n" + keys[i]
		if !strings.Contains(keys[i], "rotate = ") {
			toml[i] += "\nrotate = 9"
		}
		opts[i] = func(o *Options) { o.State, o.Jobs = w.path(name), 1 }
	}
	all := [2]func() *Run{}
	for i := range all {
		policies := w.policies(toml[i])
		all[i] = func() *Run {
			o := Options{Now: w.now}
			opts[i](&o)
			r, err := Prepare(context.Background(), policies, o)
			w.must(err)
			r.fs.Before = func(op fsys.Op) error { b.step(i); return nil }
			return r
		}
	}
	runs := [2]*Run{all[0]()}
	if stale {
		runs[1] = all[1]()
	}
	b.all = slices.Clone(b.turns)
	b.cond = sync.NewCond(&b.mu)
	forking.RLock()
	var both sync.WaitGroup
	reports := [2]*Report{}
	for i := range runs {
		both.Go(func() {
			defer b.end(i)
			b.step(i)
			if runs[i] == nil {
				runs[i] = all[i]()
			}
			reports[i] = runs[i].Execute(context.Background())
		})
	}
	both.Wait()
	forking.RUnlock()

	after := fmt.Sprint(sorted(w.tree("log")), said(reports[0]), said(reports[1]))
	for range 2 {
		for i := range toml {
			w.run(toml[i], opts[i])
		}
	}
	lines := []string{"new", "old1", "old2", "old3"}
	if strings.Contains(toml[0], "rotate = 3") {
		lines = lines[:1] // a turn that the other prevented leaves a gap, beyond which archives expire a turn early
	}
	if text := fmt.Sprint(w.tree("log")); strings.Contains(keys[0], "copytruncate") {
		// What two runs copied before either emptied the log is there twice.
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("line %s is lost", line)
			}
		}
	} else {
		w.once(lines)
	}
	if t.Failed() {
		t.Log(after)
	}
	return max(b.steps[0], b.steps[1])
}

// baton is who may change files: one of two.
type baton struct {
	mu    sync.Mutex
	cond  *sync.Cond
	turns []int // how many changes until it is the other's turn
	all   []int
	who   int
	ended [2]bool
	steps [2]int
}

// step waits until it is me, and counts a change.
func (b *baton) step(me int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.who == me && len(b.turns) > 0 && b.turns[0] == 0 && !b.ended[1-me] {
		b.turns = b.turns[1:]
		b.who = 1 - me
		b.cond.Broadcast()
		for b.who != me && !b.ended[1-me] {
			b.cond.Wait()
		}
	}
	for b.who != me && !b.ended[1-me] {
		b.cond.Wait()
	}
	if len(b.turns) > 0 && b.who == me {
		b.turns[0]--
	}
	b.steps[me]++
}

func (b *baton) end(me int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[me], b.who = true, 1-me
	b.cond.Broadcast()
}

// TestOnlyWhatWasObserved puts other files in the place of archives that the plan
// is about: they are neither removed nor packed, and it is said.
func TestOnlyWhatWasObserved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ keys, archive string }{
		"expires":   {"rotate = 1", "a.log.2"},
		"is packed": {"rotate = 3\ncompress = 'gzip'", "a.log.2"},
		"of a pair": {"rotate = 3\ncompress = 'gzip'", "a.log.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "new\n")
			w.write("log/a.log.1", "old1\n")
			w.pack("log/a.log.1.gz", "old1\n")
			w.write("log/a.log.2", "old2\n")
			r := w.prepare("[log.app]\npaths = ['DIR/log/a.log']\nfrequency = 'daily'\n" + c.keys + "\n")
			before, err := os.Stat(w.path("log/" + c.archive))
			w.must(err)
			w.write("log/other", "mine\n")
			w.must(os.Chtimes(w.path("log/other"), before.ModTime(), before.ModTime()))
			w.must(os.Rename(w.path("log/other"), w.path("log/"+c.archive)))
			if !r.Execute(context.Background()).Failed() {
				t.Error("nothing is said")
			}
			if got := w.tree("log")[c.archive]; got != "mine\n" {
				t.Errorf("%s is %q: %v", c.archive, got, sorted(w.tree("log")))
			}
		})
	}
}
