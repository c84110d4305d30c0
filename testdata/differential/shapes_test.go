package differential

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shapes is a folder of configurations in the shapes that distributions and
// vendors ship. Each begins with a comment that says of what it is the shape,
// which of its lines are complained about, and by what number of the page on
// compatibility what it leaves differs, if any.
const shapes = "../logrotate.d"

var (
	complains = regexp.MustCompile(`(?m)^# Complains: (.*)$`)
	differs   = regexp.MustCompile(`(?m)^# Differs: (D\d+)$`)
	complaint = regexp.MustCompile(`(?m)^(?:rotate: )?(?:error|warning): \S*/conf: ?(\d+)`)

	// What is absolute moves into the world; compressors stay real.
	absolute = regexp.MustCompile("(^|[\\s\"'=`(])/(bin|etc|home|opt|run|srv|usr|var)/")
	real     = regexp.MustCompile(`^\s*(un)?compresscmd`)

	// Commands that tell services. None of this machine's is told.
	commands = regexp.MustCompile(`\b(doveadm|fail2ban-client|logger|run-parts|service|systemctl)\b `)
	called   = regexp.MustCompile(`DIR/log/(?:bin|usr|etc/init\.d)/[\w./-]*\w`)

	// Files that a pattern of the shapes is to match: something for each kind.
	instances = strings.NewReplacer("[!a-c]", "x", "[ab]", "b", "[cs]", "s", "?", "7")
)

// shape makes a trial of a file: its logs, what its scripts call, a state in
// which everything is due, and four runs over a quarter of a year.
func shape(t *testing.T, name string) trial {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shapes, name))
	if err != nil {
		t.Fatal(err)
	}
	tr := trial{note: name, runs: []run{{}, {after: 31 * day, lines: 3}, {after: 31 * day, lines: 3}, {after: 31 * day, lines: 3, force: true}}}
	add := func(kind string, mode os.FileMode, uid, gid int, path, arg string) {
		tr.tree = append(tr.tree, entry{kind: kind, mode: mode, uid: uid, gid: gid, age: time.Hour, path: path, arg: arg})
	}
	tr.conf = moved(string(text))
	for _, p := range slices.Compact(slices.Sorted(slices.Values(called.FindAllString(tr.conf, -1)))) {
		// A script writes down that it was called, and does nothing.
		add("junk", 0o755, 0, 0, strings.TrimPrefix(p, "DIR/"), fmt.Sprintf("%q", "#!/bin/sh\necho called "+filepath.Base(p)+` "$*" >>"$REC/scripts"`+"\n"))
	}
	if strings.Contains(tr.conf, "include DIR/log/etc/logrotate.d\n") {
		for file, block := range map[string]string{"one": "weekly", "two": "daily\ncompress", "old.dpkg-old": "wibble", "saved~": "wibble"} {
			log := strings.TrimRight(file, "~")
			add("junk", 0o644, 0, 0, "log/etc/logrotate.d/"+file, fmt.Sprintf("%q", "DIR/log/var/log/"+log+".log {\nmissingok\n"+block+"\n}\n"))
			add("file", 0o640, 0, 4, "log/var/log/"+log+".log", "5")
		}
	}
	uid, gid := owner(tr.conf)
	last := 60 * day
	if strings.Contains(tr.conf, "yearly") {
		last = long
	}
	for i, path := range logs(tr.conf) {
		if strings.Contains(path, "absent") {
			continue
		}
		for dir := filepath.Dir(path); uid != 0 && strings.Count(dir, "/") > 2; dir = filepath.Dir(dir) {
			if !slices.ContainsFunc(tr.tree, func(e entry) bool { return e.path == dir }) {
				add("dir", 0o755, uid, gid, dir, "")
			}
		}
		add("file", 0o640, uid, gid, path, fmt.Sprint(i%4*40))
		tr.state = append(tr.state, turned{path: path, age: last})
	}
	if len(tr.state) == 0 && !strings.Contains(tr.conf, "include") {
		t.Fatal("no log is found in it")
	}
	return tr
}

