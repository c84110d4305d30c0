package rotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// What is on record is one list: what the jobs of this run owe, from earlier runs
// or soon, then what stays there from before, whatever they do. It is written
// before the first rename, and again, without what was paid, at the end.

// intend writes down which archives the run is about to make of which files,
// beside what is owed from before. Should the run end early, the next one
// knows whom to tell, and that the log was turned already.
func (x *execution) intend(ctx context.Context) error {
	x.remember(ctx)
	if ctx.Err() != nil {
		return nil // nothing will be turned
	}
	if err := x.catchUp(); err != nil || x.onDisk() {
		return err
	}
	return x.saveOwed(func(state.Owed, *job) bool { return true })
}

// catchUp tells the state of the turns that it knows of from the record alone, and
// of the logs that are turned when they are met first, so that what is written down
// next begins with what the state says.
func (x *execution) catchUp() error {
	met := false
	for _, j := range x.report.Logs {
		if l := j.Log; l.Action == plan.Turn && l.Last.IsZero() {
			x.state.Set(l.Path(), l.Before())
			met = true
		}
	}
	if len(x.owed) == 0 && !met {
		return nil
	}
	for _, o := range x.owed {
		if l := x.logs[o.Log]; l != nil && !l.Last.IsZero() {
			x.state.Set(o.Log, l.Last)
		}
	}
	return x.state.Save(x.fs, x.opts.Held)
}

// carry finds what is on record and is no job's.
func (x *execution) carry() {
	x.others, x.logs, x.adrift, x.begun = nil, nil, map[debtKey]*plan.Unserved{}, map[debtKey]state.Owed{}
	if len(x.owed) == 0 {
		return
	}
	for _, o := range x.owed {
		if o.Head != "" {
			x.begun[keyOf(o)] = o
		}
	}
	x.logs = x.planned()
	for i := range x.Plan.Unserved {
		u := &x.Plan.Unserved[i]
		x.adrift[debtKey{u.Log, u.ID.Ino}] = u
	}
	jobs := map[debtKey]bool{}
	for o := range x.debts() {
		jobs[keyOf(o)] = true
	}
	x.others = slices.DeleteFunc(slices.Clone(x.owed), func(o state.Owed) bool { return jobs[keyOf(o)] })
}

// debtKey is which file is owed of which log.
type debtKey struct {
	log string
	ino uint64
}

func keyOf(o state.Owed) debtKey { return debtKey{o.Log, o.Ino} }

// record writes down what is still owed, and when each log was turned.
func (x *execution) record() {
	x.sync()
	if !x.saveState() {
		return // what it can be told from is not forgotten
	}
	unpaid := x.unpaid()
	for o, j := range x.debts() {
		if !unpaid(o, j) {
			if err := x.saveOwed(unpaid); err != nil {
				x.fault(err)
			}
			return
		}
	}
}

// saveOwed writes down those debts that want wants.
func (x *execution) saveOwed(want func(state.Owed, *job) bool) error {
	return state.WriteOwed(x.fs, state.OwedPath(x.opts.State), func(yield func(state.Owed) bool) {
		for o, j := range x.debts() {
			if want(o, j) && !yield(o) {
				return
			}
		}
	})
}

// debts yields what is on record, or is to be: files that someone must let go of
// before they may be forgotten, and the jobs that deal with them, if any does.
func (x *execution) debts() iter.Seq2[state.Owed, *job] {
	return func(yield func(state.Owed, *job) bool) {
		for _, j := range x.report.Logs {
			if j.Log.Action != plan.Turn && len(j.Log.Owed()) == 0 {
				continue
			}
			for _, o := range j.Log.Work().Debts {
				if !yield(x.debt(j, o), j) {
					return
				}
			}
		}
		for _, o := range x.others {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (x *execution) debt(j *job, o plan.Owed) state.Owed {
	debt := state.Owed{
		Policy: j.Policy.Name, Log: j.Log.Path(), Archive: o.Archive.Path(),
		Ino: o.ID.Ino, Born: o.Born, Home: j.Log.Dir.ID.Ino, Turned: o.Since, Last: o.Last, Was: o.Was,
	}
	if !j.copying(o.ID) {
		return debt
	}
	debt.Size, debt.Head = j.Log.Stat.Size, j.rare().head
	if _, made := j.Log.Copied(); made { // whatever becomes of this run, the copy is told by what is on record
		old := x.begun[keyOf(debt)]
		debt.Size, debt.Head, debt.Was = old.Size, old.Head, old.Was
	}
	return debt
}

// unpaid returns what reports whether this run has neither proven that nobody writes a file
// that is owed, nor done with the log that it copied. A turn that was cut short
// stays on record if archives may have moved or the log was copied, and an archive
// that was to be mailed until it was.
func (x *execution) unpaid() func(state.Owed, *job) bool {
	var asked *job // debts come job by job: each is asked once
	var unmailed bool
	var open map[uint64]bool
	return func(o state.Owed, j *job) bool {
		if j == nil {
			last, _ := x.state.Last(o.Log)
			return x.logs[o.Log] == nil || x.adrift[keyOf(o)] != nil || !o.Known(last)
		}
		if j != asked {
			asked, unmailed, open = j, j.unmailed(), map[uint64]bool{}
			for _, s := range j.open() {
				open[s.ID.Ino] = open[s.ID.Ino] || !s.Past()
			}
		}
		if l := j.Log; l.Action == plan.Turn && !j.Turned && l.Stat.ID.Ino == o.Ino {
			_, copied := l.Copied()
			return j.began || l.CutShort || copied
		}
		return unmailed || o.Head == "" && (!j.settled || open[o.Ino])
	}
}

// copying reports whether id is the log itself, which is copied.
func (j *job) copying(id plan.ID) bool {
	return j.copies() && j.Log.Stat != nil && j.Log.Stat.ID == id
}

// onDisk reports whether the debts are what the last run left on disk.
func (x *execution) onDisk() bool {
	i := 0
	for o := range x.debts() {
		if i == len(x.owed) || !o.Same(x.owed[i]) {
			return false
		}
		i++
	}
	return i == len(x.owed)
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
func (j *job) copies() bool {
	_, copied := j.Log.Copied() // by what the policy was
	return copied || j.Policy.Method != policy.Rename
}
