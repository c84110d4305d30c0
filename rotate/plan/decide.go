package plan

import (
	"cmp"
	"slices"
	"time"

	"rotate/rotate/policy"
)

// Decide turns facts into a plan. The plan has a LogPlan for each LogFacts, in
// the same order, which points into f.
//
// Once the plan is carried out, Decide on what is then observed plans nothing.
func Decide(f *Facts) *Plan {
	d := &decider{now: f.Now, force: f.Force, halt: f.Hold, owners: owners(f), freed: map[uint64]int64{}}
	p := &Plan{Now: f.Now, Litter: f.Litter, Policies: make([]PolicyPlan, len(f.Policies))}
	for i := range f.Policies {
		p.Policies[i] = d.decide(&f.Policies[i])
	}
	return p
}

// decider is Decide under way.
type decider struct {
	now    time.Time
	force  bool
	halt   bool
	owners map[names]*LogFacts
	freed  map[uint64]int64 // bytes that the plan removes, by mount

	policy   *policy.Policy
	naming   *Naming
	taken    map[Place]Kind
	held     []held
	problems []Problem
}

// held is an archive under the name that it has after Turn.
type held struct {
	*Archive
	log    *LogPlan
	fresh  bool // this run turned it
	newest bool // it is of the newest generation of its log
	owed   bool
	gone   bool // retention removes it
	why    Reason
}

func (d *decider) decide(f *PolicyFacts) PolicyPlan {
	d.policy, d.naming, d.taken = f.Policy, NewNaming(f.Policy, d.now.Location()), f.Taken
	d.problems = slices.Clip(f.Problems)
	logs := make([]LogPlan, len(f.Logs))
	budgeted := d.policy.MaxTotal > 0 || d.policy.KeepFree > 0
	d.held = d.held[:0]
	if budgeted {
		n := 0
		for i := range f.Logs {
			n += len(f.Logs[i].Archives) + 1
		}
		d.held = slices.Grow(d.held, n)
	}
	for i := range logs {
		l := &logs[i]
		l.LogFacts = &f.Logs[i]
		l.Action, l.Reason = d.action(l.LogFacts)
		if !d.owns(l.LogFacts) {
			continue // what looks like its archives is another log's
		}
		first := len(d.held)
		d.hold(l)
		switch {
		case l.Action == Turn:
			d.turn(l, first)
			d.standBack(l, first)
		case l.Kind == Missing && len(l.Owed) > 0 && d.policy.Create != nil:
			// The run that turned it ended before it made the new one.
			l.Turn = []Step{{Op: Create, From: l.Place}}
		}
		d.expire(d.held[first:])
		if !budgeted {
			d.finish(l, d.held[first:])
			d.held = d.held[:first]
		}
	}
	if budgeted {
		d.budget(d.held)
		d.finishAll(d.held)
	}
	return PolicyPlan{Policy: f.Policy, Problems: d.problems, Logs: logs}
}

// action decides what happens to the live log.
func (d *decider) action(l *LogFacts) (Action, Reason) {
	switch {
	case l.Kind == Missing:
		return Leave, Reason{Code: MissingLog}
	case l.Kind != Regular:
		return d.odd(), Reason{Code: [...]Code{
			Directory: IsDirectory, Symlink: IsSymlink, Pipe: IsPipe, Socket: IsSocket, Device: IsDevice,
		}[l.Kind]}
	case l.Archive == nil:
		return Refuse, Reason{Code: NoOldDir}
	case !d.owns(l):
		return Refuse, Reason{Code: NameClash}
	case l.Copied.Dir != nil:
		return Turn, Reason{Code: Interrupted}
	}
	return d.due(l)
}

// odd is what is done about a path that is no log to turn.
func (d *decider) odd() Action {
	if d.policy.SkipOdd {
		return Leave
	}
	return Refuse
}

// hold appends the archives of l to d.held, the newest first.
func (d *decider) hold(l *LogPlan) {
	first := len(d.held)
	for i := range l.Archives {
		d.held = append(d.held, held{Archive: &l.Archives[i], log: l})
	}
	own := d.held[first:]
	slices.SortFunc(own, func(a, b held) int {
		if c := d.naming.Compare(a.Generation, b.Generation); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Ext, b.Ext), cmp.Compare(a.Dir.Path, b.Dir.Path))
	})
	for _, o := range l.Owed {
		i := slices.IndexFunc(own, func(h held) bool { return h.Place == o.Archive })
		if i < 0 {
			l.Settle = append(l.Settle, o.Archive) // it is nowhere else, so it stays where it is
			continue
		}
		own[i].owed = true
	}
}
