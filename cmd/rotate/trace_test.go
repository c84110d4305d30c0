package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rotate/testdata/host"
)

// TestDryRunIsThePlan compares the steps of a dry run with the system calls of
// the run that follows, in their order: nothing else is done, and nothing less.
// The same trace tells that what is done is durable when it has to be.
func TestDryRunIsThePlan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config string   // beside the folder DIR, and a frequency that makes every log due
		files  []string // logs are *.log
		mount  string   // a folder that is another file system
	}{
		{
			name:   "numbered, one with a gap",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=3; compress="gzip"; create=true`,
			files: []string{
				"log/app.log", "log/app.log.1.gz", "log/app.log.2.gz", "log/app.log.3.gz",
				"log/web.log", "log/web.log.1.gz", "log/web.log.3.gz", "log/web.log.4.gz",
			},
		},
		{
			name:   "dated",
			config: `[log.a]; paths=["DIR/log/*.log"]; dateext=true; rotate=2; compress="zstd"`,
			files:  []string{"log/app.log", "log/app.log-20010101.zst", "log/app.log-20010102.zst", "log/web.log"},
		},
		{
			name:   "with leftovers",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=4; compress="gzip"`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.2", "log/app.log.3.gz"},
		},
		{
			name:   "with a packed archive that is broken",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=4; compress="gzip"`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.1.gz", "log/app.log.2.gz"},
		},
		{
			name:   "not due, with leftovers",
			config: `[log.a]; paths=["DIR/log/*.log"]; minsize="1M"; rotate=2; compress="gzip"`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.2", "log/app.log.3"},
		},
		{
			name:   "delayed",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; compress="gzip"; delaycompress=true`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.2.gz"},
		},
		{
			name:   "keeping none",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=0; create={mode="0600"}`,
			files:  []string{"log/app.log", "log/app.log.1"},
		},
		{
			name:   "to a folder to be made",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=3; olddir="old"; createolddir=true; compress="gzip"`,
			files:  []string{"log/app.log", "log/web.log"},
		},
		{
			name:   "to another folder",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; olddir="DIR/old"; compress="gzip"`,
			files:  []string{"log/app.log", "log/app.log.4", "old/app.log.1.gz", "old/app.log.2.gz"},
		},
		{
			name:   "to another file system",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; olddir="DIR/old"; create=true`,
			files:  []string{"log/app.log", "log/app.log.3", "old/app.log.1", "old/app.log.2"},
			mount:  "old",
		},
		{
			name:   "to another file system, compressed",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; olddir="DIR/old"; compress="zstd"`,
			files:  []string{"log/app.log", "log/web.log", "old/app.log.1.zst", "old/app.log.2.zst"},
			mount:  "old",
		},
		{
			name:   "copied",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; copy=true`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.2"},
		},
		{
			name:   "copied and truncated",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=2; copytruncate=true; compress="gzip"`,
			files:  []string{"log/app.log", "log/app.log.1.gz", "log/web.log"},
		},
		{
			name:   "with scripts",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=1; prerotate=": prerotate"; preremove=": preremove"`,
			files:  []string{"log/app.log", "log/app.log.1", "log/app.log.2", "log/web.log"},
		},
		{
			name:   "packed by a program",
			config: `[log.a]; paths=["DIR/log/*.log"]; rotate=1; compress={command="cat", ext=".cat"}`,
			files:  []string{"log/app.log"},
		},
		{
			name: "of several policies",
			config: `[log.a]; paths=["DIR/log/app.log"]; rotate=1; compress="gzip"; create=true
				[log.b]; paths=["DIR/web/*.log"]; maxtotal="30"; dateext=true
				[log.c]; paths=["DIR/log/*.log"]; minsize="1M"; rotate=1
				[log.d]; paths=["DIR/db/*.log"]; rotate=3; copytruncate=true; compress="zstd"`,
			files: []string{
				"log/app.log", "log/app.log.1.gz", "log/idle.log", "log/idle.log.1", "log/idle.log.2",
				"web/1.log", "web/1.log-20010101", "web/2.log", "web/2.log-20010101", "db/db.log",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTraced(t)
			if tt.mount != "" {
				host.Tmpfs(t, filepath.Join(w.dir, tt.mount), "mode=0755")
			}
			w.write(t, tt.config, longAgo, tt.files)

			changes, out := w.run(t, "--dry-run", "--json")
			if len(changes) > 0 {
				t.Errorf("the dry run changes files:\n%s", w.listed(changes))
			}
			steps := stepsOf(t, out)
			if len(steps) == 0 {
				t.Fatal("nothing is planned")
			}
			changes, _ = w.run(t, "--jobs", "1")
			done := w.compare(t, steps, changes)
			w.checkOrder(t, steps, changes, done)
		})
	}
}

// planned is a step of a dry run.
type planned struct{ Log, Phase, Op, From, To string }

