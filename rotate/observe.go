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
	ctx   context.Context
	opts  Options
	tree  *tree
	state *state.State
	owed  map[string][]state.Owed // by log

	actors     map[policy.User]*fsys.FS
	policies   []*policy.Policy
	number     int            // of the policy that is looked at
	duplicates []plan.Problem // of that policy

	named    map[name]int             // the last policy that names this very path
	served   map[*policy.Pattern]bool // it led to something
	planned  map[string]bool          // logs of which something is owed
	failures map[*policy.Pattern][]*folder
	taken    map[plan.Place]plan.Kind // of one policy, as in plan.PolicyFacts
	made     map[string]*plan.Dir     // olddirs that are yet to be made, each by one log for all
	litter   []plan.Place
}

func observe(ctx context.Context, files *fsys.FS, policies []*policy.Policy, st *state.State, owed []state.Owed, opts Options) (*plan.Facts, error) {
	o := &observer{
		ctx:      ctx,
		opts:     opts,
		policies: policies,
		actors:   map[policy.User]*fsys.FS{},
		tree:     newTree(ctx, files, st, owed, cmp.Or(opts.patience, patience)),
		state:    st,
		owed:     map[string][]state.Owed{},
		named:    map[name]int{},
		served:   map[*policy.Pattern]bool{},
		planned:  map[string]bool{},
		failures: map[*policy.Pattern][]*folder{},
		made:     map[string]*plan.Dir{},
	}
	defer func() {
		for _, files := range o.actors {
			if !o.tree.stuck { // else somebody may be waiting for one of them
				files.Close()
			}
		}
	}()
	for _, e := range owed {
		o.owed[e.Log] = append(o.owed[e.Log], e)
	}
	for i, p := range policies {
		for _, pattern := range p.Paths {
			if !hasMeta(pattern.Text) {
				o.named[name{path.Dir(pattern.Text), path.Base(pattern.Text)}] = i
			}
		}
	}
	facts := &plan.Facts{Now: opts.Now, Force: opts.Force}
	for i, p := range policies {
		o.number = i
		o.tree.su = o.actAs(p)
		if pf, ok := o.policy(p); ok {
			facts.Policies = append(facts.Policies, pf)
		}
	}
	o.tree.su = nil
	for _, e := range owed {
		switch archive, there := o.locate(e, nil); {
		case !there, o.planned[e.Log] && archive.Archive.Dir.ID != (plan.ID{}):
		case !o.planned[e.Log] && len(opts.Only) > 0: // another run's
		default:
			facts.Unserved = append(facts.Unserved, plan.Unserved{Log: e.Log, Owed: archive})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err // what was observed since it ended is not true
	}
	facts.Litter = o.litter
	return facts, nil
}

// actAs returns whom p trusts, and who may open what is closed even to root, as
// on a file server; nil: nobody in particular. If it cannot be had, Execute says
// so of each log.
func (o *observer) actAs(p *policy.Policy) *fsys.FS {
	if p.Su == nil || p.Su.Auto {
		return nil
	}
	if o.actors[*p.Su] == nil {
		files, err := actAs(o.tree.fs, *p.Su)
		if err != nil || files == o.tree.fs {
			return nil
		}
		o.actors[*p.Su] = files
	}
	return o.actors[*p.Su]
}

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

// policy observes the logs of one policy. It reports false when Only leaves
// nothing of it.
func (o *observer) policy(p *policy.Policy) (plan.PolicyFacts, bool) {
	facts := plan.PolicyFacts{Policy: p}
	o.taken = nil
	var found []match
	for i := range p.Paths {
		found = join(found, o.expand(p, &p.Paths[i]))
	}
	slices.SortFunc(found, func(a, b match) int {
		p, q := a.pattern.Pos, b.pattern.Pos
		return cmp.Or(cmp.Compare(a.folder.Path, b.folder.Path), cmp.Compare(a.name, b.name), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
	})
	var again []match // what several patterns match
	for i := 1; i < len(found); i++ {
		if found[i].same(found[i-1]) {
			again = append(again, found[i])
		}
	}
	found = slices.CompactFunc(found, match.same)

	// Logs come folder by folder, so one open folder at a time will do.
	naming := plan.NewNaming(p, o.opts.Now.Location())
	if p.OldDir != "" {
		// The pattern may lead into an olddir, before or after the logs it belongs to.
		for _, m := range found {
			if away := o.olddir(p, m.folder); away.folder != nil {
				o.archives(naming, m.name, away.folder, nil)
			}
		}
	}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].folder == found[0].folder {
			n++
		}
		facts.Logs = join(facts.Logs, o.folder(p, naming, found[:n]))
		found = found[n:]
	}
	for _, m := range again {
		o.duplicate(p, m)
	}
	facts.Taken = o.taken
	if len(o.opts.Only) == 0 || slices.Contains(o.opts.Only, p.Name) {
		facts.Problems = o.problems(p)
	}
	facts.Problems = append(facts.Problems, o.duplicates...)
	o.duplicates = nil
	return facts, len(facts.Logs)+len(facts.Problems) > 0 || len(o.opts.Only) == 0
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

// folder observes the matches of a policy in one folder: which are logs, which
// are archives of those logs, and what the rules need to know of each. A name
// that parses as an archive of another match is never a log.
func (o *observer) folder(p *policy.Policy, naming *plan.Naming, found []match) []plan.LogFacts {
	home := found[0].folder
	away := o.olddir(p, home)

	peek := &peek{ctx: o.ctx, fs: o.tree.fs, su: o.tree.su}
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
		if o.ctx.Err() != nil {
			break
		}
		l := logs[i]
		if archived[i] || home.taken(m.index, m.name) || m.kind == plan.Directory && incidental(m, away) {
			continue
		}
		if away.folder != nil && away.folder != home {
			l.Archives = o.archives(naming, m.name, away.folder, l.Archives)
		}
		o.history(p, &l, m.ino())
		plan.Reachable(p, &l)
		if m.kind == plan.Missing && len(l.Archives) == 0 && len(l.Owed()) == 0 {
			continue
		}
		o.served[m.pattern] = true
		home.take(m.index, m.name, o.number)
		if !o.selected(p, m) {
			continue
		}
		o.look(p, &l, peek)
		if p.Method != policy.Rename {
			o.interrupted(p, &l, peek)
		}
		if slices.ContainsFunc(l.Archives, func(a plan.Archive) bool { return a.Ext == "" }) {
			o.twins(p, &l, peek)
		}
		kept = append(kept, l)
		if o.owed[l.Path()] != nil {
			o.planned[l.Path()] = true
		}
	}
	if len(kept) > 0 {
		o.sweep(home)
		o.sweep(away.folder)
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
	// A folder to be made has no ID yet; it will be on the mount of what is there above it.
	parent := o.tree.folder(path.Dir(dir))
	for missing(parent.err) && parent.Path != "/" {
		parent = o.tree.folder(path.Dir(parent.Path))
	}
	if o.made[dir] == nil {
		o.made[dir] = &plan.Dir{Path: dir, Mount: parent.Mount, Free: -1}
	}
	return olddir{dir: o.made[dir]}
}

// archives appends the archives of the log base that f holds. No later policy
// takes them for logs; what an earlier policy has as a log is none, nor what any
// other names as one.
func (o *observer) archives(naming *plan.Naming, base string, f *folder, list []plan.Archive) []plan.Archive {
	from, to := f.with(naming.Prefix(base))
	for i := from; i < to; i++ {
		e := &f.entries[i]
		if g, ext, ok := naming.Parse(base, e.Name); ok {
			other, named := o.named[name{f.Path, e.Name}]
			if e.Type != unix.DT_REG || f.claims[i] >= asLog || named && other != o.number {
				if o.taken == nil {
					o.taken = map[plan.Place]plan.Kind{}
				}
				o.taken[plan.Place{Dir: f.Dir, Name: e.Name}] = kindOf(e.Type)
				continue
			}
			f.claims[i] = max(f.claims[i], asArchive)
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

// sweep looks for what runs that were killed left in f, once.
func (o *observer) sweep(f *folder) {
	if f == nil {
		return
	}
	from, to := f.with(fsys.TempPrefix)
	for i := from; i < to; i++ {
		if e := &f.entries[i]; e.Type == unix.DT_REG && fsys.IsTemp(e.Name) && f.claims[i] == free {
			f.claims[i] = asLitter
			o.litter = append(o.litter, plan.Place{Dir: f.Dir, Name: e.Name})
		}
	}
}

// join is append for lists of which one is mostly empty: they are long.
func join[T any](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	return append(a, b...)
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
