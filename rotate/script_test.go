package rotate

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestScriptsAsLogrotate runs what logrotate 3.22 runs, with its arguments, in the order
// of our phases: it goes through all scripts log by log. a.log has an archive
// that expires.
func TestScriptsAsLogrotate(t *testing.T) {
	t.Parallel()
	const (
		first, last   = "first 1 DIR/*.log DIR/c.log", "last 1 DIR/*.log DIR/c.log"
		preA, preB    = "pre 1 DIR/a.log", "pre 1 DIR/b.log"
		postA, postB  = "post 2 DIR/a.log DIR/a.log.1", "post 2 DIR/b.log DIR/b.log.1"
		remove        = "remove 1 DIR/a.log.2"
		pre, post     = "pre 1 DIR/*.log DIR/c.log", "post 1 DIR/*.log DIR/c.log"
		turned, whole = "a.log.1 b.log.1", "a.log a.log.1 b.log"
		kept          = "a.log.1 a.log.2 b.log.1"
	)
	for name, c := range map[string]struct {
		shared bool
		fails  string // the script that fails
		want   []string
		left   string
	}{
		"each":                   {false, "", []string{first, preA, preB, postA, postB, remove, last}, turned},
		"shared":                 {true, "", []string{first, pre, post, remove, last}, turned},
		"firstaction fails":      {false, "first", []string{first}, whole},
		"firstaction fails too":  {true, "first", []string{first}, whole},
		"prerotate fails":        {false, "pre", []string{first, preA, preB, last}, whole},
		"shared prerotate fails": {true, "pre", []string{first, pre, last}, whole},
		"postrotate fails":       {false, "post", []string{first, preA, preB, postA, postB, last}, kept},
		"shared postrotate fails": {
			true, "post", []string{first, pre, post, last}, kept,
		},
		"lastaction fails": {false, "last", []string{first, preA, preB, postA, postB, remove, last}, turned},
		"preremove fails":  {false, "remove", []string{first, preA, preB, postA, postB, remove, last}, kept},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, f := range []string{"a.log", "a.log.1", "b.log"} {
				w.write("log/"+f, f)
			}
			w.seen("log/a.log", "log/b.log")
			toml := fmt.Sprintf("[log.app]\npaths=['DIR/log/*.log', 'DIR/log/c.log']\nmissingok=true\nfrequency='daily'\nrotate=1\nsharedscripts=%v\n", c.shared)
			for key, id := range map[string]string{"firstaction": "first", "prerotate": "pre", "postrotate": "post", "lastaction": "last", "preremove": "remove"} {
				script := `echo ` + id + ` $# "$@" >> DIR/ran; [ "$0" = logrotate_script ]`
				if id == c.fails {
					script += " && exit 3"
				}
				toml += key + " = '" + script + "'\n"
			}
			r := w.run(toml)
			if r.Failed() != (c.fails != "") {
				t.Errorf("failed is %v: %v", r.Failed(), said(r))
			}
			text, err := os.ReadFile(w.path("ran"))
			w.must(err)
			got := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), w.path("log"), "DIR")), "\n")
			if !slices.Equal(got, c.want) {
				t.Errorf("ran\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
			var left []string
			for f := range w.tree("log") {
				left = append(left, f)
			}
			slices.Sort(left)
			if strings.Join(left, " ") != c.left {
				t.Errorf("left are %v, want %s", left, c.left)
			}
		})
	}
}

// TestScriptsOfNothing runs none where no log is due.
func TestScriptsOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "a")
	w.runOK("[log.app]\npaths=['DIR/log/*.log']\nsize='1M'\nrotate=1\nfirstaction='exit 1'\nprerotate='exit 1'\npostrotate='exit 1'\nlastaction='exit 1'\n")
}

// TestScriptsOneAtATime lets archives of many logs go at once: each script
// fails if it finds another at work.
func TestScriptsOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.write(fmt.Sprintf("log/%d.log", i), "")
		w.write(fmt.Sprintf("log/%d.log.1", i), "old")
	}
	w.runOK("[log.app]\npaths=['DIR/log/*.log']\nfrequency='yearly'\nrotate=0\npreremove='mkdir DIR/busy && rmdir DIR/busy'\n", func(o *Options) { o.Jobs = 8 })
	if left := w.tree("log"); len(left) != 20 {
		t.Errorf("left: %v", sorted(left))
	}
}