// moved is a configuration whose paths are those of a world.
func moved(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !real.MatchString(line) && !strings.HasPrefix(line, "#") {
			line = absolute.ReplaceAllString(line, "${1}DIR/log/$2/")
			line = absolute.ReplaceAllString(line, "${1}DIR/log/$2/") // what overlapped
			line = commands.ReplaceAllString(line, "DIR/log/usr/bin/$1 ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// owner is who a configuration acts as: the first su that is nobody's or
// www-data's.
func owner(conf string) (uid, gid int) {
	switch {
	case strings.Contains(conf, "su nobody"):
		return 65534, 65534
	case strings.Contains(conf, "su www-data"):
		return 33, 33
	}
	return 0, 0
}

// logs are files that the patterns of a configuration match.
func logs(conf string) (all []string) {
	script, block := false, false
	for line := range strings.Lines(conf) {
		line = strings.TrimSpace(line)
		word, _, _ := strings.Cut(line, " ")
		switch {
		case script:
			script = word != "endscript"
		case slices.Contains([]string{"prerotate", "postrotate", "firstaction", "lastaction", "preremove"}, word):
			script = true
		case strings.HasPrefix(line, "#"):
		case line == "}":
			block = false
		case !block && (line == "{" || strings.ContainsAny(line[:min(1, len(line))], `D"'~`)):
			list, _, open := strings.Cut(line, "{")
			block = open && !strings.HasSuffix(line, "}")
			for _, pattern := range fields(list) {
				all = append(all, matches(pattern)...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// matches are two names for a *, one otherwise.
func matches(pattern string) []string {
	pattern = strings.Replace(pattern, "~", "DIR", 1)
	name := instances.Replace(strings.TrimPrefix(pattern, "DIR/"))
	if !strings.Contains(name, "*") {
		return []string{name}
	}
	return []string{strings.ReplaceAll(name, "*", "one"), strings.ReplaceAll(name, "*", "two")}
}

var word = regexp.MustCompile(`(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+`)

// fields are the words of a list of patterns, unquoted.
func fields(list string) (all []string) {
	unquote := strings.NewReplacer(`"`, "", "'", "", `\`, "")
	for _, w := range word.FindAllString(list, -1) {
		all = append(all, unquote.Replace(w))
	}
	return all
}

// TestShapes runs every shape through both programs over a quarter of a year.
func TestShapes(t *testing.T) {
	t.Parallel()
	each, err := os.ReadDir(shapes)
	if err != nil {
		t.Fatal(err)
	}
	if len(each) < 60 {
		t.Fatalf("%d shapes in %s", len(each), shapes)
	}
	b := newBench(t)
	for _, e := range each {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			tr := shape(t, e.Name())
			convertible(t, tr, b.ours)
			if strings.Contains(tr.conf, "\n# Newer than 3.22.\n") {
				sameComplaints(t, tr, named(t, b.ours))
				return
			}
			sameComplaints(t, tr, b.theirs, named(t, b.ours))
			d := b.try(tr, false)
			switch on := differs.FindStringSubmatch(tr.conf); {
			case on == nil && d != nil:
				t.Error(d)
			case on != nil && d == nil:
				t.Errorf("leaves the same: %s does not show", on[1])
			}
		})
	}
}

// sameComplaints wants of both programs what the shape's comment announces.
func sameComplaints(t *testing.T, tr trial, all ...program) {
	t.Helper()
	var want []string
	if m := complains.FindStringSubmatch(tr.conf); m != nil {
		want = strings.Fields(m[1])
	}
	for _, p := range all {
		w, err := tr.make(t.TempDir(), time.Now().Truncate(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(p.path, "-d", "-s", w.path("var/state"), w.path("conf"))
		cmd.Env = append(os.Environ(), "HOME="+w.dir)
		out, err := cmd.CombinedOutput()
		if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		said := string(out)
		var got []string
		for _, m := range complaint.FindAllStringSubmatch(said, -1) {
			if !slices.Contains(got, m[1]) {
				got = append(got, m[1])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s complains about lines %v, want %v:\n%s", p.name, got, want, w.general(said))
		}
	}
}

// convertible wants TOML of a shape that loads, and complaints about the lines
// that cannot be had.
func convertible(t *testing.T, tr trial, ours program) {
	t.Helper()
	w, err := tr.make(t.TempDir(), time.Now().Truncate(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(ours.path, "convert", w.path("conf"))
	cmd.Env = append(os.Environ(), "HOME="+w.dir)
	var said strings.Builder
	cmd.Stderr = &said
	toml, err := cmd.Output()
	if broken := complains.MatchString(tr.conf); err != nil && !broken {
		t.Errorf("convert: %v\n%s", err, said.String())
	}
	if err := os.WriteFile(w.path("conf.toml"), toml, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(ours.path, "-n", "-s", w.path("var/state"), w.path("conf.toml")).CombinedOutput()
	if m := regexp.MustCompile(`conf\.toml:\d+:\d+: .*`).FindAllString(string(out), -1); slices.ContainsFunc(m, func(s string) bool { return !strings.Contains(s, ": policy ") }) {
		t.Errorf("what convert wrote does not load: %v\n%s\n%s", err, out, toml)
	}
}

// named is the program under the name of logrotate, whose words it speaks then.
func named(t *testing.T, p program) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logrotate")
	if err := os.Symlink(p.path, path); err != nil {
		t.Fatal(err)
	}
	return program{name: p.name, path: path, mail: p.mail}
}
