package rotate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// execution is one run under way.
type execution struct {
	*Run
	as      *actors
	report  *Report
	scripts shell
	groups  []*group
	others  []state.Owed                          // what is on record and is no job's
	logs    map[string]*plan.LogPlan              // if anything is on record
	adrift  map[debtKey]*plan.Unserved            // by what is on record
	begun   map[debtKey]state.Owed                // what is on record of logs that are copied
	writers map[signaler.FileID][]signaler.Holder // of logs that are copied, once somebody asked
}

// group is the work for one policy.
type group struct {
	*plan.PolicyPlan
	jobs  []*job
	begun bool          // firstaction did not fail, so lastaction runs
	wait  time.Duration // how long those who were told may take to let go
}

// job is the work for one log, and its report. A job that failed is done no
// further; what it leaves is what the next run finds.
type job = LogReport

func (l *LogReport) fail(err error) {
	l.failed = true
	l.note(l.dirs.denied(err))
}

// note keeps an error that does not end the job.
func (l *LogReport) note(err error) { l.rare().Errs = append(l.rare().Errs, err) }

func (l *LogReport) warn(err error) {
	l.rare().Warnings = append(l.rare().Warnings, err)
}

// Execute carries out the plan, in four phases over all policies:
//
//  1. turn: scripts before, then rename or copy, then create, log by log;
//  2. notify: each target once, however many policies name it, and scripts;
//  3. settle: wait until each turned file is proven released;
//  4. finish: compress, remove what expired, scripts after.
//
// What the run is about to turn is on disk before it begins, the state is
// durable after phase 1 and again at the end.
//
// When ctx ends, Execute returns within about a second, and the next run does
// the rest. The rename under way is completed; a copy, a compression or a script
// is ended and leaves nothing, or what it began with. Those whose logs were
// turned are still told: see grace. What the kernel itself does not interrupt is
// waited for: fsync of a large file, and a file server that does not answer.
func (r *Run) Execute(ctx context.Context) *Report {
	x := r.execution()
	defer x.as.close()
	x.gather()
	x.unserved()
	if err := x.intend(ctx); err != nil {
		// Without its record, a crash could leave a service untold.
		x.fault(fmt.Errorf("nothing was turned: %w", err))
		x.hold(ctx)
	}
	x.turn(ctx)
	told := x.notify(ctx)
	x.settle(ctx, told)
	x.finish(ctx)
	x.record()
	return x.report
}

func (r *Run) execution() *execution {
	return &execution{
		Run:     r,
		as:      newActors(r.fs),
		report:  &Report{Plan: r.Plan},
		scripts: shell{stdout: r.opts.Stdout, stderr: r.opts.Stderr, log: r.opts.Log},
	}
}

// fault reports an error that concerns no single log.
func (x *execution) fault(err error) { x.report.Errs = append(x.report.Errs, err) }

// hold goes on with a plan that turns nothing and keeps the rest: what expired
// may be in the way of what could not be written down.
func (x *execution) hold(ctx context.Context) {
	x.groups, x.report.Logs = nil, nil
	if err := x.decide(ctx, true); err != nil {
		x.fault(err)
		return
	}
	x.gather()
	x.remember(ctx)
}

// sync makes what was done to names durable.
func (x *execution) sync() {
	for _, err := range x.as.sync() {
		x.fault(err)
	}
}

// gather makes a job of each log that something is to be done to.
func (x *execution) gather() {
	x.report.Plan = x.Plan
	for i := range x.Plan.Policies {
		g := &group{PolicyPlan: &x.Plan.Policies[i]}
		first := len(x.report.Logs)
		for k := range g.Logs {
			l := &g.Logs[k]
			if l.Idle() {
				continue
			}
			j := &LogReport{Policy: g.Policy, Log: l}
			var err error
			if j.dirs, err = x.as.handles(g.Policy, l); err != nil {
				j.fail(err)
			}
			x.report.Logs = append(x.report.Logs, j)
		}
		g.jobs = x.report.Logs[first:]
		if len(g.jobs) > 0 {
			x.groups = append(x.groups, g)
		}
	}
	x.carry()
}

// turning lists the jobs whose live log is turned over.
func (g *group) turning() []*job {
	return slices.DeleteFunc(slices.Clone(g.jobs), func(j *job) bool { return j.Log.Action != plan.Turn || j.failed })
}

// saveState makes the moments of rotation durable, and that at which a log was
// met first, unless its turn is on record: the state must not seem to know of it.
// It reports whether they are.
func (x *execution) saveState() bool {
	for i := range x.Plan.Policies {
		for k := range x.Plan.Policies[i].Logs {
			l := &x.Plan.Policies[i].Logs[k]
			if _, met := x.state.Last(l.Path()); l.Kind == plan.Regular && !met && !l.CutShort {
				x.state.Set(l.Path(), x.Plan.Now)
			}
		}
	}
	x.forget()
	err := x.state.Save(x.fs, x.opts.Held)
	if err != nil {
		x.fault(err)
	}
	return err == nil
}

// forget drops what the state says of logs that nothing was heard of for a
// year, as logrotate does: services come and go.
func (x *execution) forget() {
	if !x.state.Changed() || len(x.opts.Only) > 0 {
		return // a run that does nothing writes nothing; one that looks at some logs knows nothing of others
	}
	var planned map[string]*plan.LogPlan
	for log, last := range x.state.All() {
		if last.After(x.Plan.Now.AddDate(-1, 0, 0)) {
			continue
		}
		if planned == nil {
			planned = x.planned()
		}
		if planned[log] == nil {
			x.state.Delete(log)
		}
	}
}

// planned are the logs that the run looks at.
func (x *execution) planned() map[string]*plan.LogPlan {
	logs := map[string]*plan.LogPlan{}
	for i := range x.Plan.Policies {
		for k := range x.Plan.Policies[i].Logs {
			l := &x.Plan.Policies[i].Logs[k]
			logs[l.Path()] = l
		}
	}
	return logs
}
