package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manual returns docs/configuration.md and the TOML in it.
func manual(t *testing.T) (text string, snippets []string) {
	t.Helper()
	return page(t, "../../docs/configuration.md")
}

func page(t *testing.T, path string) (text string, snippets []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	mustDo(t, err)
	for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		snippets = append(snippets, m[1])
	}
	return string(data), snippets
}

// TestManualIsRight reads every snippet of the manual, with what it leaves out
// around it.
func TestManualIsRight(t *testing.T) {
	t.Parallel()
	_, snippets := manual(t)
	if len(snippets) < len(policyKeys()) {
		t.Fatalf("%d snippets", len(snippets))
	}
	has := func(text, keys string) bool { return regexp.MustCompile(`(?m)^(` + keys + `)\s*=`).MatchString(text) }
	for _, snippet := range snippets {
		text := snippet
		if !has(text, "include") && !strings.Contains(text, "[log.access]") {
			policy := "[log.NAME]\n"
			for keys, line := range map[string]string{
				"paths":                           `paths = ["/a"]`,
				"frequency|size|maxsize":          `maxsize = 1`,
				"rotate|maxage|maxtotal|keepfree": `rotate = 1`,
			} {
				if !has(text, keys) {
					policy += line + "\n"
				}
			}
			text = policy + text
		}
		if _, err := Parse("configuration.md", []byte(text)); err != nil {
			t.Errorf("%s\n%s", text, describe(err))
		}
	}
}

// TestPagesAreRight reads every snippet of all other pages. What is no whole
// policy is part of one.
func TestPagesAreRight(t *testing.T) {
	t.Parallel()
	read := 0
	for _, glob := range []string{"../../*.md", "../../docs/*.md", "../../docs/adr/*.md"} {
		paths, err := filepath.Glob(glob)
		mustDo(t, err)
		for _, path := range paths {
			if filepath.Base(path) == "configuration.md" {
				continue
			}
			_, snippets := page(t, path)
			for _, text := range snippets {
				if !strings.Contains(text, "[log.") || strings.HasPrefix(text, "[[") {
					text = "[log.api]\npaths = [\"/a\"]\nsize = 1\nrotate = 1\n" + text
				}
				text = strings.ReplaceAll(text, `owner = "api"`, `owner = "root"`) // the reader's machine has that user
				if _, err := Parse(path, []byte(text)); err != nil {
					t.Errorf("%s\n%s", text, describe(err))
				}
				read++
			}
		}
	}
	if read < 20 {
		t.Errorf("%d snippets", read)
	}
}

func TestManualHasEveryKey(t *testing.T) {
	t.Parallel()
	text, _ := manual(t)
	for _, name := range append(policyKeyNames(), "include") {
		if !strings.Contains(text, "\n### "+name+"\n") {
			t.Errorf("no chapter on %s", name)
		}
	}
	for _, k := range targetSchema().keys {
		if !strings.Contains(text, "\n| `"+k.name+"` |") {
			t.Errorf("no line on %s of notify", k.name)
		}
	}
}

// TestExamplesAreRight reads the examples that hints show.
func TestExamplesAreRight(t *testing.T) {
	t.Parallel()
	for _, k := range policyKeys() {
		text := k.name + " = " + k.example + "\n"
		for key, needed := range map[string]string{
			"dateformat": "dateext = true", "dateyesterday": "dateext = true", "datehourago": "dateext = true",
			"createolddir": `olddir = "old"`, "delaycompress": "compress = true", "mailfirst": `mail = "root"`, "sharedscripts": `prerotate = "true"`,
		} {
			if k.name == key {
				text += needed + "\n"
			}
		}
		if k.name == "minsize" || k.name == "minage" {
			text += "frequency = \"daily\"\n"
		} else if !strings.Contains(k.name, "size") && k.name != "frequency" {
			text += "size = 1\n"
		}
		if k.name != "rotate" {
			text += "rotate = 1\n"
		}
		if k.name != "paths" {
			text += "paths = [\"/a\"]\n"
		}
		if _, err := Parse(k.name, []byte("[log.a]\n"+text)); err != nil {
			t.Errorf("%s\n%s", text, describe(err))
		}
	}
	for _, k := range targetSchema().keys {
		text := "[[log.a.notify]]\n" + k.name + " = " + k.example + "\n"
		switch k.name {
		case "command", "pidfile":
		case "userunit":
			text += "user = \"root\"\n"
		default:
			text += "pidfile = \"/p\"\n"
		}
		if _, err := Parse(k.name, []byte(good+text)); err != nil {
			t.Errorf("%s\n%s", text, describe(err))
		}
	}
	for _, k := range suSchema().keys {
		other := map[string]string{"user": `group = "root"`, "group": `user = "root"`}[k.name]
		text := good + "su = { " + k.name + " = " + k.example + ", " + other + " }\n"
		if _, err := Parse(k.name, []byte(text)); err != nil {
			t.Errorf("%s\n%s", text, describe(err))
		}
	}
	for _, k := range createSchema(0o777).keys {
		text := good + "create = { " + k.name + " = " + k.example + " }\n"
		if _, err := Parse(k.name, []byte(text)); err != nil {
			t.Errorf("%s\n%s", text, describe(err))
		}
	}
}

// TestManPageHasEveryKey wants the keys of each table in the part of the manual
// page that is about it, and no others.
func TestManPageHasEveryKey(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/rotate.toml.5")
	mustDo(t, err)
	policies, tables, _ := strings.Cut(string(data), "\n.Sh TABLES\n")
	check := func(what, text string, want []string) {
		var have []string
		for _, m := range regexp.MustCompile(`(?m)^\.It Cm (\w+) No = `).FindAllStringSubmatch(text, -1) {
			have = append(have, m[1])
		}
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("%s: the page has %q, the reader %q", what, have, want)
		}
	}
	check("policy", policies, append(policyKeyNames(), "include"))
	seen := 0
	for _, table := range strings.Split(tables, "\n.Ss ") {
		name, text, _ := strings.Cut(strings.TrimPrefix(table, ".Ss "), "\n")
		if keys := map[string][]string{
			"notify": targetSchema().names(), "compress": compressionSchema().names(),
			"create and createolddir": createSchema(0).names(), "su": suSchema().names(),
		}[name]; keys != nil {
			seen++
			text, _, _ = strings.Cut(text, "\n.Sh ")
			check(name, text, keys)
		}
	}
	if seen != 4 {
		t.Errorf("%d tables", seen)
	}
}
