package rotate

import (
	"iter"
	"path"
	"slices"

	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// intend writes down which archives the run is about to make of which files,
// beside what is owed from before. Should the run end early, the next one
// knows whom to tell, and that the log was turned already.
func (x *execution) intend() error {
	observed := map[plan.ID]bool{}
	for _, g := range x.groups {
		for _, j := range g.jobs {
			for _, o := range j.Log.Owed {
				observed[o.ID] = true
			}
		}
	}
	// What is owed of logs that this run does not look at stays, as long as it is there.
	for _, o := range x.owed {
		id := plan.ID{Dev: o.Dev, Ino: o.Ino}
		if !observed[id] && x.exists(o.Archive, id) {
			x.others = append(x.others, o)
		}
	}
	if x.onDisk(x.debts(anything)) {
		return nil
	}
	return x.saveOwed(x.debts(anything))
}

// record writes down what is still owed, and when each log was turned.
func (x *execution) record() {
	if err := x.dirs.sync(); err != nil {
		x.fault(err)
	}
	if count(x.debts(unpaid)) < count(x.debts(anything)) {
		if err := x.saveOwed(x.debts(unpaid)); err != nil {
			x.fault(err)
		}
	}
	x.saveState()
}

func (x *execution) saveOwed(debts iter.Seq[state.Owed]) error {
	return state.WriteOwed(x.fs, state.OwedPath(x.opts.State), debts)
}

// debts yields the archives that someone must let go of before they may be
// forgotten, as far as want wants them.
func (x *execution) debts(want func(*job, plan.ID) bool) iter.Seq[state.Owed] {
	return func(yield func(state.Owed) bool) {
		for _, g := range x.groups {
			for _, j := range g.jobs {
				for o := range j.debts(x.Plan) {
					if want(j, o.ID) && !yield(state.Owed{
						Policy: g.Policy.Name, Log: j.Log.Path(), Archive: o.Archive.Path(),
						Dev: o.ID.Dev, Ino: o.ID.Ino, Turned: o.Since,
					}) {
						return
					}
				}
			}
		}
		for _, o := range x.others {
			if !yield(o) {
				return
			}
		}
	}
}

func (j *job) debts(p *plan.Plan) iter.Seq[plan.Owed] {
	return func(yield func(plan.Owed) bool) {
		for _, o := range j.Log.Owed {
			if !yield(o) {
				return
			}
		}
		if l := j.Log; l.Action == plan.Turn && l.Turned.Dir != nil && l.Stat != nil {
			yield(plan.Owed{Archive: l.Turned, ID: l.Stat.ID, Since: p.Now})
		}
	}
}

func anything(*job, plan.ID) bool { return true }

// unpaid reports whether this run has not proven that nobody writes the archive.
func unpaid(j *job, id plan.ID) bool {
	return !slices.ContainsFunc(j.Settled, func(s Settled) bool { return s.ID == id && s.Status == signaler.Released })
}

func count(debts iter.Seq[state.Owed]) (n int) {
	for range debts {
		n++
	}
	return n
}

// onDisk reports whether debts are what the last run left on disk.
func (x *execution) onDisk(debts iter.Seq[state.Owed]) bool {
	i := 0
	for o := range debts {
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
