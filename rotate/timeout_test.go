package rotate

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestScriptsThatHang has each script, and a program that compresses, wait for
// what never comes, children and all: they are ended, it is said which and for
// what, and everything else is done.
func TestScriptsThatHang(t *testing.T) {
	t.Parallel()
	const hang = "'(read _ <DIR/never) & read _ <DIR/never'"
	for name, c := range map[string]struct {
		keys string
		said string
		want map[string]string
	}{
		"firstaction": {"firstaction=" + hang, `run firstaction for "DIR/log/*.log"`, map[string]string{"a.log": "new", "a.log.1": "old"}},
		"prerotate":   {"prerotate=" + hang, `run prerotate for "DIR/log/a.log"`, map[string]string{"a.log": "new", "a.log.1": "old"}},
		"postrotate":  {"postrotate=" + hang, `run postrotate for "DIR/log/a.log"`, map[string]string{"a.log.1": "new", "a.log.2": "old"}},
		"lastaction":  {"lastaction=" + hang, `run lastaction for "DIR/log/*.log"`, map[string]string{"a.log.1": "new"}},
		"preremove":   {"preremove=" + hang, `run preremove for "DIR/log/a.log.2"`, map[string]string{"a.log.1": "new", "a.log.2": "old"}},
		"a compressor": {
			"compress={ext='.x', command=['sh', '-c', " + hang + "]}", `compress "DIR/log/a.log.1"`,
			map[string]string{"a.log.1": "new"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(syscall.Mkfifo(w.path("never"), 0o600))
			w.write("log/a.log", "new")
			w.write("log/a.log.1", "old")
			w.write("log/b.log.1", "1")
			w.write("log/b.log.2", "2")
			w.seen("log/a.log", "log/b.log")
			keys := strings.ReplaceAll(c.keys, "DIR", w.dir)
			r := w.run("[log.app]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=1\ntimeout='10ms'\n" + keys + "\n")
			complaint := strings.Join(said(r), "; ")
			if want := strings.ReplaceAll(c.said, "DIR", w.dir) + ": " + ErrTimeout.Error() + " (10ms)"; !strings.Contains(complaint, want) {
				t.Errorf("the run said\n\t%s\nwant\n\t%s", complaint, want)
			}
			for name, text := range w.tree("log") {
				if strings.HasPrefix(name, "a.") && c.want[name] != text {
					t.Errorf("there is %s=%s, want %v", name, text, c.want)
				}
			}
			_, err := os.OpenFile(w.path("never"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
			if !errors.Is(err, syscall.ENXIO) {
				t.Errorf("somebody still waits: %v", err)
			}
		})
	}
}
