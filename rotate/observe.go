package rotate

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// observer gathers the facts that plan.Decide asks for, and no others.
type observer struct {
	opts  Options
	tree  *tree
	state *state.State
	owed  map[string][]state.Owed // by log
}

func observe(ctx context.Context, files *fsys.FS, policies []*policy.Policy, st *state.State, owed []state.Owed, opts Options) (*plan.Facts, error) {
	o := &observer{opts: opts, tree: newTree(files, st, owed), state: st, owed: map[string][]state.Owed{}}
	for _, e := range owed {
		o.owed[e.Log] = append(o.owed[e.Log], e)
	}
	facts := &plan.Facts{Now: opts.Now, Force: opts.Force}
	for _, p := range policies {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pf, ok := o.policy(p); ok {
			facts.Policies = append(facts.Policies, pf)
		}
	}
	return facts, nil
}

// match is one path that a policy's patterns stand for.
type match struct {
	folder *folder
	index  int // in folder.entries; -1: the log is gone
	name   string
	kind   plan.Kind
	// pattern is what matched, to say how much the administrator meant this very name.
	pattern policy.Pattern
}

func (m match) path() string { return plan.Place{Dir: m.folder.Dir, Name: m.name}.Path() }

// policy observes the logs of one policy. It reports false when Only leaves
// nothing of it.
func (o *observer) policy(p *policy.Policy) (plan.PolicyFacts, bool) {
	facts := plan.PolicyFacts{Policy: p}
	var found []match
	for _, pattern := range p.Paths {
		matches, problems := o.expand(p, pattern)
		found = append(found, matches...)
		if o.opts.Only == nil || slices.Contains(o.opts.Only, p.Name) {
			facts.Problems = append(facts.Problems, problems...)
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.folder.Path, b.folder.Path), cmp.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b match) bool { return a.folder == b.folder && a.name == b.name })

	// Logs come folder by folder, so one open folder at a time will do.
	naming := plan.NewNaming(p, o.opts.Now.Location())
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].folder == found[0].folder {
			n++
		}
		facts.Logs = append(facts.Logs, o.folder(p, naming, found[:n])...)
		found = found[n:]
	}
	return facts, len(facts.Logs) > 0 || len(facts.Problems) > 0 || o.opts.Only == nil
}

// expand lists what pattern stands for, and what stands in its way.
func (o *observer) expand(p *policy.Policy, pattern policy.Pattern) (found []match, problems []plan.Problem) {
	here := 0 // matches that are on disk
	g := glob{
		tree: o.tree,
		found: func(f *folder, i int, name string) {
			m := match{folder: f, index: i, name: name, kind: plan.Missing, pattern: pattern}
			if excluded(p, m.path()) {
				return
			}
			if i >= 0 {
				here++
				if f.claimed[i] {
					return // an earlier policy has it
				}
				m.kind = kindOf(f.entries[i].Type)
			}
			found = append(found, m)
		},
		failed: func(f *folder) {
			if p.MissingOK && missing(f.err) {
				return
			}
			problems = append(problems, plan.Problem{Path: f.Path, Reason: plan.Reason{Code: plan.Unreadable}, Detail: f.err.Error()})
		},
	}
	g.expand(pattern.Text)
	if here == 0 && len(problems) == 0 && !p.MissingOK {
		problems = append(problems, plan.Problem{Path: pattern.Text, Reason: plan.Reason{Code: noMatch(pattern.Text)}})
	}
	return found, problems
}

func noMatch(pattern string) plan.Code {
	if hasMeta(pattern) {
		return plan.NoMatch
	}
	return plan.MissingLog
}

// folder observes the matches of a policy in one folder: which are logs, which
// are archives of those logs, and what the rules need to know of each. A name
// that parses as an archive of another match is never a log.
func (o *observer) folder(p *policy.Policy, naming *plan.Naming, found []match) []plan.LogFacts {
	home := found[0].folder
	away := o.olddir(p, home)

	peek := &peek{fs: o.tree.fs}
	defer peek.close()

	logs := make([]plan.LogFacts, len(found))
	archived := make([]bool, len(found)) // matches that are archives of other matches
	for i, m := range found {
		l := &logs[i]
		l.Place, l.Kind, l.Archive = plan.Place{Dir: home.Dir, Name: m.name}, m.kind, away.dir
		l.Archives = o.archives(naming, m.name, home, nil)
		for _, a := range l.Archives {
			if j, ok := slices.BinarySearchFunc(found, a.Name, byName); ok {
				archived[j] = true
			}
		}
	}
	kept := logs[:0]
	for i, m := range found {
		l := logs[i]
		if archived[i] || m.kind == plan.Directory && incidental(m, away) {
			continue
		}
		if away.folder != nil && away.folder != home {
			l.Archives = o.archives(naming, m.name, away.folder, l.Archives)
		}
		o.history(&l)
		if m.kind == plan.Missing && len(l.Archives) == 0 && len(l.Owed) == 0 {
			continue
		}
		if m.index >= 0 {
			home.claimed[m.index] = true
		}
		if !o.selected(p, m) {
			continue
		}
		o.look(p, &l, peek)
		kept = append(kept, l)
	}
	return kept
}

func byName(m match, name string) int { return cmp.Compare(m.name, name) }

// incidental reports whether a folder was matched by a pattern that did not
// mean it: the bare *, or the policy's own olddir.
func incidental(m match, away olddir) bool {
	return path.Base(m.pattern.Text) == "*" || path.Base(m.pattern.Text) == "**" ||
		away.dir != nil && away.dir.Path == m.path()
}

