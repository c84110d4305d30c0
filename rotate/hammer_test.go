package rotate

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rotate/rotate/internal/fsys"
)

// hammer writes numbered lines to a log as fast as it can, each with one call,
// until its standard input ends. Then it says how many.
func hammer(name, log string) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if name == "careless" {
		flags &^= os.O_APPEND
	}
	f, err := os.OpenFile(log, flags, 0o644)
	if err != nil {
		return err
	}
	stop := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		stop <- err
	}()
	fmt.Println("ready")
	pid := os.Getpid()
	for n := 0; ; n++ {
		select {
		case err := <-stop:
			fmt.Println(n)
			return err
		default:
			if _, err := fmt.Fprintf(f, "%d %d %s\n", pid, n, strings.Repeat("x", n%90)); err != nil {
				return err
			}
		}
	}
}

// rotations are how often a log is turned under its writers.
const rotations = 40

// TestHammeredCopytruncate empties a log again and again under processes that
// write as fast as they can: each line is there once, whole.
func TestHammeredCopytruncate(t *testing.T) {
	for name, writers := range map[string][]string{
		"append":   {"busy", "busy", "busy"},
		"careless": {"careless"}, // without O_APPEND
	} {
		t.Run(name, func(t *testing.T) {
			for fs, dir := range map[string]string{"disk": "", "memory": "/dev/shm"} {
				t.Run(fs, func(t *testing.T) { hammered(t, dir, writers) })
			}
		})
	}
}

func hammered(t *testing.T, dir string, writers []string) {
	w := newWorld(t)
	if dir != "" {
		w.under(dir)
	}
	toml := fmt.Sprintf("[log.app]\npaths = ['DIR/log/a.log']\nfrequency = 'daily'\nrotate = %d\ncopytruncate = true\n", rotations)
	var busy []*service
	for _, role := range writers {
		busy = append(busy, w.start(role, "log/a.log"))
	}
	cuts := 0
	for range rotations {
		r := w.prepare(toml, func(o *Options) { o.Force = true })
		r.fs.Before = func(op fsys.Op) error {
			if op.Call == "fallocate" {
				cuts++
			}
			return nil
		}
		report := r.Execute(t.Context())
		if report.Failed() {
			t.Fatal(said(report))
		}
		if n := report.Logs[0].AtRisk(); n != 0 {
			t.Errorf("%d bytes were at risk", n)
		}
	}
	want := map[string]int{}
	for _, s := range busy {
		w.must(s.in.Close())
		n, err := strconv.Atoi(s.answer())
		w.must(err)
		want[strconv.Itoa(s.cmd.Process.Pid)] = n
	}
	if cuts == 0 {
		t.Error("nothing was cut")
	}
	got := map[string]map[int]int{}
	lines := 0
	files, err := filepath.Glob(w.path("log/*"))
	w.must(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		w.must(err)
		if strings.HasSuffix(file, "/a.log") {
			text = bytes.TrimLeft(text, "\x00") // the hole
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("%s ends within a line", filepath.Base(file))
		}
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			line := s.Text()
			if strings.Trim(line, " ") == "" {
				continue
			}
			f := strings.Fields(line)
			n, err := strconv.Atoi(f[min(1, len(f)-1)])
			if err != nil || want[f[0]] <= n || len(line) != len(f[0])+len(f[1])+2+n%90 {
				t.Fatalf("%s has a line that nobody wrote: %.80q", filepath.Base(file), line)
			}
			if got[f[0]] == nil {
				got[f[0]] = map[int]int{}
			}
			got[f[0]][n]++
			lines++
		}
	}
	t.Logf("%d lines, %d cuts, %d files", lines, cuts, len(files))
	for pid, n := range want {
		lost, twice := n-len(got[pid]), 0
		for _, times := range got[pid] {
			twice += times - 1
		}
		if lost != 0 || twice != 0 {
			t.Errorf("of %d lines of %s, %d are lost and %d doubled", n, pid, lost, twice)
		}
	}
}
