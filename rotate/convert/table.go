package convert

import (
	"regexp"
	"slices"
	"strings"

	"rotate/rotate/policy"
)

// table is a [log.NAME] table, or [defaults].
type table struct {
	file     string // that it came from, if there are several
	header   string
	comments []string            // above the header
	settings []setting           // in their order
	near     map[string][]string // comments above a key
	end      []string            // comments after the last key
	targets  []policy.Target
	told     []string // comments above the first target
}

func (t *table) note(key string, comments []string) {
	for _, c := range comments {
		if !slices.Contains(t.near[key], c) {
			if t.near == nil {
				t.near = map[string][]string{}
			}
			t.near[key] = append(t.near[key], c)
		}
	}
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func logHeader(name string) string {
	if !bareKey.MatchString(name) {
		name = quote(name)
	}
	return "log." + name
}

// print writes the table as a person would.
func (t *table) print(b *strings.Builder) {
	if t.file != "" {
		printComments(b, []string{" " + t.file})
		if len(t.comments) > 0 {
			b.WriteByte('\n')
		}
	}
	printComments(b, t.comments)
	b.WriteString("[" + t.header + "]\n")
	printSettings(b, t.settings, t.near)
	printComments(b, t.end)
	for i, target := range t.targets {
		b.WriteByte('\n')
		if i == 0 {
			printComments(b, t.told)
		}
		b.WriteString("[[" + t.header + ".notify]]\n")
		printSettings(b, targetSettings(target), nil)
	}
}

func printComments(b *strings.Builder, comments []string) {
	for _, c := range comments {
		b.WriteString(strings.TrimRight("#"+c, " \t\r") + "\n")
	}
}

// printSettings writes keys with their values below each other, but for values
// of several lines.
func printSettings(b *strings.Builder, list []setting, near map[string][]string) {
	widest := 0
	for i, s := range list {
		if !s.isLine() {
			widest = 0
		} else if widest == 0 {
			for j := i; j < len(list) && list[j].isLine(); j++ {
				widest = max(widest, len(list[j].key))
			}
		}
		printComments(b, near[s.key])
		b.WriteString(s.key + strings.Repeat(" ", max(0, widest-len(s.key))) + " = " + s.value + "\n")
	}
}

func (s setting) isLine() bool { return !strings.Contains(s.value, "\n") }
