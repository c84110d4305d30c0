package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rotate/testdata/host"
)

// TestNothingDueCostsNothing counts the system calls of runs in which nothing
// is due, in a folder of many logs. They read the folder once, and make no call
// for a log unless its size decides.
func TestNothingDueCostsNothing(t *testing.T) {
	t.Parallel()
	const few, many = 1_000, 20_000
	worlds := map[int]*tracedWorld{few: newTraced(t), many: newTraced(t)}
	for logs, w := range worlds {
		inMemory(t, w.dir)
		w.write(t, "", time.Now(), manyLogs(logs, ".1.gz"))
	}
	for _, tt := range []struct {
		name   string
		config string
		perLog int
		opens  int // of the folder: to read it, and to look at what it holds
	}{
		{"numbered", `compress="gzip"; create=true`, 0, 1},
		{"dated", `compress="zstd"; dateext=true`, 0, 1},
		{"with a limit of size", `maxsize="1M"`, 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := map[int]int{}
			for logs, w := range worlds {
				w.configure(t, `[log.a]; paths=["DIR/log/*.log"]; rotate=3; `+tt.config)
				trace, _ := w.trace(t, []string{"-qq", "-y"})
				folder := regexp.QuoteMeta(filepath.Join(w.dir, "log"))
				if changes := w.listed(changesIn(trace)); changes != "" {
					t.Errorf("%d logs: nothing is due, and what is done is\n%s", logs, changes)
				}
				if n := matches(trace, `openat2?\(AT_FDCWD<[^>]*>, "`+folder+`"`); n != tt.opens {
					t.Errorf("%d logs: the folder is opened %d times, want %d", logs, n, tt.opens)
				}
				if n := matches(trace, `<`+folder+`>, .* /\* 0 entries \*/`); n != 1 {
					t.Errorf("%d logs: the folder is read %d times", logs, n)
				}
				for line := range strings.Lines(trace) {
					if call := callIn(line); call != "" && !slices.Contains(runtimeCalls, call) {
						calls[logs]++
					}
				}
			}
			got := float64(calls[many]-calls[few]) / (many - few)
			t.Logf("%d calls for %d logs, %d for %d: %.4f a log", calls[few], few, calls[many], many, got)
			if got > float64(tt.perLog)+0.01 {
				t.Errorf("%.4f calls a log, want %d", got, tt.perLog)
			}
		})
	}
}

func matches(text, pattern string) int {
	return len(regexp.MustCompile(pattern).FindAllStringIndex(text, -1))
}

// TestCostIsLinear counts the system calls of runs in which every log is due.
func TestCostIsLinear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		config    string
		archives  []string
		few, many int
	}{
		{"renamed", `[log.a]; paths=["DIR/log/*.log"]; rotate=5`, nil, 1_000, 20_000},
		{"shifted", `[log.a]; paths=["DIR/log/*.log"]; rotate=5`, []string{".1", ".2", ".3"}, 500, 5_000},
		{"packed", `[log.a]; paths=["DIR/log/*.log"]; rotate=1; create=true; compress="gzip"`, []string{".1.gz"}, 200, 2_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkLinear(t, 1, tt.few, tt.many, func(w *tracedWorld, logs int) {
				w.write(t, tt.config, longAgo, manyLogs(logs, tt.archives...))
			})
		})
	}
}

// TestCostIsLinearInPolicies counts the system calls of runs with many
// policies, each of one log, in one folder.
func TestCostIsLinearInPolicies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		last  time.Time
		least float64
	}{{"due", longAgo, 1}, {"not due", time.Now(), 0}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkLinear(t, tt.least, 500, 5_000, func(w *tracedWorld, policies int) {
				var config strings.Builder
				logs := manyLogs(policies)
				for i, log := range logs {
					fmt.Fprintf(&config, "[log.p%d]; paths=[\"DIR/%s\"]; rotate=3; ", i, log)
				}
				w.write(t, config.String(), tt.last, logs)
			})
		})
	}
}

// checkLinear checks that many things cost as much apiece as few, beside what a
// run with one costs, and that this is least calls at least.
func checkLinear(t *testing.T, least float64, few, many int, write func(*tracedWorld, int)) {
	t.Helper()
	calls := func(n int) float64 {
		w := newTraced(t)
		inMemory(t, w.dir)
		write(w, n)
		return float64(w.count(t))
	}
	one := calls(1)
	atFew, atMany := (calls(few)-one)/float64(few-1), (calls(many)-one)/float64(many-1)
	t.Logf("%.2f calls apiece for %d, %.2f for %d", atFew, few, atMany, many)
	if atFew < least || atMany > 1.03*atFew+0.05 {
		t.Errorf("%.2f calls apiece for %d, but %.2f for %d", atFew, few, atMany, many)
	}
}

