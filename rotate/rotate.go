// Package rotate turns logs over: it observes the logs that policies name,
// decides what is due, and does it.
//
// A run is Prepare, which reads and decides, then Execute, which acts. Lock
// comes before both. A dry run is Prepare alone: what it shows is the very
// value that Execute takes.
package rotate

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// Options are what the caller asks of one run, beside the policies.
type Options struct {
	State string    // path of the state file
	Now   time.Time // the moment of the run, in the zone whose days count
	Force bool      // turn every log
	Hold  bool      // turn none
	Only  []string  // names of policies, or paths or globs of logs; empty: all
	Jobs  int       // archives compressed at a time; 0: one for each processor
	Held  *Held     // the lock on State; nil: none

	// MailCommand is the path of the program that mails archives, which gets
	// -s SUBJECT ADDRESS. Empty: /bin/mail, or /usr/bin/mail where that is missing.
	MailCommand string

	// Stdout and Stderr get what scripts print. Nil discards it.
	Stdout, Stderr io.Writer

	// Log is file descriptor 3 of scripts. Nil: they have none.
	Log *os.File

	patience time.Duration // with a folder that does not answer; 0: the usual
}

// Run is one prepared run. It is used once.
type Run struct {
	Plan     *plan.Plan
	Warnings []error // what was odd and could be stepped over, such as a bad line of the state file

	policies []*policy.Policy
	opts     Options
	fs       *fsys.FS
	state    *state.State
	owed     []state.Owed // as on disk
}

// BadLine is a line of the state file that cannot be read, among the Warnings.
type BadLine = state.BadLine

// Held is the lock on a state file, until Unlock.
type Held = state.Held

// Why Lock fails, beside what the system says.
var (
	ErrLocked  = state.ErrLocked  // another run holds the state
	ErrExposed = state.ErrExposed // perhaps somebody who must not: a run without the lock mends that
)

// Lock makes this process the only one that works with the state file, also as
// seen by logrotate. It waits up to wait for another run to end; a negative
// wait has no end but that of ctx.
func Lock(ctx context.Context, statePath string, wait time.Duration) (*Held, error) {
	return state.Lock(ctx, statePath, wait)
}

// Prepare reads the state, observes the logs and decides. It changes nothing.
// A log that cannot be observed is a problem in the plan, not an error; an
// error means that nothing can be decided.
func Prepare(ctx context.Context, policies []*policy.Policy, opts Options) (*Run, error) {
	if opts.Jobs <= 0 {
		opts.Jobs = runtime.NumCPU()
	}
	if opts.Stdout == nil {
		opts.Stdout = io.Discard
	}
	if opts.Stderr == nil {
		opts.Stderr = io.Discard
	}
	r := &Run{policies: policies, opts: opts, fs: &fsys.FS{}}

	st, warnings, err := state.Read(opts.State, opts.Now.Location())
	if err != nil {
		return nil, err
	}
	r.state, r.Warnings = st, warnings

	owed, warnings, err := state.ReadOwed(state.OwedPath(opts.State), opts.Now.Location())
	if err != nil {
		return nil, err
	}
	r.owed, r.Warnings = owed, append(r.Warnings, warnings...)

	if err := r.decide(ctx, opts.Hold); err != nil {
		return nil, err
	}
	return r, nil
}

// decide observes the logs and makes the plan. If hold is true, it turns
// nothing.
func (r *Run) decide(ctx context.Context, hold bool) error {
	facts, err := observe(ctx, r.fs, r.policies, r.state, r.owed, r.opts)
	if err != nil {
		return err
	}
	facts.Hold = hold
	r.Plan = plan.Decide(facts)
	return nil
}

// missing reports whether err says that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
