package rotate

import (
	"maps"
	"testing"
)

// TestCutLeavesNothing cuts a log that a service has open. What is left of it
// is nothing to turn, and no bytes by which a size counts.
func TestCutLeavesNothing(t *testing.T) {
	for name, keys := range map[string]string{
		"ifempty": "frequency='daily'\nifempty=false",
		"minsize": "frequency='daily'\nminsize=2",
		"size":    "size=2",
	} {
		for fs, dir := range map[string]string{"disk": "", "memory": "/dev/shm"} {
			t.Run(name+" on "+fs, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if dir != "" {
					w.under(dir)
				}
				toml := "[log.app]\npaths=['DIR/log/*.log']\nrotate=3\ncopytruncate=true\n" + keys + "\n"
				w.write("log/a.log", "one\n")
				w.seen("log/a.log")
				s := w.start("stuck", "log/a.log")
				w.runOK(toml)
				for range 3 {
					before := w.tree("log")
					w.now = w.now.AddDate(0, 0, 1)
					w.runOK(toml)
					if got := w.tree("log"); !maps.Equal(got, before) || got["a.log.1"] != "one\n" {
						t.Fatalf("a log to which nothing came was turned: %q", sorted(got))
					}
				}
				s.do("write two")
				w.now = w.now.AddDate(0, 0, 1)
				w.runOK(toml)
				if got := w.tree("log"); got["a.log.2"] != "one\n" {
					t.Errorf("what came later was not turned: %q", sorted(got))
				}
			})
		}
	}
}
