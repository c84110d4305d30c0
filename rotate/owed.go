package rotate

import (
	"iter"
	"path"
	"slices"
	"time"

	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// debt is an archive that someone must let go of before it may be forgotten.
type debt struct {
	policy  string
	job     *job // nil: of a log that this run does not look at
	log     plan.Place
	archive plan.Place
	id      plan.ID
	since   time.Time
}

// intend writes down which archives the run is about to make of which files,
// beside what is owed from before. Should the run end early, the next one
// knows whom to tell, and that the log was turned already.
func (x *execution) intend() error {
	observed := map[plan.ID]bool{}
	for _, g := range x.groups {
		for _, j := range g.jobs {
			l := j.Log
			for _, o := range l.Owed {
				observed[o.ID] = true
				x.debts = append(x.debts, debt{g.Policy.Name, j, l.Place, o.Archive, o.ID, o.Since})
			}
			if l.Action == plan.Turn && l.Turned.Dir != nil && l.Stat != nil {
				x.debts = append(x.debts, debt{g.Policy.Name, j, l.Place, l.Turned, l.Stat.ID, x.Plan.Now})
			}
		}
	}
	for _, o := range x.owed {
		id := plan.ID{Dev: o.Dev, Ino: o.Ino}
		if !observed[id] && x.exists(o.Archive, id) {
			x.debts = append(x.debts, debt{o.Policy, nil, placeOf(o.Log), placeOf(o.Archive), id, o.Turned})
		}
	}
	if x.onDisk() {
		return nil
	}
	return x.saveOwed()
}

// record writes down what is still owed, and when each log was turned.
func (x *execution) record() {
	if err := x.dirs.sync(); err != nil {
		x.fault(err)
	}
	all := len(x.debts)
	x.debts = slices.DeleteFunc(x.debts, debt.paid)
	if len(x.debts) < all {
		if err := x.saveOwed(); err != nil {
			x.fault(err)
		}
	}
	x.saveState()
}

// paid reports whether this run has seen that nobody writes the archive, or
// cannot see it at all.
func (d debt) paid() bool {
	if d.job == nil {
		return false
	}
	return slices.ContainsFunc(d.job.Settled, func(s Settled) bool { return s.ID == d.id && s.Status != signaler.Held })
}

func (x *execution) saveOwed() error {
	return state.WriteOwed(x.fs, state.OwedPath(x.opts.State), owed(x.debts))
}

// onDisk reports whether the debts are what the last run left on disk.
func (x *execution) onDisk() bool {
	i := 0
	for o := range owed(x.debts) {
		if i == len(x.owed) || !o.Turned.Equal(x.owed[i].Turned) {
			return false
		}
		o.Turned = x.owed[i].Turned // whatever zone it was written in
		if o != x.owed[i] {
			return false
		}
		i++
	}
	return i == len(x.owed)
}

func owed(debts []debt) iter.Seq[state.Owed] {
	return func(yield func(state.Owed) bool) {
		for _, d := range debts {
			if !yield(d.owed()) {
				return
			}
		}
	}
}

func (d debt) owed() state.Owed {
	return state.Owed{
		Policy: d.policy, Log: d.log.Path(), Archive: d.archive.Path(),
		Dev: d.id.Dev, Ino: d.id.Ino, Turned: d.since,
	}
}

func placeOf(name string) plan.Place {
	return plan.Place{Dir: &plan.Dir{Path: path.Dir(name)}, Name: path.Base(name)}
}

// exists reports whether the file id still has the name archive.
func (x *execution) exists(archive string, id plan.ID) bool {
	d, err := x.fs.OpenDir(path.Dir(archive))
	if err != nil {
		return !missing(err)
	}
	defer d.Close() // read only: nothing to lose
	info, err := d.Stat(path.Base(archive))
	return err == nil && plan.ID(info.ID) == id || err != nil && !missing(err)
}
