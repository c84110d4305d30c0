package main

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rotate/rotate/policy"
	"rotate/testdata/host"
)

var manPages = []string{"../../docs/rotate.8", "../../docs/rotate.toml.5"}

// manPage is the source of a page, with what is escaped in it as it is read.
func manPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\-`, "-", `\(dq`, `"`).Replace(string(text))
}

func TestManPagesAreClean(t *testing.T) {
	t.Parallel()
	host.Needs(t, "mandoc")
	for _, page := range manPages {
		if out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", page).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// TestManPageHasTheCommandLine wants every command with every option in the
// synopsis, every option in the list, and nothing else in either.
func TestManPageHasTheCommandLine(t *testing.T) {
	t.Parallel()
	page := manPage(t, manPages[0])
	program := grammar(t)
	want, described := map[string][]string{}, map[string]bool{}
	note := func(where string, flags []*kong.Flag) {
		want[where] = nil
		for _, f := range flags {
			if f.Hidden {
				continue
			}
			option, entry := "--"+f.Name, "--"+f.Name
			if f.Short != 0 {
				option, entry = "-"+string(f.Short), "-"+string(f.Short)+" "+option
			}
			want[where] = append(want[where], option)
			described[entry] = true
		}
		slices.Sort(want[where])
	}
	note("", program.Flags)
	for _, command := range program.Children {
		note(command.Name, command.Flags)
	}

	if have := synopsis(page); !maps.EqualFunc(have, want, slices.Equal) {
		t.Errorf("the synopsis has\n%v\nthe program has\n%v", have, want)
	}
	entries := map[string]bool{}
	for _, item := range regexp.MustCompile(`(?m)^\.It Fl (?:(\w) , Fl )?(--?\w[\w-]*)`).FindAllStringSubmatch(page, -1) {
		short := ""
		if item[1] != "" {
			short = "-" + item[1] + " "
		}
		entries[short+"-"+item[2]] = true
	}
	if !maps.Equal(entries, described) {
		t.Errorf("the options in the list are\n%v\nthose of the program\n%v", slices.Sorted(maps.Keys(entries)), slices.Sorted(maps.Keys(described)))
	}
	for name := range want {
		if name != "" && !strings.Contains(page, "\n.It Cm "+name+"\n") {
			t.Errorf("no word on %s", name)
		}
	}
}

func grammar(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Vars{"version": "", "config": "", "state": ""})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// synopsis is the options of each command, as the synopsis has them.
func synopsis(page string) map[string][]string {
	_, text, _ := strings.Cut(page, "\n.Sh SYNOPSIS\n")
	text, _, _ = strings.Cut(text, "\n.Sh ")
	commands := map[string][]string{}
	for _, form := range strings.Split(text, ".Nm\n")[1:] {
		name := ""
		if m := regexp.MustCompile(`(?m)^\.(?:Op )?Cm (\w+)$`).FindStringSubmatch(form); m != nil {
			name = m[1]
		}
		commands[name] = nil
		for _, flag := range regexp.MustCompile(`Fl (-?[\w-]+)`).FindAllStringSubmatch(form, -1) {
			if strings.HasPrefix(flag[1], "-") {
				commands[name] = append(commands[name], "-"+flag[1])
				continue
			}
			for _, letter := range flag[1] {
				commands[name] = append(commands[name], "-"+string(letter))
			}
		}
		slices.Sort(commands[name])
	}
	return commands
}

// TestManPageExamples reads each policy and each command line that the pages
// show.
func TestManPageExamples(t *testing.T) {
	t.Parallel()
	policies, commands := 0, 0
	for _, path := range manPages {
		page := manPage(t, path)
		for _, example := range regexp.MustCompile(`(?s)\n\.Bd -literal[^\n]*\n(.*?)\n\.Ed\n`).FindAllStringSubmatch(page, -1) {
			policies++
			if _, err := policy.Parse(path, []byte(example[1])); err != nil {
				t.Errorf("%v\n%s", err, example[1])
			}
		}
		for _, example := range regexp.MustCompile(`(?m)^\.Dl .*?\brotate (.*)$`).FindAllStringSubmatch(page, -1) {
			commands++
			parser, err := kong.New(&cli{}, kong.Vars{"version": "", "config": "", "state": ""})
			if err == nil {
				_, err = parser.Parse(strings.Fields(example[1]))
			}
			if err != nil {
				t.Errorf("%v: %s", err, example[0])
			}
		}
	}
	if policies < 5 || commands < 5 {
		t.Errorf("%d policies and %d commands found", policies, commands)
	}
}
