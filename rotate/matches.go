package rotate

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// name is a path: that of a folder, and a name in it.
type name struct{ dir, base string }

// match is one path that a policy's patterns stand for.
type match struct {
	folder  *folder
	index   int // in folder.entries; -1: the log is gone
	name    string
	kind    plan.Kind
	pattern *policy.Pattern // that matched
}

func (m match) same(n match) bool { return m.folder == n.folder && m.name == n.name }

func (m match) path() string { return plan.Place{Dir: m.folder.Dir, Name: m.name}.Path() }

// ino is the inode of the log, as far as its folder says; 0 if it is gone.
func (m match) ino() uint64 {
	if m.index < 0 {
		return 0
	}
	return m.folder.entries[m.index].Ino
}

// expand lists what pattern stands for.
func (o *observer) expand(p *policy.Policy, pattern *policy.Pattern) (found []match) {
	g := glob{
		tree: o.tree,
		found: func(f *folder, i int, name string) {
			m := match{folder: f, index: i, name: name, kind: plan.Missing, pattern: pattern}
			if excluded(p, m.path()) || fsys.IsTemp(name) {
				return
			}
			if i >= 0 {
				o.served[pattern] = true
				m.kind = kindOf(f.entries[i].Type)
			}
			if f.taken(i, name) {
				o.served[pattern] = true
				o.duplicate(p, m)
				return
			}
			found = append(found, m)
		},
		failed: func(f *folder) {
			o.failures[pattern] = append(o.failures[pattern], f)
		},
	}
	g.expand(pattern.Text)
	return found
}

// duplicate says that an earlier policy has a log, or p by another pattern,
// which is no matter if it has it as an archive.
func (o *observer) duplicate(p *policy.Policy, m match) {
	if m.index < 0 || m.kind == plan.Directory || m.folder.claims[m.index] < asLog || !o.selected(p, m) {
		return
	}
	first := o.policies[m.folder.claims[m.index]-asLog]
	if first.IgnoreDuplicates {
		return
	}
	detail := fmt.Sprintf("policy %q has %q, at %s", first.Name, m.path(), first.Pos)
	if first == p {
		detail = fmt.Sprintf("several patterns match %q", m.path())
	}
	o.duplicates = append(o.duplicates, plan.Problem{
		Path:   m.path(),
		Pos:    m.pattern.Pos,
		Reason: plan.Reason{Code: plan.Duplicate},
		Detail: detail,
	})
}

// problems lists what stands in the way of a policy's patterns: folders that
// cannot be read, and patterns that led to no log, not even to one that is
// gone and left archives.
func (o *observer) problems(p *policy.Policy) (all []plan.Problem) {
	for i := range p.Paths {
		pattern := &p.Paths[i]
		failures := o.failures[pattern]
		for _, f := range failures {
			if !p.MissingOK || !missing(f.err) {
				all = append(all, plan.Problem{Path: f.Path, Pos: pattern.Pos, Reason: plan.Reason{Code: plan.Unreadable}, Detail: f.err.Error()})
			}
		}
		if len(failures) == 0 && !o.served[pattern] && !p.MissingOK {
			code := plan.MissingLog
			if hasMeta(pattern.Text) {
				code = plan.NoMatch
			}
			all = append(all, plan.Problem{Path: pattern.Text, Pos: pattern.Pos, Reason: plan.Reason{Code: code}})
		}
	}
	return all
}

func byName(m match, name string) int { return cmp.Compare(m.name, name) }

// incidental reports whether a folder was matched by a pattern that did not
// mean it: the bare *, or the policy's own olddir.
func incidental(m match, away olddir) bool {
	return path.Base(m.pattern.Text) == "*" || path.Base(m.pattern.Text) == "**" ||
		away.dir != nil && away.dir.Path == m.path()
}

func excluded(p *policy.Policy, log string) bool {
	return slices.ContainsFunc(p.Exclude, func(e policy.Pattern) bool { return matchesPath(e.Text, log) })
}

// selected reports whether Only leaves a match in the run. One that it does
// not leave is still its policy's: no other takes it over.
func (o *observer) selected(p *policy.Policy, m match) bool {
	return len(o.opts.Only) == 0 || slices.ContainsFunc(o.opts.Only, func(s string) bool {
		return s == p.Name || s == m.path() || matchesPath(s, m.path())
	})
}

func kindOf(t uint8) plan.Kind {
	switch t {
	case unix.DT_REG:
		return plan.Regular
	case unix.DT_DIR:
		return plan.Directory
	case unix.DT_LNK:
		return plan.Symlink
	case unix.DT_FIFO:
		return plan.Pipe
	case unix.DT_SOCK:
		return plan.Socket
	default:
		return plan.Device
	}
}
