package rotate

import (
	"fmt"
	"path"
	"slices"
	"time"

	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
)

// debt is an archive that someone must let go of before it may be forgotten.
type debt struct {
	state.Owed
	id plan.ID
}

// intend writes down which archives the run is about to make of which files,
// beside what is owed from before. Should the run end early, the next one
// knows whom to tell, and that the log was turned already.
func (x *execution) intend() error {
	observed := map[plan.ID]bool{}
	for _, g := range x.groups {
		for _, j := range g.jobs {
			for _, o := range j.Log.Owed {
				observed[o.ID] = true
				x.owe(g, j, o.Archive, o)
			}
			if l := j.Log; l.Action == plan.Turn && l.Turned.Dir != nil && l.Stat != nil {
				x.owe(g, j, l.Turned, plan.Owed{ID: l.Stat.ID, Since: x.Plan.Now})
			}
		}
	}
	// Logs that this run does not look at keep their entries.
	for _, o := range x.owed {
		id := plan.ID{Dev: o.Dev, Ino: o.Ino}
		if !observed[id] && x.exists(o.Archive, id) {
			x.debts = append(x.debts, debt{o, id})
		}
	}
	return x.saveOwed(x.debts)
}

func (x *execution) owe(g *group, j *job, archive plan.Place, o plan.Owed) {
	x.debts = append(x.debts, debt{state.Owed{
		Policy: g.Policy.Name, Log: j.Log.Path(), Archive: archive.Path(),
		Dev: o.ID.Dev, Ino: o.ID.Ino, Turned: o.Since,
	}, o.ID})
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

// record writes down what is still owed, and when each log was turned.
func (x *execution) record() {
	if err := x.dirs.sync(); err != nil {
		x.fault(err)
	}
	x.debts = slices.DeleteFunc(x.debts, func(d debt) bool { return x.paid[d.id] })
	if err := x.saveOwed(x.debts); err != nil {
		x.fault(fmt.Errorf("record what is owed: %w", err))
	}
	x.saveState()
}

// saveOwed makes debts durable, unless they are on disk already.
func (x *execution) saveOwed(debts []debt) error {
	owed := make([]state.Owed, len(debts))
	for i, d := range debts {
		owed[i] = d.Owed
	}
	if slices.EqualFunc(owed, x.owed, sameOwed) {
		return nil
	}
	if err := state.WriteOwed(x.fs, state.OwedPath(x.opts.State), owed); err != nil {
		return err
	}
	x.owed = owed
	return nil
}

func sameOwed(a, b state.Owed) bool {
	same := a.Turned.Equal(b.Turned) // whatever zone it was written in
	a.Turned, b.Turned = time.Time{}, time.Time{}
	return same && a == b
}