// stepsOf lists the steps of a plan, in the order in which they are done.
func stepsOf(t *testing.T, document []byte) (steps []planned) {
	t.Helper()
	var d struct {
		Policies []struct {
			Logs []struct {
				Path  string
				Steps []planned
			}
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	for _, phase := range []string{"turn", "finish"} {
		for _, p := range d.Policies {
			for _, l := range p.Logs {
				for _, s := range l.Steps {
					// Each log asks for its folder, the first one gets it.
					again := slices.ContainsFunc(steps, func(o planned) bool { return s.Op == "mkdir" && o.Op == s.Op && o.From == s.From })
					if s.Phase == phase && !again {
						s.Log = l.Path
						steps = append(steps, s)
					}
				}
			}
		}
	}
	return steps
}

// change is what the trace has of a step. A file that is made gets its name
// when it is complete.
func (s planned) change() change {
	switch s.Op {
	case "create":
		return change{op: "link", to: s.From}
	case "copy", "compress", "move":
		return change{op: "link", to: s.To}
	case "truncate":
		return change{op: s.Op, from: s.From}
	}
	return change{s.Op, s.From, s.To}
}

// replaces reports whether the step ends with the removal of From.
func (s planned) replaces() bool { return s.Op == "compress" || s.Op == "move" }

// compare compares what was planned with what was done. It returns where in
// changes each step was done.
func (w *tracedWorld) compare(t *testing.T, steps []planned, changes []change) (done []int) {
	t.Helper()
	var gone []change // in the end, because something else took their place
	for _, s := range steps {
		if s.replaces() {
			gone = append(gone, change{op: "remove", from: s.From})
		}
	}
	var want, got []change
	for _, s := range steps {
		want = append(want, s.change())
	}
	for i, c := range changes {
		switch {
		case c.op == "fsync" || nameless(c.from) && c.op != "link" || w.isState(c):
			continue
		case c.op == "write" && slices.Contains(got, change{op: "mkdir", from: c.from}):
			continue // the looks of a new folder
		case c.op == "link":
			c.from = ""
		}
		if k := slices.Index(gone, c); k >= 0 {
			gone = slices.Delete(gone, k, k+1)
			continue
		}
		got, done = append(got, c), append(done, i)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("planned:\n%s\ndone:\n%s", w.listed(want), w.listed(got))
	}
	if len(gone) > 0 {
		t.Fatalf("planned and not done:\n%s", w.listed(gone))
	}
	return done
}

// checkOrder checks that nothing is done before what it relies on is durable.
func (w *tracedWorld) checkOrder(t *testing.T, steps []planned, changes []change, done []int) {
	t.Helper()
	// synced requires an fsync of path after one change and before another.
	synced := func(from, to int, path string) {
		t.Helper()
		if from < 0 || to < from || !slices.Contains(changes[from:to], change{op: "fsync", from: path}) {
			t.Errorf("no fsync in time of %s:\n%s", w.listed([]change{{op: path}, changes[max(from, 0)]}), w.listed(changes))
		}
	}
	// whole requires that an fsync was the last thing done to a file before it got its name.
	whole := func(link int) {
		t.Helper()
		for i := link - 1; i >= 0; i-- {
			if changes[i].from == changes[link].from {
				if changes[i].op == "fsync" {
					return
				}
				break
			}
		}
		t.Errorf("no fsync just before\n%s", w.listed(changes[link:link+1]))
	}
	// saved finds the change that replaced a file of ours.
	saved := func(path string) int {
		t.Helper()
		at := slices.IndexFunc(changes, func(c change) bool { return c.op == "rename" && c.to == path })
		link := slices.IndexFunc(changes, func(c change) bool { return c.op == "link" && at >= 0 && c.to == changes[at].from })
		if link < 0 {
			t.Fatalf("%s is not saved:\n%s", path, w.listed(changes))
		}
		whole(link)
		return at
	}

	folder, state := filepath.Dir(w.state), 0
	if steps[0].Phase == "turn" {
		state = saved(w.state)
	}
	finish := len(changes) // where the first step of phase 4 is
	for i, s := range steps {
		switch {
		case s.Phase == "finish":
			finish = min(finish, done[i])
		case s.Op == "rename":
			synced(done[i], state, filepath.Dir(s.From))
			synced(done[i], state, filepath.Dir(s.To))
		case s.Op == "create" || s.Op == "mkdir":
			synced(done[i], state, filepath.Dir(s.From))
		case s.Op == "copy":
			if i > 0 && steps[i-1].Op == "rename" && steps[i-1].Log == s.Log {
				synced(done[i-1], done[i], filepath.Dir(s.To))
			}
			whole(done[i])
			synced(done[i], state, filepath.Dir(s.To))
		case s.Op == "truncate":
			synced(done[i-1], done[i], filepath.Dir(steps[i-1].To))
		}
		if s.replaces() {
			whole(done[i])
			synced(done[i], slices.Index(changes, change{op: "remove", from: s.From}), filepath.Dir(s.To))
		}
	}
	if steps[0].Phase == "turn" {
		synced(state, finish, folder)
	}
	// What is about to be renamed is on record before anything is done about it.
	if slices.ContainsFunc(steps, func(s planned) bool { return s.Op == "rename" && s.From == s.Log }) {
		synced(saved(w.state+".owed"), done[0], folder)
	}
}

// isState reports whether c is about what the program keeps for itself.
func (w *tracedWorld) isState(c change) bool {
	in := filepath.Dir(w.state) + "/"
	return strings.HasPrefix(c.from, in) && (c.to == "" || strings.HasPrefix(c.to, in))
}

// change is a system call that changes files, or makes a change durable.
type change struct {
	op       string // as steps name them; fsync; write, of data and attributes; or the call's name
	from, to string
}

func (c change) String() string { return strings.TrimSpace(c.op + " " + c.from + " " + c.to) }

func (w *tracedWorld) listed(changes []change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintln(&b, c)
	}
	return strings.ReplaceAll(b.String(), w.dir+"/", "")
}

// nameless reports whether path is what strace calls a file of O_TMPFILE.
func nameless(path string) bool { return strings.HasPrefix(filepath.Base(path), "#") }

// joined puts together the lines of strace -f that another thread's parted.
// Such a call then stands where it ends.
func joined(trace string) string {
	begun := regexp.MustCompile(`^(\d+) +(.*) <unfinished \.\.\.>\n$`)
	ended := regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>`)
	var b strings.Builder
	waiting := map[string]string{} // by thread
	for line := range strings.Lines(trace) {
		if !strings.Contains(line, " <") {
			b.WriteString(line)
			continue
		}
		if m := begun.FindStringSubmatch(line); m != nil {
			waiting[m[1]] = m[2]
			continue
		}
		if m := ended.FindStringSubmatch(line); m != nil {
			line = m[1] + " " + waiting[m[1]] + line[len(m[0]):]
		}
		b.WriteString(line)
	}
	return b.String()
}

// changesIn lists the changes in a trace, in their order.
func changesIn(trace string) (changes []change) {
	succeeded := regexp.MustCompile(`^\d+ +(\w+)\((.*)\) += \d`)
	for line := range strings.Lines(trace) {
		if slices.Contains(readingCalls, callIn(line)) {
			continue // most are, and a regexp takes its time
		}
		if m := succeeded.FindStringSubmatch(line); m != nil {
			if c, ok := changeOf(m[1], m[2]); ok {
				changes = append(changes, c)
			}
		}
	}
	return changes
}

// callIn is the name of the call in a line of a trace, or "" for a line of
// something else.
func callIn(line string) string {
	call, _, ok := strings.Cut(strings.TrimLeft(line, "0123456789 "), "(")
	if !ok || strings.Contains(call, " ") {
		return ""
	}
	return call
}

// readingCalls change no file.
var readingCalls = []string{
	"access", "close", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "faccessat", "faccessat2",
	"fadvise64", "fcntl", "fgetxattr", "flock", "fstat", "fstatfs", "getcwd", "getdents64", "inotify_init1", "ioctl", "lseek", "mmap",
	"newfstatat", "pidfd_open", "pipe2", "poll", "pread64", "read", "readlink", "readlinkat", "stat", "statfs", "statx",
}

var (
	tracedFile = regexp.MustCompile(`(?:AT_FDCWD|\d+)<([^>]*)>(?:\(deleted\))?(?:, "([^"]*)")?`)
	tracedArgv = regexp.MustCompile(`^"/bin/sh", \["/bin/sh", "-c", ": (\w+)", "logrotate_script", "([^"]*)"`)
)

