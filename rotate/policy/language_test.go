package policy

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

var update = flag.Bool("update", false, "write what is read now into testdata/language.txt")

// TestLanguage reads the texts of testdata/language.txt: each a line with a Go
// string, with the lines below it that [language.tell] makes of it. "unlike:"
// says why logrotate makes something else of it, "since:" since when it does not.
func TestLanguage(t *testing.T) {
	l := newLanguage(t)
	cases := languageCases(t, l.file)
	for i, c := range cases {
		l.write(c.text)
		got := l.load()
		if got != c.want && !*update {
			t.Errorf("%q\ngot\n%swant\n%s", c.text, got, c.want)
		}
		cases[i].want = got
	}
	if *update {
		l.save(cases)
	}
}

// language is a folder to read texts in. It has logs in l, and files to
// include. L/ in a text stands for the logs.
type language struct {
	t    *testing.T
	dir  string
	file string // of the cases
}

func newLanguage(t *testing.T) *language {
	t.Helper()
	file, err := filepath.Abs("testdata/language.txt")
	mustDo(t, err)
	dir := tree(t, map[string]string{
		"l/a.log": "x", "l/b.log": "x", "l/.h.log": "x", "l/x y": "x", "l/a": "x", "l/b": "x", "l/c]": "x", "l/-": "x", "l/7": "x", `l/q"u`: "x", "l/[": "x",
		"l/}": "x", "l/B": "x", `l/\`: "x", "l/!": "x", "l/a}": "x", "l/*": "x",
		"part":    "rotate 70\ndaily\n",
		"broken":  "rotate 71\nL/b.log {\nmonthly\n}\nrotate x\nyearly\n",
		"self":    "include self\n",
		"inc/two": "", "inc/ok/10": "rotate 10\n", "inc/ok/2": "rotate 2\n", "inc/ok/sub/x": "x x x\n", "inc/ok/gone~": "x\n", "inc/ok/gone.rpmsave": "x\n", "inc/ok/empty": "",
		"inc/bad/one": "rotate 5\nmonthly x5\nrotate 6x\n", "inc/bad/two": "yearly\n", "inc/bad/.hidden": "daily\n",
		"inc/taboo/a.q": "rotate 11\n", "inc/taboo/b.bak": "weekly\n", "inc/taboo/c": "notifempty\n",
	})
	mustDo(t, os.Symlink("../../part", filepath.Join(dir, "inc/ok/link")))
	broken := filepath.Join(dir, "broken")
	data, err := os.ReadFile(broken)
	mustDo(t, err)
	mustDo(t, os.WriteFile(broken, []byte(strings.ReplaceAll(string(data), "L/", dir+"/l/")), 0o644))
	t.Chdir(dir)
	return &language{t, dir, file}
}

func (l *language) write(text string) {
	l.t.Helper()
	mustDo(l.t, os.WriteFile("conf", []byte(strings.ReplaceAll(text, "L/", l.dir+"/l/")), 0o644))
}

// load reads conf.
func (l *language) load() string {
	config, err := Load("conf")
	errs, _ := errors.AsType[Errors](err)
	var said, all []string
	for _, e := range slices.Concat(config.Warnings, errs) {
		said = append(said, e.Logrotate()...)
	}
	for _, p := range config.Policies {
		all = append(all, rules(p))
	}
	return l.tell(said, all, err != nil)
}

const failure = "\texit 1\n"

// tell writes what is said, the rules of each block, and whether it fails.
func (l *language) tell(said, rules []string, failed bool) string {
	slices.Sort(said)
	lines := slices.Concat(said, rules)
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "\t%s\n", strings.ReplaceAll(line, l.dir+"/l/", "L/"))
	}
	if failed {
		b.WriteString(failure)
	}
	return b.String()
}

// rules writes those of a policy's rules that logrotate tells.
func rules(p *Policy) string {
	var words []string
	if p.Frequency.Unit == Never {
		words = append(words, fmt.Sprintf("%d bytes", max(0, p.Size)))
	} else {
		unit, _, _ := strings.Cut(p.Frequency.String(), " ")
		words = append(words, unit)
	}
	for _, rule := range []struct {
		given bool
		text  string
	}{
		{p.OldDir != "", "olddir " + p.OldDir},
		{!p.IfEmpty, "notifempty"},
		{p.MinSize > 0, fmt.Sprintf("minsize %d", p.MinSize)},
		{p.MaxSize > 0, fmt.Sprintf("maxsize %d", p.MaxSize)},
		{p.MinAge > 0, fmt.Sprintf("minage %d", p.MinAge/(24*time.Hour))},
		{p.Mail != "" && p.Rotate != -1, "mail " + p.Mail}, // as it is told
		{true, fmt.Sprintf("rotate %d", p.Rotate)},
	} {
		if rule.given {
			words = append(words, rule.text)
		}
	}
	return strings.Join(words, " ")
}

type languageCase struct{ text, unlike, since, want string }

func languageCases(tb testing.TB, file string) (cases []languageCase) {
	tb.Helper()
	f, err := os.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close() // read only: nothing to lose
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		key, rest, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
		case key == "\tunlike":
			cases[len(cases)-1].unlike = rest
		case key == "\tsince":
			cases[len(cases)-1].since = rest
		case line[0] == '\t':
			cases[len(cases)-1].want += line + "\n"
		default:
			text, err := strconv.Unquote(line)
			if err != nil {
				tb.Fatalf("%s: %v", line, err)
			}
			cases = append(cases, languageCase{text: text})
		}
	}
	return cases
}

func (l *language) save(cases []languageCase) {
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintln(&b, strconv.Quote(c.text))
		if c.unlike != "" {
			fmt.Fprintln(&b, "\tunlike: "+c.unlike)
		}
		if c.since != "" {
			fmt.Fprintln(&b, "\tsince: "+c.since)
		}
		b.WriteString(c.want + "\n")
	}
	mustDo(l.t, os.WriteFile(l.file, []byte(b.String()), 0o644))
}

// matches is how the rest of the program matches one component of a pattern.
func matches(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	return doublestar.MatchUnvalidated(pattern, name)
}
