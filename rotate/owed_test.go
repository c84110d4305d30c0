package rotate

import (
	"context"
	"maps"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
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
