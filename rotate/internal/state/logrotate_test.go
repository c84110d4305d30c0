package state

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/testdata/host"
)

// logrotate lets the real logrotate read the state in path and write it again.
func logrotate(t *testing.T, path string) {
	t.Helper()
	host.Needs(t, "logrotate")
	// A log of its own, which is not there: without any it would not write.
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("/nonexistent/log {\n daily\n missingok\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("logrotate", "-s", path, config)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("logrotate: %v: %s", err, out)
	}
}

// What we write logrotate reads, and what it then writes we read: the same
// names and the same times.
func TestLogrotateReadsAndWritesTheSame(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	names := []string{
		"/var/log/app.log", "/a b", `/a"b`, `/a\b`, `/a\nb`, "/a\nb", "/a\n", `/a\`, `/a\\`, `/a\"`, `"`, `\`, `'`, "\n", " ", "#",
		"/a'b", "/a\tb", "/a\rb", "/a\x01b", "/é", "/\xff\xfe", "/%s%n", "-rf", "/" + strings.Repeat("x", 5000), "/" + strings.Repeat("\n", 4000),
	}
	const odd = "\"\\'\nn abc\t\r\x01\x7f\x80\xff$`#%"
	for range 500 {
		name := make([]byte, 1+random.IntN(12))
		for i := range name {
			name[i] = odd[random.IntN(len(odd))]
		}
		names = append(names, string(name))
	}

	// Of the last year: logrotate drops what is older and gone.
	now := time.Now().Truncate(time.Second)
	path := filepath.Join(t.TempDir(), "status")
	s, _ := read(t, path)
	for _, name := range names {
		s.Set(name, now.Add(-time.Duration(random.Int64N(int64(300*24*time.Hour)))))
	}
	if err := s.Save(&fsys.FS{}, nil); err != nil {
		t.Fatal(err)
	}
	ours := readText(t, path)
	logrotate(t, path)
	if readText(t, path) == ours {
		t.Fatal("logrotate did not write the file")
	}

	got, warnings := read(t, path)
	if len(warnings) != 0 {
		t.Errorf("warnings %q", warnings)
	}
	got.Delete("/nonexistent/log")
	if !maps.Equal(got.last, s.last) {
		for name := range s.last {
			if got.last[name] != s.last[name] {
				t.Errorf("%.80q: %d became %d", name, s.last[name], got.last[name])
			}
		}
		t.Errorf("%d logs became %d", s.Len(), got.Len())
	}

	// Line by line, both write the same text.
	theirs := map[string]bool{}
	for line := range strings.Lines(readText(t, path)) {
		theirs[line] = true
	}
	for line := range strings.Lines(ours) {
		if !theirs[line] {
			t.Errorf("logrotate does not write %.80q", line)
		}
	}
}

// Both read what people and older versions wrote alike.
func TestLogrotateReadsAlike(t *testing.T) {
	t.Parallel()
	year := time.Now().Year()
	for _, line := range []string{
		`/a %d-1-2`, `"/a" %d-01-02-03:04:05`, `"/a"b" c"d %d-1-2-3`, `'/a\b"c' %d-1-2-3:4`, `/a\ b\\n %d-1-2x`, `"/a\x\'" %d-1-2`, `"/a\\\"\n" %d-1-2`,
		" \"/a\"\t \v%d-1-2  \r", `/a "%d-1-2"`, `/a "%d-1-2`, `/a %d-2-31-23:59:59`, `/a %d-2-0`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			path := given(t, header1+"\n"+fmt.Sprintf(line, year)+"\n")
			ours, warnings := read(t, path)
			if ours.Len() != 1 || len(warnings) != 0 {
				t.Errorf("got %v, warnings %q", ours.last, warnings)
			}
			logrotate(t, path)
			theirs, _ := read(t, path)
			theirs.Delete("/nonexistent/log")
			if !maps.Equal(ours.last, theirs.last) {
				t.Errorf("we read %v, logrotate %v", ours.last, theirs.last)
			}
		})
	}
}
