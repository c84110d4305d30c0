package rotate

import (
	"fmt"
	"slices"
	"time"

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

// LogReport is what was done to one log.
type LogReport struct {
	Policy  *policy.Policy
	Log     *plan.LogPlan
	Turned  bool         // the live log was turned over
	Steps   []StepReport // of Log.Turn, then of Log.Finish
	Settled []Settled    // of Log.Settle
	AtRisk  int64        // bytes of a truncated log that were written while it was copied
	Errs    []error

	Warnings []error // what failed nothing, such as a Complaint
}

// Failed reports whether something of the log failed or is owed.
func (l *LogReport) Failed() bool {
	return len(l.Errs) > 0 || l.Log.Action == plan.Refuse || l.Owed()
}

// Owed reports whether a process still writes to an archive of the log, or may.
func (l *LogReport) Owed() bool {
	for _, s := range l.Settled {
		if s.Status != signaler.Released {
			return true
		}
	}
	return false
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
	*plan.Step
	Done    bool
	In, Out int64 // bytes read and written, of Copy, Move and Compress
}

// Settled is whether the writers of an archive let go of it.
type Settled struct {
	Archive  plan.Place
	ID       plan.ID
	Since    time.Time // when it was turned; zero: not known
	Status   signaler.Status
	After    time.Duration // how long it took, from the notification
	Holders  []signaler.Holder
	Complete bool  // whether Holders names every process that could hold it
	Err      error // why Status is not known
}

// TargetReport is what came of telling one target.
type TargetReport struct {
	Target  policy.Target
	Policy  string // the first policy that names it
	Told    []*Told
	Missing bool // its pidfile is not there: nothing runs that could be told
	Err     error
}

// Failed reports whether the target could not be told, or did not survive it.
func (t *TargetReport) Failed() bool {
	return t.Err != nil || slices.ContainsFunc(t.Told, func(p *Told) bool { return p.Died })
}

// Told is a process that got the signal.
type Told struct {
	Pidfile string
	PID     int
	Name    string
	Died    bool // it was gone when the run had settled
}
