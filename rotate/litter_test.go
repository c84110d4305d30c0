package rotate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
)

// TestCrashWithoutNamelessFiles ends a run at every change where files in the
// making have names. Nothing is left of them after the next run.
func TestCrashWithoutNamelessFiles(t *testing.T) {
	t.Parallel()
	for k, crashed := 0, true; crashed; k++ {
		w := newWorld(t)
		w.write("log/a.log", "a")
		w.write("log/b.log", "b")
		w.seen("log/a.log")
		toml := "[log.app]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=3\nolddir='old'\ncreateolddir=true\ncompress='gzip'\ncreate=true\nifempty=false\n"
		r := w.prepare(toml)
		changes := 0
		r.fs.Before = func(op fsys.Op) error {
			if changes++; changes > k {
				crashed = true
				return errCrash
			}
			if op.Call == "tmpfile" {
				return unix.EOPNOTSUPP
			}
			return nil
		}
		r.opts.Jobs = 1
		crashed = false
		r.Execute(context.Background())
		w.append("log/a.log", "")
		w.run(toml)
		// What was written beside the state goes when it is written again.
		w.now = w.now.AddDate(0, 0, 1)
		w.append("log/a.log", "more")
		w.runOK(toml)
		w.must(filepath.WalkDir(w.dir, func(path string, _ os.DirEntry, err error) error {
			if fsys.IsTemp(filepath.Base(path)) {
				t.Errorf("k=%d: %s is left over", k, path)
			}
			return err
		}))
		if t.Failed() {
			return
		}
	}
}

// TestSweep removes files that runs left which were killed, where nobody writes
// them, and nothing else. The plan has them.
func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mkdir("elsewhere")
	w.mkdir("log/.rotate-00000000000000d0")
	w.must(os.Symlink("a.log", w.path("log/.rotate-00000000000000e0")))
	stay := []string{
		"log/a.log", "log/.rotate-00000000000000c0", "log/.rotate-00000000000000d0", "log/.rotate-00000000000000e0",
		"log/.rotate-", "log/.rotate-00000000000000G0", "log/.rotate-00000000000000a0.gz", "log/rotate-00000000000000a0",
		"elsewhere/.rotate-00000000000000a0",
	}
	for _, name := range append(stay, "log/.rotate-00000000000000a0", "log/.rotate-00000000000000b0") {
		if _, err := os.Lstat(w.path(name)); missing(err) {
			w.write(name, "text")
		}
	}
	w.seen("log/a.log")
	w.now = noon.AddDate(-1, 0, 0) // nothing is due
	writer, err := os.OpenFile(w.path("log/.rotate-00000000000000c0"), os.O_WRONLY, 0)
	w.must(err)
	defer writer.Close()

	toml := "[log.app]\npaths=['DIR/log/*', 'DIR/log/.*', 'DIR/log/a.log']\nexclude=['DIR/log/*rotate-*']\nfrequency='daily'\nrotate=3\n"
	r := w.prepare(toml)
	var planned []string
	for _, p := range r.Plan.Litter {
		planned = append(planned, p.Name[len(p.Name)-2:])
	}
	if got := fmt.Sprint(planned); got != "[a0 b0 c0]" {
		t.Errorf("planned to remove %s", got)
	}
	r.Execute(context.Background())
	entries, err := os.ReadDir(w.path("log"))
	w.must(err)
	if len(entries) != len(stay)-1 {
		t.Errorf("there are %v, want %v", entries, stay)
	}
	for _, name := range stay {
		if _, err := os.Lstat(w.path(name)); err != nil {
			t.Error(err)
		}
	}
	for _, l := range r.Plan.Policies[0].Logs {
		if strings.HasPrefix(l.Name, ".rotate-0") && fsys.IsTemp(l.Name) {
			t.Errorf("%s is taken for a log", l.Name)
		}
	}
}
