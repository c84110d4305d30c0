package differential

import (
	"regexp"
	"slices"
	"strings"
)

// shrink makes a trial smaller as long as it still differs: fewer runs, blocks,
// directives and files, then plainer files. It always takes the same way, and
// does not end at a difference of another kind.
func (b *bench) shrink(t trial, d *difference) trial {
	for tries := 0; ; {
		smaller := false
		for c := range t.smaller {
			if tries++; tries > 500 {
				return t
			}
			if is := b.try(c, false); is != nil && is.kind() == d.kind() {
				t, smaller = c, true
				break
			}
		}
		if !smaller {
			return t
		}
	}
}

// kind tells differences apart: what differs first, and how.
func (d *difference) kind() string {
	if d.err != nil {
		return "none"
	}
	first := d.what[0]
	kind, _, _ := strings.Cut(first, " ")
	if strings.HasPrefix(kind, "log/") {
		kind = "file"
	}
	for _, side := range []string{"- nothing", "+ nothing", "- 0", "- 1"} {
		if strings.Contains(first, side) {
			kind += side
		}
	}
	return kind
}

// smaller yields the trials that are one step smaller.
func (t trial) smaller(yield func(trial) bool) {
	for i := range t.runs {
		c := t
		c.runs = without(t.runs, i)
		if len(c.runs) > 0 && !yield(c) {
			return
		}
	}
	for _, conf := range smallerConfs(t.conf) {
		c := t
		c.conf = conf
		if !yield(c) {
			return
		}
	}
	for i := range t.tree {
		c := t
		c.tree = without(t.tree, i)
		if !yield(c) {
			return
		}
	}
	for i := range t.state {
		c := t
		c.state = without(t.state, i)
		if !yield(c) {
			return
		}
	}
	for i, e := range t.tree {
		if strings.Contains(t.text(), "\tsu ") {
			break // owners count
		}
		for _, p := range e.plainer() {
			c := t
			c.tree = slices.Clone(t.tree)
			c.tree[i] = p
			if !yield(c) {
				return
			}
		}
	}
	for i, r := range t.runs {
		for _, p := range []run{{r.after, 0, r.force}, {r.after, r.lines, false}} {
			if p == r {
				continue
			}
			c := t
			c.runs = slices.Clone(t.runs)
			c.runs[i] = p
			if !yield(c) {
				return
			}
		}
	}
}

func without[T any](all []T, i int) []T { return slices.Delete(slices.Clone(all), i, i+1) }

// plainer are the ways to make an entry plainer.
func (e entry) plainer() (all []entry) {
	p := e
	p.uid, p.gid, p.mode = 0, 0, 0o644
	if e.kind == "dir" {
		p.mode = 0o755
	}
	if p != e {
		all = append(all, p)
	}
	if p = e; e.kind == "file" && len(e.arg) > 1 {
		p.arg = "1"
		all = append(all, p)
	}
	return all
}

// smallerConfs leaves out a block, or a directive with its script.
func smallerConfs(conf string) (all []string) {
	units := units(conf)
	drop := func(from, to int) {
		all = append(all, strings.Join(units[:from], "")+strings.Join(units[to:], ""))
	}
	open := -1
	for i, u := range units {
		if strings.HasSuffix(u, "{\n") {
			open = i
		}
		if u == "}\n" && open >= 0 {
			drop(open, i+1)
		}
	}
	for i, u := range units {
		if !strings.HasSuffix(u, "{\n") && u != "}\n" && !names.MatchString(u) {
			drop(i, i+1)
		}
	}
	return all
}

// names matches directives without which it would be another trial: the
// archives that it begins with were none.
var names = regexp.MustCompile(`^\s*(rotate\b|compress|delaycompress|date|extension|addextension|start|olddir)`)

// units are the lines of a configuration; a script is one.
func units(conf string) (all []string) {
	script := false
	for line := range strings.Lines(conf) {
		if script {
			all[len(all)-1] += line
		} else {
			all = append(all, line)
		}
		switch strings.TrimSpace(line) {
		case "prerotate", "postrotate", "firstaction", "lastaction", "preremove":
			script = true
		case "endscript":
			script = false
		}
	}
	return all
}