// manyLogs names logs in one folder, and archives of each.
func manyLogs(n int, archives ...string) (names []string) {
	for i := range n {
		log := fmt.Sprintf("log/%06d.log", i)
		names = append(names, log)
		for _, ending := range archives {
			names = append(names, log+ending)
		}
	}
	return names
}

// runtimeCalls are those that the Go runtime makes when it likes.
var runtimeCalls = []string{"mmap", "epoll_pwait", "eventfd2"}

// count counts the calls of a run on files and descriptors.
func (w *tracedWorld) count(t *testing.T) (calls int) {
	t.Helper()
	summary, _ := w.trace(t, []string{"-c", "-U", "calls,name"})
	for line := range strings.Lines(summary) {
		f := strings.Fields(line) // a thread that ends early may have a longer line, with its id in front
		if len(f) != 2 || f[1] == "total" || slices.Contains(runtimeCalls, f[1]) {
			continue
		}
		if n, err := strconv.Atoi(f[0]); err == nil {
			calls += n
		}
	}
	if calls == 0 {
		t.Fatalf("strace counts nothing:\n%s", summary)
	}
	return calls
}

// tracedWorld is a folder with a configuration, logs and a state, and a
// program that is run under strace.
type tracedWorld struct {
	program, strace    string
	config, state, dir string
	zone               *time.Location
}

// newTraced makes a folder. It has a date that will last for the test.
func newTraced(t *testing.T) *tracedWorld {
	t.Helper()
	zone := "UTC"
	if time.Now().UTC().Hour() == 23 {
		zone = "Etc/GMT-6"
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &tracedWorld{
		program: host.Program(t), strace: straceOf(t), zone: loc, dir: dir,
		config: filepath.Join(dir, "rotate.toml"), state: filepath.Join(dir, "state", "status"),
	}
}

// longAgo makes every log due.
var longAgo = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// write writes a configuration and files. Those that end in .log were last
// rotated at last.
func (w *tracedWorld) write(t *testing.T, config string, last time.Time, files []string) {
	t.Helper()
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folders := map[string]bool{filepath.Dir(w.state): true}
	for _, name := range files {
		folders[filepath.Join(w.dir, filepath.Dir(name))] = true
	}
	for folder := range folders {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var state strings.Builder
	fmt.Fprintln(&state, "logrotate state -- version 2")
	for _, name := range files {
		path := filepath.Join(w.dir, name)
		text := name + "\n"
		if strings.HasSuffix(name, ".gz") {
			text = "\x1f\x8b" + name // broken, but gzip's
		}
		put(path, text)
		if strings.HasSuffix(name, ".log") {
			fmt.Fprintf(&state, "%q %s\n", path, last.In(w.zone).Format("2006-1-2-15:4:5"))
		}
	}
	put(w.state, state.String())
	if err := os.Chmod(w.state, 0o640); err != nil { // as a run leaves it
		t.Fatal(err)
	}
	w.configure(t, config)
}

// configure writes a configuration, of daily rotation unless it says otherwise.
func (w *tracedWorld) configure(t *testing.T, config string) {
	t.Helper()
	config = "[defaults]\nfrequency = \"daily\"\n" + strings.NewReplacer("; ", "\n", "DIR", w.dir).Replace(config)
	if err := os.WriteFile(w.config, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run traces a run that must succeed. It returns what it changed and said.
func (w *tracedWorld) run(t *testing.T, flags ...string) ([]change, []byte) {
	t.Helper()
	trace, out := w.trace(t, []string{"-qq", "-y", "-s", "4096"}, flags...)
	return changesIn(trace), out
}

// trace returns what strace with options of its own says of a run that must
// succeed, and what the run itself says.
func (w *tracedWorld) trace(t *testing.T, options []string, flags ...string) (trace string, out []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	args := append([]string{"-f", "--seccomp-bpf", "-o", file, "-e", "trace=%file,%desc"}, options...)
	args = append(append(args, w.program), flags...)
	cmd := exec.Command(w.strace, append(args, "--state", w.state, w.config)...)
	cmd.Env = append(os.Environ(), "TZ="+w.zone.String())
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %v\n%s", flags, err, &complaints)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return joined(string(text)), out
}

// straceOf returns the path of strace, if it works.
func straceOf(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(path, "-f", "--seccomp-bpf", "-o", os.DevNull, "true").Run()
	}
	if err != nil {
		host.Lacks(t, "strace: ", err)
	}
	return path
}

// inMemory makes dir fast, if it can.
func inMemory(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() == 0 {
		host.Tmpfs(t, dir, "mode=0755")
	}
}
