package rotate

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestTakenNames has archives' names held by what is no archive, and archives
// that are packed to something else: what can be done is planned, what is
// planned is done, and the rest is said, with the path that is in the way.
func TestTakenNames(t *testing.T) {
	t.Parallel()
	dir := func(w *world, name string) { w.mkdir(name) }
	fifo := func(w *world, name string) { w.must(syscall.Mkfifo(w.path(name), 0o600)) }
	link := func(w *world, name string) { w.must(os.Symlink("/nowhere", w.path(name))) }
	other := func(w *world, name string) { w.pack(name, "precious") }
	for name, c := range map[string]struct {
		keys string
		at   string // what has the name
		put  func(w *world, name string)
		path string // that is said; "": nothing is
		want string // the names there are thereafter
	}{
		"the first number":      {"", "a.log.1", dir, "a.log.1", "a.log a.log.1"},
		"where others move":     {"", "a.log.2", fifo, "a.log.2", "a.log a.log.1 a.log.2"},
		"where nothing moves":   {"", "a.log.3", dir, "", "a.log.1 a.log.2 a.log.3"},
		"a packed number":       {"compress='gzip'", "a.log.1.gz", link, "a.log.1.gz", "a.log.1 a.log.1.gz a.log.2.gz"},
		"the first, by copying": {"copytruncate=true", "a.log.1", dir, "a.log.1", "a.log a.log.1"},
		"a date":                {"dateext=true", "a.log-20260314", dir, "", "a.log-20260314 a.log-20260314.1 a.log.1"},
		"a packed date":         {"dateext=true\ncompress='gzip'", "a.log-20260314.gz", fifo, "", "a.log-20260314.1.gz a.log-20260314.gz a.log.1"},
		"a pair that differs":   {"compress='gzip'", "a.log.1.gz", other, "a.log.2.gz", "a.log.1.gz a.log.2 a.log.2.gz"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("log/a.log", "new")
			c.put(w, "log/"+c.at)
			if c.at != "a.log.1" {
				w.write("log/a.log.1", "old")
			}
			w.seen("log/a.log")
			toml := "[log.app]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=9\nmissingok=true\n" + c.keys
			r := w.prepare(toml).Execute(context.Background())
			for _, l := range r.Logs {
				for _, s := range l.Steps() {
					if !s.Done {
						t.Errorf("planned and not done: %s %s", s.Op, s.From.Path())
					}
				}
			}
			complaints := strings.Join(said(r), "; ")
			if (c.path != "") != strings.Contains(complaints, "log/"+c.path+" ") || (c.path != "") != r.Failed() {
				t.Errorf("the run said %q, want %q", complaints, c.path)
			}
			entries, err := os.ReadDir(w.path("log"))
			w.must(err)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("there are %s, want %s", got, c.want)
			}
		})
	}
}

// TestLogOfAnotherPolicy has a log that is called like an archive of another:
// it is neither moved nor removed.
func TestLogOfAnotherPolicy(t *testing.T) {
	t.Parallel()
	const app = "[log.app]\npaths=['DIR/log/a']\nfrequency='daily'\nrotate=3\n"
	const instances = "[log.instances]\npaths=['DIR/log/a.%s']\nfrequency='yearly'\nminsize='1M'\nrotate=1\n"
	for name, toml := range map[string]string{
		"earlier": fmt.Sprintf(instances, "[45]") + app,
		"later":   app + fmt.Sprintf(instances, "4', 'DIR/log/a.5"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("log/a", "live")
			w.write("log/a.1", "one")
			w.write("log/a.4", "instance")
			w.write("log/a.5", "instance")
			w.seen("log/a")
			if r := w.run(toml); r.Failed() {
				t.Error(said(r))
			}
			w.want("log", map[string]string{"a.1": "live", "a.2": "one", "a.4": "instance", "a.5": "instance"})
		})
	}
}
