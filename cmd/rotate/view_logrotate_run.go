package main

import (
	"errors"
	"iter"
	"slices"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// account is what became of a plan. Without a report it is what would become of
// it.
type account struct {
	plan   *plan.Plan
	report *rotate.Report
	rest   []*rotate.LogReport          // of policies that are not told yet
	said   map[*rotate.ScriptError]bool // what failed once, for many logs
}

func newAccount(p *plan.Plan, r *rotate.Report) *account {
	a := &account{plan: p, report: r, said: map[*rotate.ScriptError]bool{}}
	if r != nil {
		a.rest = r.Logs
	}
	return a
}

// deeds is what was done to a log, or would be.
type deeds struct {
	*plan.LogPlan
	of       *policy.Policy
	work     plan.Work
	done     int                   // steps of work.Turn
	turned   bool                  // all of them
	finished []bool                // steps of work.Finish
	report   *rotate.LogReport     // nil: nothing failed
	errs     []error               // what failed, apart
	scripts  []*rotate.ScriptError // and the scripts that did
}

// deeds lists those of the logs of a policy to which something was done, or was
// tried. The policies are asked for in the order of the plan.
func (a *account) deeds(pp *plan.PolicyPlan) iter.Seq[*deeds] {
	if a.report == nil {
		return func(yield func(*deeds) bool) {
			for i := range pp.Logs {
				if l := &pp.Logs[i]; !l.Idle() && !yield(intended(pp.Policy, l)) {
					return
				}
			}
		}
	}
	n := 0
	for n < len(a.rest) && a.rest[n].Policy == pp.Policy {
		n++
	}
	reports := a.rest[:n]
	a.rest = a.rest[n:]
	return func(yield func(*deeds) bool) {
		for _, r := range reports {
			if !yield(reported(r)) {
				return
			}
		}
	}
}

func intended(p *policy.Policy, l *plan.LogPlan) *deeds {
	d := &deeds{LogPlan: l, of: p, work: l.Work(), turned: l.Action == plan.Turn}
	d.done, d.finished = len(d.work.Turn), slices.Repeat([]bool{true}, len(d.work.Finish))
	return d
}

func reported(r *rotate.LogReport) *deeds {
	d := &deeds{LogPlan: r.Log, of: r.Policy, work: r.Log.Work(), report: r, done: int(r.Begun), turned: r.Turned}
	d.finished = make([]bool, len(d.work.Finish))
	for i := range r.Finished {
		d.finished[i] = r.Finished[i].Done
	}
	for _, err := range r.Errs() {
		for _, err := range apart(err) {
			if script, ok := errors.AsType[*rotate.ScriptError](err); ok {
				d.scripts = append(d.scripts, script)
			} else {
				d.errs = append(d.errs, err)
			}
		}
	}
	return d
}

// failed reports whether a script failed that was run for the log, or for it
// and others.
func (d *deeds) failed(directive string) bool {
	return slices.ContainsFunc(d.scripts, func(s *rotate.ScriptError) bool { return s.Directive == directive })
}

// done prints what was done for a policy, in the order of logrotate.
func (v *logrotateVoice) done(a *account, pp *plan.PolicyPlan) {
	s, whole := &pp.Policy.Scripts, pp.Policy.Whole()
	var turning, begun, turned bool
	all := a.deeds(pp)
	for d := range all {
		if !turning && d.Action == plan.Turn && (d.done > 0 || d.turned || len(d.scripts) > 0) {
			turning, begun = true, !d.failed("firstaction")
			if s.First != "" {
				v.script("first action", s.First, whole)
				v.scriptErrors(a, d, "firstaction")
			}
			if s.Shared && s.Pre != "" && begun {
				v.script("prerotate", s.Pre, whole)
				v.scriptErrors(a, d, "prerotate")
			}
		}
		turned = v.turned(a, d) || turned
		if !s.Shared {
			v.finished(a, d)
		}
	}
	if s.Shared {
		for d := range all {
			if turned && s.Post != "" {
				v.script("postrotate", s.Post, whole)
				turned = false
			}
			v.finished(a, d)
		}
	}
	if begun && s.Last != "" {
		v.script("last action", s.Last, whole)
		v.lastError(a, whole)
	}
}

// turned prints how a log was turned, and reports whether it was.
func (v *logrotateVoice) turned(a *account, d *deeds) bool {
	said := false
	for i, step := range d.work.Turn {
		switch {
		case step.Op == plan.PreRotate:
			if i < d.done || d.failed("prerotate") {
				v.script("prerotate", d.of.Scripts.Pre, d.Path())
				v.scriptErrors(a, d, "prerotate")
			}
			continue
		case i >= d.done:
			return d.turned
		case !said:
			said = true
			v.say("rotating log %s, log->rotateCount is %d", d.Path(), d.of.Rotate)
			suffix, glob := dateSuffix(d.of, a.plan.Now)
			v.say("dateext suffix '%s'", suffix)
			v.say("glob pattern '%s'", glob)
		}
		v.step(d.of, d.LogPlan, step)
	}
	if !d.turned {
		return false
	}
	if d.of.Method == policy.Copy {
		v.say("Not truncating %s", d.Path())
	}
	for i := range d.of.Notify {
		verb, whom := target(&d.of.Notify[i])
		v.say("%s %s", verb, whom)
	}
	if s := &d.of.Scripts; s.Post != "" && !s.Shared {
		v.script("postrotate", s.Post, d.Path(), d.work.Turned.Path())
	}
	return true
}

// finished prints what became of archives, what failed, and why the log may be
// as it was.
func (v *logrotateVoice) finished(a *account, d *deeds) {
	v.scriptErrors(a, d, "firstaction", "prerotate", "postrotate")
	for i, s := range d.work.Finish {
		if !d.finished[i] {
			continue
		}
		switch s.Op {
		case plan.Compress:
			v.say("compressing log with: %s", compressor(d.of.Compress))
		case plan.Move:
			v.say("copying %s to %s", s.From.Path(), s.To.Path())
		}
	}
	for i, s := range d.work.Finish {
		switch {
		case s.Op == plan.Remove && d.finished[i]:
			v.say("removing old log %s", s.From.Path())
			if d.of.Shred > 0 {
				v.say("Using shred to remove the file %s", s.From.Path())
			}
		case s.Op == plan.PreRemove && (d.finished[i] || slices.ContainsFunc(d.scripts, func(e *rotate.ScriptError) bool { return e.About == s.From.Path() })):
			v.script("preremove", d.of.Scripts.PreRemove, s.From.Path())
		}
	}
	v.scriptErrors(a, d, "preremove")
	for _, err := range d.errs {
		v.failure(d.of, err)
	}
	if archive, ok := d.uncompressed(); ok {
		v.failWith("failed to compress log "+archive, "")
	}
}

// uncompressed returns the archive that could not be compressed, at which the
// work for the log ended.
func (d *deeds) uncompressed() (archive string, ok bool) {
	if len(d.errs) == 0 || d.report.Finished == nil {
		return "", false
	}
	for i, s := range d.work.Finish {
		waits := func(o rotate.Settled) bool { return o.Archive == s.From && o.Status != signaler.Released && !o.Past() }
		switch {
		case d.finished[i] || s.Op == plan.PreRemove || s.Op == plan.Mail || slices.ContainsFunc(d.report.Settled(), waits):
		case s.Op == plan.Compress:
			return s.From.Path(), true
		}
	}
	return "", false
}

// scriptErrors says that scripts of these directives failed, each once.
func (v *logrotateVoice) scriptErrors(a *account, d *deeds, directives ...string) {
	for _, script := range d.scripts {
		if slices.Contains(directives, script.Directive) && !a.said[script] {
			a.said[script] = true
			v.failure(d.of, script)
		}
	}
}

// lastError says that the lastaction of a policy failed, if it did.
func (v *logrotateVoice) lastError(a *account, whole string) {
	if a.report == nil {
		return
	}
	for _, err := range a.report.Errs {
		if script, ok := errors.AsType[*rotate.ScriptError](err); ok && script.About == whole && !a.said[script] {
			a.said[script] = true
			v.failure(nil, err)
			return
		}
	}
}
