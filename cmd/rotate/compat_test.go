package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rotate/testdata/host"
)

// compat is docs/compat.md.
func compat(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// differences are the chapters on deliberate differences, D1 and so on.
func differences(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, chapter := range strings.Split(compat(t), "\n### ")[1:] {
		if m := regexp.MustCompile(`^(D\d+) `).FindStringSubmatch(chapter); m != nil {
			all[m[1]], _, _ = strings.Cut(chapter, "\n## ")
		}
	}
	return all
}

// realLogrotate is the program itself: the first of that name in PATH is ours.
func realLogrotate(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, "logrotate")
		out, err := exec.Command(path, "--version").CombinedOutput()
		if err == nil && os.Geteuid() == 0 && strings.Contains(string(out), "Default state file path") {
			return path
		}
	}
	host.Lacks(t, "needs root and logrotate")
	return ""
}

// TestDifferencesAreSeen runs the script of each deliberate difference with
// both programs: the page shows what they print.
func TestDifferencesAreSeen(t *testing.T) {
	t.Parallel()
	logrotate, ours := realLogrotate(t), host.Program(t)
	all := differences(t)
	if len(all) == 0 {
		t.Fatal("no chapters on differences")
	}
	for number, chapter := range all {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			script := fenced(chapter, "sh")
			if script == "" {
				t.Fatal("no script")
			}
			for language, path := range map[string]string{"text logrotate": logrotate, "text rotate": ours} {
				said, want := runScript(t, script, path), fenced(chapter, language)
				if strings.Contains(chapter, "logrotate before 3.22") && said == fenced(chapter, "text rotate") {
					continue // a later logrotate does the same
				}
				if said != want {
					t.Errorf("%s prints\n%s\nthe page has\n%s", path, said, want)
				}
			}
		})
	}
}

// fenced is the text of a chapter between ```language and ```.
func fenced(chapter, language string) string {
	_, rest, _ := strings.Cut(chapter, "```"+language+"\n")
	text, _, _ := strings.Cut(rest, "```")
	return text
}

// runScript runs a script of the page in an empty folder, with $P the program.
func runScript(t *testing.T, script, program string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "compat-") // not below a folder that only root may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "umask 022\n"+script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "P="+program, "LC_ALL=C", "TZ=UTC", "PWD="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.ReplaceAll(string(out), dir, "DIR")
}

// row is a line of a table that begins with a word of logrotate's, and ends
// with what is the same and what shows it.
var row = regexp.MustCompile("(?m)^\\| (`.*) \\| ([^|]*) \\| ([^|]*) \\|$")

// TestCompatNamesTests wants every row of the page's tables to name tests and
// differences that exist.
func TestCompatNamesTests(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, glob := range []string{"../../*/*_test.go", "../../*/*/*_test.go", "../../*/*/*/*_test.go"} {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			t.Fatal(glob, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	exists := func(name string) bool {
		if strings.HasPrefix(name, "Test") {
			return strings.Contains(tests.String(), "func "+name+"(")
		}
		return slices.ContainsFunc([]string{"../../testdata/" + name, "testdata/" + name, "../../testdata/differential/cases/" + name}, func(path string) bool {
			_, err := os.Stat(path)
			return err == nil
		})
	}
	chapters := differences(t)
	rows := row.FindAllStringSubmatch(compat(t), -1)
	if len(rows) < 80 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		what, verdict, names := r[1], r[2], r[3]
		for _, d := range regexp.MustCompile(`\bD\d+\b`).FindAllString(verdict, -1) {
			if chapters[d] == "" {
				t.Errorf("%s: no chapter %s", what, d)
			}
		}
		found := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(names, -1)
		if len(found) == 0 {
			t.Errorf("%s: no test", what)
		}
		for _, name := range found {
			if !exists(name[1]) {
				t.Errorf("%s: no test %s", what, name[1])
			}
		}
	}
}

// TestCompatHasEveryOption wants a row for each option that logrotate tells of.
func TestCompatHasEveryOption(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(realLogrotate(t), "--usage").CombinedOutput()
	options := regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(string(out), -1)
	if err != nil || len(options) < 10 {
		t.Fatalf("%v: %s", err, out)
	}
	page := compat(t)
	for _, o := range options {
		if !regexp.MustCompile("(?m)^\\| `[^|]*" + o + "[ `]").MatchString(page) {
			t.Errorf("no row for %s", o)
		}
	}
}
