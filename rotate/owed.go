package rotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"slices"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// intend writes down which archives the run is about to make of which files,
// beside what is owed from before. Should the run end early, the next one
// knows whom to tell, and that the log was turned already.
func (x *execution) intend(ctx context.Context) error {
	x.remember(ctx)
	if ctx.Err() != nil {
		return nil // nothing will be turned
	}
	if x.onDisk(x.debts(anything)) {
		return nil
	}
	return x.saveOwed(x.debts(anything))
}

// carry finds what is on record and stays there, whatever the jobs do: of logs
// that this run does not look at, as long as it is there, of logs whose turn was
// cut short and is not made up for now, and of those whose turn the state could
// not be told.
func (x *execution) carry() {
	x.others = nil
	if len(x.owed) == 0 {
		return
	}
	logs := x.planned()
	for _, o := range x.owed {
		switch l := logs[o.Log]; {
		case l == nil && x.exists(o),
			l != nil && l.CutShort && l.Action != plan.Turn && !onTheWay(l, o),
			l != nil && !l.CutShort && !onTheWay(l, o) && x.untold(o):
			x.others = append(x.others, o)
		}
	}
}

// untold reports whether the state does not know of a turn that is on record.
func (x *execution) untold(o state.Owed) bool {
	last, _ := x.state.Last(o.Log)
	return last.Before(o.Turned.Truncate(time.Second)) && !o.Turned.After(x.Plan.Now)
}

// forgive drops from what is on record the turns that the state knows of now. It
// reports whether there were any.
func (x *execution) forgive() bool {
	before := len(x.others)
	if before == 0 {
		return false
	}
	logs := x.planned()
	x.others = slices.DeleteFunc(x.others, func(o state.Owed) bool {
		return logs[o.Log] != nil && !logs[o.Log].CutShort
	})
	return len(x.others) < before
}

// record writes down what is still owed, and when each log was turned.
func (x *execution) record() {
	x.sync()
	if !x.saveState() {
		return // what it can be told from is not forgotten
	}
	if x.forgive() || x.paid() {
		if err := x.saveOwed(x.debts(unpaid)); err != nil {
			x.fault(err)
		}
	}
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
				if !j.owes(want) {
					continue
				}
				for _, o := range j.Log.Work().Debts {
					if !want(j, o.ID) {
						continue
					}
					owed := state.Owed{
						Policy: g.Policy.Name, Log: j.Log.Path(), Archive: o.Archive.Path(),
						Ino: o.ID.Ino, Turned: o.Since,
					}
					if j.copying(o.ID) {
						owed.Size, owed.Head = j.Log.Stat.Size, j.rare().head
					}
					if !yield(owed) {
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

// onTheWay reports whether o is an archive of l, which jobs deal with.
func onTheWay(l *plan.LogPlan, o state.Owed) bool {
	return slices.ContainsFunc(l.Owed(), func(a plan.Owed) bool { return a.ID.Ino == o.Ino })
}

// copying reports whether id is the log itself, which is copied.
func (j *job) copying(id plan.ID) bool {
	return j.copies() && j.Log.Stat != nil && j.Log.Stat.ID == id
}

// remember keeps how each log that is copied begins, so that it can be told
// later whether it was emptied.
func (x *execution) remember(ctx context.Context) {
	for _, g := range x.groups {
		for _, j := range g.turning() {
			if ctx.Err() != nil {
				return
			}
			if j.copies() {
				if err := x.withLog(j, j.Log.Place, j.remember); err != nil {
					j.fail(err)
				}
			}
		}
	}
}

func (j *job) remember(log *os.File, _ fsys.Info) (err error) {
	j.rare().head, err = head(log, j.Log.Stat.Size)
	return err
}

// head is a digest of how a log of at least size bytes begins.
func head(log *os.File, size int64) (string, error) {
	start, err := beginning(log)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(log, start, min(size, 4<<10))); err != nil {
		return "", fmt.Errorf("read %q: %w", log.Name(), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// copies reports whether the log is copied, not renamed.
func (j *job) copies() bool { return j.Policy.Method != policy.Rename }

func anything(*job, plan.ID) bool { return true }

// unpaid reports whether this run has neither proven that nobody writes the
// archive, nor done with the log that it copied. A turn that it cut short stays
// on record if archives may have moved, and an archive that was to be mailed
// until it was.
func unpaid(j *job, id plan.ID) bool {
	if l := j.Log; l.Action == plan.Turn && !j.Turned && l.Stat != nil && l.Stat.ID == id {
		return j.began || l.CutShort
	}
	if j.unmailed() {
		return true
	}
	if j.copying(id) {
		return false
	}
	return !j.settled || slices.ContainsFunc(j.open(), func(s *Settled) bool { return s.ID == id && !s.Past() })
}

func paid(j *job, id plan.ID) bool { return !unpaid(j, id) }

// paid reports whether this run is done with anything that is on record.
func (x *execution) paid() bool {
	return slices.ContainsFunc(x.report.Logs, func(j *job) bool { return j.owes(paid) })
}

// owes reports whether a file is owed of the log that want wants.
func (j *job) owes(want func(*job, plan.ID) bool) bool {
	return j.Log.Action == plan.Turn && j.Log.Stat != nil && want(j, j.Log.Stat.ID) ||
		slices.ContainsFunc(j.Log.Owed(), func(o plan.Owed) bool { return want(j, o.ID) })
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

// exists reports whether the file that is owed has a name still, in its own
// folder or the log's: an archive moves up.
func (x *execution) exists(o state.Owed) bool {
	for _, dir := range slices.Compact([]string{path.Dir(o.Archive), path.Dir(o.Log)}) {
		d, err := x.fs.OpenDir(dir)
		if err != nil {
			if !missing(err) {
				return true // it cannot be told
			}
			continue
		}
		entries, err := d.Entries()
		d.Close() // read only: nothing to lose
		if err != nil || slices.ContainsFunc(entries, func(e fsys.Entry) bool { return e.Ino == o.Ino }) {
			return true
		}
	}
	return false
}
