package rotate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// Report is what a run did.
type Report struct {
	Plan    *plan.Plan
	Logs    []*LogReport    // the logs that something was to be done to, in the order of the plan
	Targets []*TargetReport // whom the run told, each once
	Errs    []error         // what concerns no single log, such as a state that could not be saved
}

// Failed reports whether anything failed or is owed.
func (r *Report) Failed() bool {
	if len(r.Errs) > 0 {
		return true
	}
	for i := range r.Plan.Policies {
		if len(r.Plan.Policies[i].Problems) > 0 {
			return true
		}
	}
	for _, l := range r.Logs {
		if l.Failed() {
			return true
		}
	}
	for _, t := range r.Targets {
		if t.Failed() {
			return true
		}
	}
	return false
}

// LogReport is what was done to one log. It keeps what does not follow from
// the plan: a run may have a hundred thousand.
type LogReport struct {
	Policy   *policy.Policy
	Log      *plan.LogPlan
	Finished []Outcome     // of Finish; nil: it was not reached
	After    time.Duration // of Settle, if that is one archive: from the notification until it was released
	Rare     *Rare         // nil: nothing
	Begun    int32         // steps of Turn that were done
	Turned   bool          // the live log was turned over

	failed  bool
	untold  bool     // postrotate failed: its archives stay as they are for this run
	began   bool     // a step of the turn was tried that renames or copies: archives may have moved
	settled bool     // Settle was reached
	dirs    *handles // as whom the policy acts; nil if that failed
}

// Rare is what few logs have.
type Rare struct {
	Errs     []error
	Warnings []error      // what failed nothing, such as a Complaint
	Settled  []Settled    // of Settle, if that is several archives, or one that is not proven released
	Copied   int64        // bytes of a log that was copied
	AtRisk   int64        // bytes of a truncated log that were written while it was copied
	Emptied  Way          // how a copied log was emptied
	watch    []plan.Place // looked at instead of Settle; nil: that

	// Of a log that is copied.
	head    string // digest of how it begins
	copy    plan.Place
	copyID  fsys.ID
	written time.Time // when it was last written, before it was copied
}

// rare returns l.Rare, to write to.
func (l *LogReport) rare() *Rare {
	if l.Rare == nil {
		l.Rare = &Rare{}
	}
	return l.Rare
}

// Errs returns what failed.
func (l *LogReport) Errs() []error {
	if l.Rare == nil {
		return nil
	}
	return l.Rare.Errs
}

// Warnings returns what failed nothing, such as a Complaint.
func (l *LogReport) Warnings() []error {
	if l.Rare == nil {
		return nil
	}
	return l.Rare.Warnings
}

// open lists the archives that are not proven released.
func (l *LogReport) open() (open []*Settled) {
	if l.Rare == nil {
		return nil
	}
	for i := range l.Rare.Settled {
		if s := &l.Rare.Settled[i]; s.Status != signaler.Released {
			open = append(open, s)
		}
	}
	return open
}

// AtRisk returns how many bytes of a truncated log were written while it was
// copied.
func (l *LogReport) AtRisk() int64 {
	if l.Rare == nil {
		return 0
	}
	return l.Rare.AtRisk
}

// Failed reports whether something of the log failed or is owed.
func (l *LogReport) Failed() bool {
	return len(l.Errs()) > 0 || l.Log.Action == plan.Refuse || l.Owed()
}

// Owed reports whether a process still writes to an archive of the log, or may.
func (l *LogReport) Owed() bool {
	return slices.ContainsFunc(l.open(), func(s *Settled) bool { return !s.Unseen })
}

// Steps returns the steps and how they ended: of Turn, then of Finish.
func (l *LogReport) Steps() (steps []StepReport) {
	w := l.Log.Work()
	for i, s := range w.Turn {
		o := &Outcome{Done: i < int(l.Begun)}
		if s.Op == plan.Copy && l.Rare != nil {
			o.In, o.Out = l.Rare.Copied, l.Rare.Copied
		}
		steps = append(steps, StepReport{s, o})
	}
	for i, s := range w.Finish {
		o := &Outcome{}
		if i < len(l.Finished) {
			o = &l.Finished[i]
		}
		steps = append(steps, StepReport{s, o})
	}
	return steps
}