// changeOf is the change that a successful call made, if it made one: any call
// that is not known to change nothing.
func changeOf(call, args string) (change, bool) {
	var paths []string
	for _, m := range tracedFile.FindAllStringSubmatch(args, -1) {
		path := m[1]
		switch name := m[2]; {
		case filepath.IsAbs(name):
			path = name
		case strings.HasSuffix(strings.TrimSuffix(call, "2"), "at"): // else it is data
			path = filepath.Join(path, name)
		}
		paths = append(paths, path)
	}
	paths = append(paths, "", "")
	from, to := paths[0], paths[1]
	switch call {
	case "openat", "openat2":
		if strings.Contains(args, "O_TMPFILE") || !strings.Contains(args, "O_CREAT") && !strings.Contains(args, "O_TRUNC") {
			return change{}, false
		}
		return change{op: "open", from: from}, true
	case "execve":
		m := tracedArgv.FindStringSubmatch(args)
		if m == nil {
			return change{}, false
		}
		return change{op: m[1], from: m[2]}, true
	case "fsync", "fdatasync":
		return change{op: "fsync", from: from}, true
	case "rename", "renameat", "renameat2":
		return change{"rename", from, to}, true
	case "linkat":
		return change{"link", from, to}, true
	case "unlinkat":
		return change{op: "remove", from: from}, true
	case "mkdirat":
		return change{op: "mkdir", from: from}, true
	case "ftruncate":
		if !nameless(from) && strings.HasSuffix(args, ", 0") {
			return change{op: "truncate", from: from}, true
		}
	case "copy_file_range", "splice":
		from = to // they read the first
	}
	if from == "" {
		return change{op: call + "(" + args + ")"}, true
	}
	if !filepath.IsAbs(from) || strings.HasPrefix(from, "/dev/") { // a pipe, an eventfd
		return change{}, false
	}
	return change{op: "write", from: from}, true
}
