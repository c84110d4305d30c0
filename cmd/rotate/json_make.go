package main

import (
	"errors"
	"time"
	"unicode/utf8"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

func makePolicy(p *policy.Policy) jsonPolicy {
	j := jsonPolicy{Name: p.Name, Position: makePosition(p.Pos), Notify: []jsonNotify{}}
	for i := range p.Notify {
		t := &p.Notify[i]
		n := jsonNotify{Pidfile: t.Pidfile, Unit: t.Unit, Command: t.Command, WaitMS: t.Wait.Milliseconds()}
		if t.UserUnit {
			n.User = t.Match.User
		}
		if t.Signals() {
			n.Signal = signalName(t.Signal)
		}
		j.Notify = append(j.Notify, n)
	}
	return j
}

func makePosition(p policy.Position) jsonPosition { return jsonPosition{p.File, p.Line, p.Col} }

func makePath(path string) jsonPath {
	p := jsonPath{Path: path}
	if !utf8.ValidString(path) {
		p.Bytes = []byte(path)
	}
	return p
}

func makeReason(r plan.Reason, loc *time.Location) jsonReason {
	return jsonReason{r.Code, r.Have, r.Limit, r.Text(loc)}
}

// makeLog is a log as it was planned, and as r, of the report of run, reports it
// unless r is nil.
func makeLog(p *plan.Plan, pp *plan.PolicyPlan, l *plan.LogPlan, r *rotate.LogReport, run *rotate.Report) jsonLog {
	j := jsonLog{
		jsonPath: makePath(l.Path()),
		Action:   l.Action.String(),
		Reason:   makeReason(l.Reason(), p.Now.Location()),
		Steps:    []jsonStep{},
		Archives: []jsonArchive{},
		Errors:   []jsonError{},
	}
	if !l.Last.IsZero() {
		j.Last = &l.Last
	}
	if l.Action == plan.Refuse {
		j.Errors = append(j.Errors, jsonError{Text: j.Reason.Text, Hint: remedies[l.Reason().Code]})
	}
	step := func(phase string, s plan.Step) {
		from, to := makePath(s.From.Path()), jsonPath{}
		if s.To.Name != "" {
			to = makePath(s.To.Path())
		}
		j.Steps = append(j.Steps, jsonStep{
			Phase: phase, Op: s.Op.String(),
			From: from.Path, FromBytes: from.Bytes, To: to.Path, ToBytes: to.Bytes,
		})
		if s.Reason.Code != 0 {
			reason := makeReason(s.Reason, p.Now.Location())
			j.Steps[len(j.Steps)-1].Reason = &reason
		}
	}
	w := l.Work()
	for _, s := range w.Turn {
		step("turn", s)
	}
	for _, s := range w.Finish {
		step("finish", s)
	}
	if r == nil {
		for _, a := range w.Settle {
			j.Archives = append(j.Archives, jsonArchive{jsonPath: makePath(a.Path())})
		}
		return j
	}
	j.report(r, run)
	return j
}

// report adds what was done.
func (j *jsonLog) report(r *rotate.LogReport, run *rotate.Report) {
	j.Turned, j.AtRisk = &r.Turned, r.AtRisk()
	for i, s := range r.Steps() {
		to := &j.Steps[i]
		to.Done, to.In, to.Out = &s.Done, s.In, s.Out
	}
	for _, s := range r.Settled() {
		j.Archives = append(j.Archives, makeArchive(&s))
		j.Archives[len(j.Archives)-1].Hint = openHint(run, r, &s)
	}
	j.Errors = append(j.Errors, makeErrors(r.Errs())...)
}

func makeArchive(s *rotate.Settled) jsonArchive {
	after := float64(s.After.Microseconds()) / 1000
	j := jsonArchive{
		jsonPath: makePath(s.Archive.Path()),
		Released: map[signaler.Status]string{signaler.Released: "yes", signaler.Held: "no", signaler.Unknown: "unknown"}[s.Status],
		AfterMS:  &after,
		Unseen:   s.Unseen,
	}
	if !s.Since.IsZero() {
		j.Since = &s.Since
	}
	if s.Status == signaler.Held {
		j.Complete = &s.Complete
	}
	if s.Err != nil {
		j.Error = s.Err.Error()
	}
	for _, h := range s.Holders {
		holder := jsonHolder{
			PID: h.PID, PPID: h.PPID, Name: h.Name, Exe: h.Exe, User: h.User,
			Worker: h.Worker, Mapped: h.Mapped, Unit: h.Unit,
		}
		if h.FD >= 0 {
			holder.FD = &h.FD
		}
		j.Holders = append(j.Holders, holder)
	}
	return j
}

func makeTarget(t *rotate.TargetReport, dryRun bool) jsonTarget {
	j := jsonTarget{
		Policy: t.Policy, Pidfile: t.Target.Pidfile, Unit: t.Target.Unit, Command: t.Target.Command,
		Told: []jsonProcess{}, Errors: makeErrors(apart(t.Err)),
	}
	if t.Target.UserUnit {
		j.User = t.Target.Match.User
	}
	if t.Target.Signals() {
		j.Signal = signalName(t.Target.Signal)
	}
	for _, p := range t.Told {
		who := jsonProcess{Pidfile: p.Pidfile, Unit: p.Unit, PID: p.PID, Name: p.Name, User: p.User, Exe: p.Exe, Died: p.Died}
		if p.Doubt != nil {
			who.Warning = p.Doubt.Error()
		}
		j.Told = append(j.Told, who)
	}
	switch {
	case t.Failed():
		j.State = "failed"
	case t.Missing:
		j.State = "missing"
	case dryRun:
		j.State = "ready"
	default:
		j.State = "told"
	}
	return j
}

func makeErrors(errs []error) []jsonError {
	list := []jsonError{}
	for _, err := range errs {
		j := jsonError{Text: err.Error(), Hint: hint(err)}
		if e, ok := errors.AsType[*policy.Error](err); ok && e.Pos.File != "" {
			position := makePosition(e.Pos)
			j.Position = &position
		}
		list = append(list, j)
	}
	return list
}

func makeTail(o *outcome) jsonTail {
	tail := jsonTail{
		Targets: []jsonTarget{}, Problems: []jsonProblem{},
		Warnings: makeErrors(o.warnings), Errors: makeErrors(o.errs),
	}
	for _, t := range o.targets {
		tail.Targets = append(tail.Targets, makeTarget(t, o.dryRun))
	}
	if o.report != nil {
		tail.Errors = append(tail.Errors, makeErrors(o.report.Errs)...)
	}
	if o.plan == nil {
		return tail
	}
	for _, p := range o.plan.Litter {
		tail.Litter = append(tail.Litter, makePath(p.Path()))
	}
	for i := range o.plan.Policies {
		pp := &o.plan.Policies[i]
		for _, p := range pp.Problems {
			tail.Problems = append(tail.Problems, jsonProblem{
				Policy: pp.Policy.Name, jsonPath: makePath(p.Path), Detail: p.Detail,
				Reason: makeReason(p.Reason, o.now.Location()), Hint: remedies[p.Reason.Code],
			})
		}
	}
	return tail
}