// Settled returns what came of the archives of Settle.
func (l *LogReport) Settled() []Settled {
	switch {
	case l.Rare != nil && l.Rare.Settled != nil:
		return l.Rare.Settled
	case l.After == 0:
		return nil
	}
	w := l.Log.Work()
	archive := l.settles(&w)[0]
	return []Settled{{Owed: l.onRecord(&w, archive)[archive], Status: signaler.Released, After: l.After}}
}

// settles lists the archives that are looked at.
func (l *LogReport) settles(w *plan.Work) []plan.Place {
	if l.Rare != nil && l.Rare.watch != nil {
		return l.Rare.watch
	}
	return w.Settle
}

// onRecord returns what is on record of archives, if anything is.
func (l *LogReport) onRecord(w *plan.Work, archives ...plan.Place) map[plan.Place]plan.Owed {
	owed := make(map[plan.Place]plan.Owed, len(archives))
	for _, archive := range archives {
		owed[archive] = plan.Owed{Archive: archive}
	}
	for _, o := range w.Debts { // of what goes in Turn and what gets its name, the latter
		switch _, asked := owed[o.Archive]; {
		case !asked:
		case l.copying(o.ID):
			owed[o.Archive] = plan.Owed{Archive: o.Archive}
		default:
			owed[o.Archive] = o
		}
	}
	return owed
}

// Complaint is what a command that compressed an archive wrote to standard
// error, though it succeeded.
type Complaint struct {
	Archive plan.Place
	Text    string
}

func (c *Complaint) Error() string {
	return fmt.Sprintf("compress %q: the command says %q", c.Archive.Path(), c.Text)
}

// StepReport is one step and how it ended.
type StepReport struct {
	plan.Step
	*Outcome
}

// Outcome is how a step ended.
type Outcome struct {
	Done    bool
	In, Out int64 // bytes read and written, of Copy, Move and Compress
}

// Settled is whether the writers of an archive let go of it.
type Settled struct {
	plan.Owed // ID and Since are zero if they are not known
	Status    signaler.Status
	After     time.Duration // how long it took, from the notification
	Holders   []signaler.Holder
	Complete  bool  // whether Holders names every process that could hold it
	Err       error // why Status is not known

	// Unseen says that the kernel grants no lease, and that no process of this
	// machine, all of which could be looked into, has the archive open for
	// writing. It is left as it is until its log is turned again.
	Unseen    bool
	again     bool // its log was turned again
	leaseless bool // Err is that there are no leases
	wait      time.Duration
}

// Past reports whether an archive that is Unseen was so until its log was
// turned again. It is then taken for released, as delaycompress takes every
// archive.
func (s *Settled) Past() bool { return s.Unseen && s.again }

// TargetReport is what came of telling one target.
type TargetReport struct {
	Target  policy.Target
	Policy  string // the first policy that names it
	Told    []*Told
	Missing bool // its pidfile is not there, or its unit does not run: there is nobody to tell
	Err     error
}

// Failed reports whether the target could not be told, or did not survive it.
func (t *TargetReport) Failed() bool {
	return t.Err != nil || slices.ContainsFunc(t.Told, func(p *Told) bool { return p.Died })
}

// Told is a process that got the signal.
type Told struct {
	Pidfile string // that names it; "": it is the main process of Unit
	Unit    string
	PID     int
	Name    string
	User    string
	Exe     string    // path of its program; "" if it may not be read
	Within  string    // the systemd unit that it belongs to, or ""
	Started time.Time // to a hundredth of a second
	Died    bool      // it was gone when the run had settled
	Doubt   error     // why it may take the signal for something else; nil: nothing is known
}

// Whence is the pidfile or unit that names the process.
func (t *Told) Whence() string { return cmp.Or(t.Pidfile, t.Unit) }
