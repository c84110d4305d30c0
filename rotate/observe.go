package rotate

import (
	"cmp"
	"context"
	"path"
	"slices"

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
	planned  map[string]bool          // logs that are planned, and of which something is owed
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
		if !o.away(e) {
			o.owed[e.Log] = append(o.owed[e.Log], e)
		}
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
		if o.away(e) {
			facts.Unserved = append(facts.Unserved, plan.Unserved{Log: e.Log, Away: true, Owed: plan.Owed{ID: plan.ID{Ino: e.Ino}}})
			continue
		}
		peek := &peek{ctx: ctx, fs: files}
		archive, there := o.locate(e, nil, peek)
		peek.close()
		switch {
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
		o.history(&l, m.ino(), peek)
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
		o.interrupted(p, &l, peek)
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

// join is append for lists of which one is mostly empty: they are long.
func join[T any](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	return append(a, b...)
}
