package differential

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rotate/testdata/host"
)

var (
	logrotatePath = flag.String("logrotate", "logrotate", "the program that is imitated")
	rotatePath    = flag.String("rotate", "", "the program that imitates (default: built)")
	self          = flag.Bool("self", false, "compare logrotate with itself: finds what is not determined")
	seed          = flag.Uint64("seed", 0, "of the random trials (default: the time)")
	trials        = flag.Uint64("trials", 2000, "how many random trials")
	only          = flag.Int64("trial", -1, "only this random trial")
	most          = flag.Int("most", 5, "how many differences to shrink and show")
)

func TestMain(m *testing.M) { host.Tests{M: m}.Run() }

// TestKept replays the trials that found something once.
func TestKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all, err := filepath.Glob("cases/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			trial, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if again := trial.String(); again != string(text) {
				t.Errorf("the file is not as it would be printed:\n%s", again)
			}
			if d := b.try(trial, false); d != nil {
				t.Error(d)
			}
		})
	}
}

// TestRandom compares the programs on random trials. A trial that differs is
// shrunk and printed as a file for cases/.
func TestRandom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("%d trials, -seed %d; one of them again: -seed %d -trial N", *trials, *seed, *seed)
	first, end := uint64(0), *trials
	if *only >= 0 {
		first, end = uint64(*only), uint64(*only)+1
	}
	var next, failed atomic.Uint64
	next.Store(first)
	var wg sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				n := next.Add(1) - 1
				if n >= end {
					return
				}
				trial := generate(*seed, n)
				d := b.try(trial, false)
				if d == nil {
					continue
				}
				if failed.Add(1) > uint64(*most) {
					t.Logf("trial %d differs, run %d: %s", n, d.round+1, d.what[0])
					continue
				}
				if d.err == nil {
					trial = b.shrink(trial, d)
				}
				t.Errorf("trial %d differs, and so does\n%s", n, b.try(trial, true).with(trial))
			}
		})
	}
	wg.Wait()
	t.Logf("%d of %d trials differ; the tolerated differences touched %s", failed.Load(), end-first, b.touched())
	if failed.Load() > 0 && !t.Failed() {
		t.Fail()
	}
}

// A difference is what a trial found.
type difference struct {
	err          error // the trial could not be made
	round        int
	what         []string
	theirs, ours string // what the programs said
	text         string // the trial
}

func (d *difference) with(t trial) *difference {
	if d == nil {
		d = &difference{what: []string{"nothing, when tried again: it is not determined"}}
	}
	d.text = t.String()
	return d
}

func (d *difference) String() string {
	return fmt.Sprintf("%s\nrun %d:\n%s\n--- logrotate says\n%s\n--- rotate says\n%s", d.text, d.round+1, strings.Join(d.what, "\n"), d.theirs, d.ours)
}
