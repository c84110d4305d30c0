package plan

import (
	"cmp"
	"slices"
	"time"

	"rotate/rotate/policy"
)

// Decide turns facts into a plan. The plan has a LogPlan for each LogFacts, in
// the same order, which points into f. From then on f must not change.
//
// Once the plan is carried out, Decide on what is then observed plans nothing.
func Decide(f *Facts) *Plan {
	p := &Plan{Now: f.Now, Litter: f.Litter, Unserved: f.Unserved, Policies: make([]PolicyPlan, len(f.Policies))}
	owners, space := owners(f), newSpace(f)
	for i := range f.Policies {
		pf := &f.Policies[i]
		r := &rules{
			policy: pf.Policy, naming: NewNaming(pf.Policy, f.Now.Location()),
			now: f.Now, force: f.Force, halt: f.Hold, owners: owners, taken: pf.Taken,
		}
		logs, problems := make([]LogPlan, len(pf.Logs)), slices.Clip(pf.Problems)
		for k := range logs {
			l := &logs[k]
			l.LogFacts, l.rules = &pf.Logs[k], r
			l.Action, _ = r.action(l.LogFacts)
			if l.Action == Turn {
				problems = append(problems, r.standBack(l)...)
			}
		}
		if space != nil {
			r.short = space.budget(r, logs)
		}
		for k := range logs {
			if l := &logs[k]; len(r.taken) > 0 || l.differs() {
				problems = append(problems, l.Work().problems...)
			}
		}
		p.Policies[i] = PolicyPlan{Policy: pf.Policy, Problems: problems, Logs: logs}
	}
	return p
}

// rules are what decides on the logs of a policy in one run.
type rules struct {
	policy *policy.Policy
	naming *Naming
	now    time.Time
	force  bool
	halt   bool
	owners map[names]*LogFacts
	taken  map[Place]Kind
	back   map[*LogFacts]back // logs that could not be turned
	short  map[Place]Reason   // archives that go for want of space, under the names that they have after Turn
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

// Reason returns why l is turned, left or refused.
func (l *LogPlan) Reason() Reason {
	_, why := l.rules.action(l.LogFacts)
	return why
}

// Work returns what is done about l.
func (l *LogPlan) Work() (w Work) {
	l.rules.finish(&w, l.rules.shelve(&w, l))
	w.Debts = l.debts(&w)
	return w
}

// Idle reports whether nothing is to be done about l, nor to be said.
func (l *LogPlan) Idle() bool {
	if l.Action != Leave {
		return false
	}
	w := l.Work()
	return len(w.Turn)+len(w.Settle)+len(w.Finish) == 0
}

// debts returns what is left from earlier runs, and what this run makes. Of a
// log that is copied it is the log itself that is owed, until it is emptied.
func (l *LogPlan) debts(w *Work) (debts []Owed) {
	if len(l.Owed()) > 0 {
		moved := map[Place]Place{}
		for _, s := range w.Turn {
			if s.Op == Rename {
				moved[s.From] = s.To
			}
		}
		for _, o := range l.Owed() {
			if to, moves := moved[o.Archive]; moves {
				o.Archive = to
			}
			debts = append(debts, o)
		}
	}
	if l.Action == Turn && l.Stat != nil {
		archive := w.Turned
		if archive.Dir == nil {
			archive = w.Turn[len(w.Turn)-1].To // it is copied there
		}
		debts = append(debts, Owed{Archive: archive, ID: l.Stat.ID, Born: l.Stat.Born, Since: l.Moment(), Last: l.Before(), Was: l.inode(archive)})
	}
	return debts
}

// Moment returns when l is turned, for the record. Of turns in one second, each
// has its own, so that it can be told which of them the state knows of.
func (l *LogPlan) Moment() time.Time {
	if ahead := l.Last.Unix() - l.rules.now.Unix(); ahead >= 0 && ahead < 60 {
		return l.Last.Add(time.Second)
	}
	return l.rules.now
}

// Before returns when l was turned before that, for the record. One that is met
// first was a second ago, so that the state can say so, too.
func (l *LogPlan) Before() time.Time {
	if l.Last.IsZero() {
		return l.rules.now.Add(-time.Second)
	}
	return l.Last
}

// inode returns the inode of the archive at p, or of one that has its name but for
// a compression's ending, wherever it is; 0: there is none.
func (l *LogPlan) inode(p Place) (ino uint64) {
	for i := range l.Archives {
		switch a := &l.Archives[i]; {
		case a.Place == p:
			return a.Ino
		case a.Plain() == p.Name:
			ino = a.Ino
		}
	}
	return ino
}

// differs reports whether an archive of l has a packed one beside it that holds
// something else.
func (l *LogPlan) differs() bool {
	return slices.ContainsFunc(l.Archives, func(a Archive) bool { return a.Twin == Other })
}

// shelve plans phase 1 of l, and returns its archives as they are thereafter,
// the newest first, with those marked that retention removes.
func (r *rules) shelve(w *Work, l *LogPlan) []held {
	own := r.hold(w, l)
	switch {
	case l.Action == Turn:
		own = r.turn(w, l, own)
	case l.Kind == Missing && len(l.Owed()) > 0 && r.policy.Create != nil:
		// The run that turned it ended before it made the new one.
		w.Turn = []Step{{Op: Create, From: l.Place}}
	}
	r.expire(own)
	return own
}

// action decides what happens to the live log.
func (r *rules) action(l *LogFacts) (Action, Reason) {
	if b, stands := r.back[l]; stands {
		return b.action, b.why
	}
	switch {
	case l.Kind == Missing:
		return Leave, Reason{Code: MissingLog}
	case l.Kind != Regular:
		return r.odd(), Reason{Code: [...]Code{
			Directory: IsDirectory, Symlink: IsSymlink, Pipe: IsPipe, Socket: IsSocket, Device: IsDevice,
		}[l.Kind]}
	case l.Archive == nil:
		return Refuse, Reason{Code: NoOldDir}
	case !r.owns(l):
		return Refuse, Reason{Code: NameClash}
	}
	if _, ok := l.Copied(); ok {
		return Turn, Reason{Code: Interrupted}
	}
	return r.due(l)
}

// odd is what is done about a path that is no log to turn.
func (r *rules) odd() Action {
	if r.policy.SkipOdd {
		return Leave
	}
	return Refuse
}

// hold returns the archives of l, the newest first.
func (r *rules) hold(w *Work, l *LogPlan) (own []held) {
	if len(l.Archives) > 0 && r.owns(l.LogFacts) { // else what looks like its archives is another log's
		own = make([]held, len(l.Archives), len(l.Archives)+1)
	}
	for i := range own {
		own[i] = held{Archive: &l.Archives[i], log: l}
	}
	slices.SortFunc(own, func(a, b held) int {
		if c := r.naming.Compare(a.Generation, b.Generation); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Ext, b.Ext), cmp.Compare(a.Dir.Path, b.Dir.Path))
	})
	if len(l.Owed()) == 0 {
		return own
	}
	at := make(map[Place]*held, len(own))
	for i := range own {
		at[own[i].Place] = &own[i]
	}
	for _, o := range l.Owed() {
		if h := at[o.Archive]; h != nil {
			h.owed = true
		} else {
			w.Settle = append(w.Settle, o.Archive) // it is nowhere else, so it stays where it is
		}
	}
	return own
}
