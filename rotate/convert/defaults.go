package convert

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"rotate/rotate/policy"
)

// errUnread is a fault of this package: what it wrote does not mean what was
// to be written.
var errUnread = errors.New("the TOML does not say what the policies say")

// document writes all policies, and makes sure that they are read as they are
// meant.
func (c *converter) document() (string, error) {
	defaults := c.defaults()
	tables := c.tables(defaults)
	// A default that a policy does not have must be switched off in it, unless
	// its other keys do that. The reader knows which.
	got, err := policy.Parse("", []byte(document(defaults, tables)))
	if err != nil || len(got) != len(c.items) {
		return "", errors.Join(errUnread, err)
	}
	for i, p := range got {
		tables[i].switchOff(settings(plain(p)), c.items[i].want)
	}
	text := document(defaults, tables)
	got, err = policy.Parse("", []byte(text))
	if err != nil {
		return "", errors.Join(errUnread, err)
	}
	for i, p := range got {
		if !c.items[i].is(p) {
			return "", errUnread
		}
	}
	return text, nil
}

// document returns the text of a file.
func document(defaults *table, tables []*table) string {
	if defaults != nil {
		tables = append([]*table{defaults}, tables...)
	}
	var b strings.Builder
	for i, t := range tables {
		if i > 0 {
			b.WriteByte('\n')
		}
		t.print(&b)
	}
	return b.String()
}

// never are the keys that are no defaults: a file has paths of its own, and
// scripts and targets are about one service.
var never = []string{
	"paths", "exclude", "firstaction", "prerotate", "postrotate", "lastaction", "preremove", "sharedscripts",
	"olddir", "createolddir", "mail", "mailfirst",
}

// defaults returns the table of what the files set for all, and of what most
// policies have in common if that makes the document shorter. It is nil if
// there is nothing to say.
func (c *converter) defaults() *table {
	values := c.values()
	globals, comments := c.globals()
	t := &table{header: "defaults"}
	var common []setting
	saved := -2 // the header and an empty line
	for _, key := range manual {
		if key == "frequency" && !c.mayDefaultFrequency() {
			continue
		}
		if value, ok := globals[key]; ok {
			t.settings = append(t.settings, setting{key, value})
			t.note(key, comments[key])
			continue
		}
		if slices.Contains(never, key) {
			continue
		}
		value, n := most(values[key])
		others := len(c.items) - n
		if gain := n - 1 - 2*others; gain > 0 { // to switch a default off is longer than a line
			common = append(common, setting{key, value})
			saved += gain
		}
	}
	if len(t.settings) > 0 || saved > 0 {
		t.settings = append(t.settings, common...)
	}
	if len(t.settings) == 0 {
		return nil
	}
	sortSettings(t.settings)
	return t
}

// mayDefaultFrequency reports whether a default frequency would hold only where
// it should: nothing but size switches it off.
func (c *converter) mayDefaultFrequency() bool {
	return !slices.ContainsFunc(c.items, func(it *item) bool {
		return it.want.Frequency.Unit == policy.Never && it.want.Size == 0
	})
}

// values returns the values that the policies have of each key, in the order
// of the policies.
func (c *converter) values() map[string][]string {
	values := map[string][]string{}
	for _, it := range c.items {
		for _, s := range settings(it.want) {
			values[s.key] = append(values[s.key], s.value)
		}
	}
	return values
}

// most returns the value that occurs most often, and how often.
func most(values []string) (value string, n int) {
	count := map[string]int{}
	for _, v := range values {
		count[v]++
	}
	for _, v := range values { // of several, the first
		if count[v] > n {
			value, n = v, count[v]
		}
	}
	return value, n
}

// globals returns what the files set outside of blocks, with the comments
// there. Of what is set more than once, the first counts.
func (c *converter) globals() (values map[string]string, comments map[string][]string) {
	values, comments = map[string]string{}, map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		s := c.sources[name]
		config, _ := policy.ParseBlocks(name, []byte(s.global+"/log {\n}\n")) // told when the files were read
		if len(config.Policies) != 1 {
			continue
		}
		for _, set := range settings(plain(config.Policies[0])) {
			if _, twice := values[set.key]; sets(s.globals, set.key) && !twice {
				values[set.key] = set.value
			}
		}
		for _, d := range s.globals {
			comments[d.key] = append(comments[d.key], d.comments...)
		}
	}
	return values, comments
}

// tables returns the tables of the policies, without what the defaults say.
func (c *converter) tables(defaults *table) (tables []*table) {
	file := ""
	for _, it := range c.items {
		t := it.table(defaults)
		if it.pos.File != file && len(c.sources) > 1 {
			t.file = it.pos.File
		}
		file = it.pos.File
		tables = append(tables, t)
	}
	return tables
}

// table returns the table of a policy with its comments.
func (it *item) table(defaults *table) *table {
	t := &table{header: logHeader(it.name), targets: it.want.Notify}
	for _, s := range settings(it.want) {
		if defaults == nil || !slices.Contains(defaults.settings, s) {
			t.settings = append(t.settings, s)
		}
	}
	if it.block != nil {
		it.comment(t, defaults)
	}
	t.told = append(t.told, it.told...)
	return t
}

// comment puts the comments of a block where what they are about is.
func (it *item) comment(t, defaults *table) {
	for i, p := range it.block.above {
		if i > 0 {
			t.comments = append(t.comments, "")
		}
		t.comments = append(t.comments, p...)
	}
	has := func(t *table, key string) bool {
		return t != nil && slices.ContainsFunc(t.settings, func(s setting) bool { return s.key == key })
	}
	for _, d := range it.block.directives {
		switch {
		case slices.Contains(it.became, d.key):
			t.told = append(t.told, d.comments...)
		case has(t, d.key):
			t.note(d.key, d.comments)
		case has(defaults, d.key):
			defaults.note(d.key, d.comments)
		default:
			t.comments = append(t.comments, d.comments...)
		}
	}
	t.end = it.block.end
}

// switchOff adds the keys that got has and want has not.
func (t *table) switchOff(got []setting, want policy.Policy) {
	wanted := settings(want)
	for _, s := range got {
		if !slices.ContainsFunc(wanted, func(w setting) bool { return w.key == s.key }) {
			t.settings = append(t.settings, setting{s.key, off(s.key, want)})
		}
	}
	sortSettings(t.settings)
}