// olddir is where the archives of a folder's logs go.
type olddir struct {
	dir    *plan.Dir // nil: it is missing, and the policy does not make it
	folder *folder   // nil: it is missing
}

func (o *observer) olddir(p *policy.Policy, home *folder) olddir {
	if p.OldDir == "" {
		return olddir{home.Dir, home}
	}
	dir := p.OldDir
	if !path.IsAbs(dir) {
		dir = path.Join(home.Path, dir)
	}
	f := o.tree.folder(dir)
	if f.err == nil {
		return olddir{f.Dir, f}
	}
	if p.MakeDir == nil || !missing(f.err) {
		return olddir{}
	}
	// A folder to be made has no ID yet; it will be on its parent's mount.
	parent := o.tree.folder(path.Dir(dir))
	return olddir{dir: &plan.Dir{Path: dir, Mount: parent.Mount, Free: -1}}
}

// archives appends the archives of the log base that f holds.
func (o *observer) archives(naming *plan.Naming, base string, f *folder, list []plan.Archive) []plan.Archive {
	from, to := f.with(naming.Prefix(base))
	for _, e := range f.entries[from:to] {
		if e.Type != unix.DT_REG {
			continue
		}
		if g, ext, ok := naming.Parse(base, e.Name); ok {
			list = append(list, plan.Archive{
				Place:      plan.Place{Dir: f.Dir, Name: e.Name},
				Generation: g,
				Ext:        ext,
				Ino:        e.Ino,
				Size:       -1,
			})
		}
	}
	return list
}

// history fills in what the state and earlier runs say of a log.
func (o *observer) history(l *plan.LogFacts) {
	log := l.Path()
	if last, ok := o.state.Last(log); ok {
		l.Last = last
	}
	for _, e := range o.owed[log] {
		// A shift may have moved the archive since: it is known by its inode.
		for _, a := range l.Archives {
			if a.Ino != e.Ino || a.Dir.ID.Dev != e.Dev || a.Ext != "" {
				continue
			}
			l.Owed = append(l.Owed, plan.Owed{Archive: a.Place, ID: plan.ID{Dev: e.Dev, Ino: e.Ino}, Since: e.Turned})
			if e.Turned.After(l.Last) {
				l.Last = e.Turned // the run that turned it ended before it could say so
			}
			break
		}
	}
}

// look fills in what the rules need to know of the files themselves.
func (o *observer) look(p *policy.Policy, l *plan.LogFacts, peek *peek) {
	if l.Kind == plan.Regular && plan.Needs(p, l.Last, o.opts.Now, o.opts.Force) {
		switch info, err := peek.stat(l.Place); {
		case err == nil:
			l.Stat = &plan.Stat{ID: plan.ID(info.ID), Size: info.Size, ModTime: info.ModTime, Links: info.Links}
		case missing(err):
			l.Kind = plan.Missing
		}
	}
	if p.KeepFree > 0 && l.Archive != nil && l.Archive.Free < 0 {
		l.Archive.Free = peek.free(l.Archive)
	}
	if plan.NeedsArchiveStat(p) {
		for i := range l.Archives {
			a := &l.Archives[i]
			if info, err := peek.stat(a.Place); err == nil {
				a.Size, a.ModTime = info.Size, info.ModTime
			}
		}
	}
}

// peek looks at files in a few folders that it keeps open.
type peek struct {
	fs   *fsys.FS
	open map[*plan.Dir]*fsys.Dir
}

func (k *peek) dir(d *plan.Dir) (*fsys.Dir, error) {
	if h := k.open[d]; h != nil {
		return h, nil
	}
	h, err := openAs(k.fs, d)
	if err != nil {
		return nil, err
	}
	if k.open == nil {
		k.open = map[*plan.Dir]*fsys.Dir{}
	}
	k.open[d] = h
	return h, nil
}

func (k *peek) stat(p plan.Place) (fsys.Info, error) {
	d, err := k.dir(p.Dir)
	if err != nil {
		return fsys.Info{}, err
	}
	return d.Stat(p.Name)
}

// free returns the bytes free around d, or -1 when that cannot be told: then
// nothing is removed for want of space.
func (k *peek) free(d *plan.Dir) int64 {
	h, err := k.dir(d)
	if err != nil {
		return -1
	}
	n, err := h.Free()
	if err != nil {
		return -1
	}
	return n
}

func (k *peek) close() {
	for _, d := range k.open {
		d.Close() // read only: nothing to lose
	}
}

// openAs opens the folder that was observed as d, and no other.
func openAs(files *fsys.FS, d *plan.Dir) (*fsys.Dir, error) {
	h, err := files.OpenDir(d.Path)
	if err != nil {
		return nil, err
	}
	if plan.ID(h.ID()) != d.ID {
		h.Close() // read only: nothing to lose
		return nil, fmt.Errorf("open %q: it is not the folder that was there a moment ago", d.Path)
	}
	return h, nil
}

func excluded(p *policy.Policy, log string) bool {
	return slices.ContainsFunc(p.Exclude, func(e policy.Pattern) bool { return matchesPath(e.Text, log) })
}

// selected reports whether Only leaves a match in the run. One that it does
// not leave is still its policy's: no other takes it over.
func (o *observer) selected(p *policy.Policy, m match) bool {
	return o.opts.Only == nil || slices.ContainsFunc(o.opts.Only, func(s string) bool {
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
