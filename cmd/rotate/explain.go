package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// explainCmd says what a run would do about a log, and why.
type explainCmd struct {
	Log    []string `arg:"" help:"Paths of logs."`
	Config []string `short:"c" sep:"none" placeholder:"CONFIG" help:"Configuration file or folder (default ${config}). May be repeated."`
	State  string   `short:"s" placeholder:"FILE" help:"State file (default ${state})."`
}

func (c *explainCmd) Run(ctx context.Context, v *voice) error {
	o := &outcome{now: time.Now(), dryRun: true}
	policies := load(v, o, c.Config).Policies
	state, err := stateFile(c.State)
	if err != nil {
		return err
	}
	e := explainer{ctx: ctx, policies: policies, options: rotate.Options{State: state, Now: o.now}}
	for i, log := range c.Log {
		if log, err = filepath.Abs(log); err != nil {
			return err
		}
		x, err := e.explain(log)
		if err != nil {
			o.fail(v, err)
			continue
		}
		if i > 0 {
			v.say("")
		}
		v.explain(x)
	}
	if len(o.errs) > 0 {
		return errSaid
	}
	return interrupted(ctx, nil)
}

type explainer struct {
	ctx      context.Context
	policies []*policy.Policy
	options  rotate.Options
}

// explanation is everything that is known of one log.
type explanation struct {
	plan    *plan.Plan
	policy  *policy.Policy
	log     *plan.LogPlan
	others  []*policy.Policy // match it too, and come later
	targets []*rotate.TargetReport
	odd     []error
	writers []signaler.Holder

	foreseen rotate.Foreseen // of a log that is copied and emptied
}

func (e *explainer) explain(log string) (*explanation, error) {
	p, err := e.prepare(e.policies, log)
	if err != nil {
		return nil, err
	}
	owner, l := find(p, log)
	if l == nil {
		return nil, e.unknown(log)
	}
	x := &explanation{plan: p, policy: owner, log: l}
	if x.others, err = e.others(owner, log); err != nil {
		return nil, err
	}
	x.targets, x.odd = inspectAll([]*policy.Policy{owner}, p)
	x.writers = writers(log)
	if owner.Method == policy.CopyTruncate {
		x.foreseen = rotate.Foresee([]string{log})[0]
	}
	return x, nil
}

func (e *explainer) prepare(policies []*policy.Policy, only ...string) (*plan.Plan, error) {
	o := e.options
	o.Only = only
	run, err := rotate.Prepare(e.ctx, policies, o)
	if err != nil {
		return nil, interrupted(e.ctx, err)
	}
	return run.Plan, nil
}

// find returns the plan for a log and the policy that has it.
func find(p *plan.Plan, log string) (*policy.Policy, *plan.LogPlan) {
	for i := range p.Policies {
		pp := &p.Policies[i]
		for k := range pp.Logs {
			if pp.Logs[k].Path() == log {
				return pp.Policy, &pp.Logs[k]
			}
		}
	}
	return nil, nil
}

// others lists the policies that would have the log, were it not for owner.
func (e *explainer) others(owner *policy.Policy, log string) (others []*policy.Policy, err error) {
	for _, q := range e.policies {
		if q == owner {
			continue
		}
		p, err := e.prepare([]*policy.Policy{q}, log)
		if err != nil {
			return nil, err
		}
		if _, l := find(p, log); l != nil {
			others = append(others, q)
		}
	}
	return others, nil
}

// unknown says why a log cannot be explained.
func (e *explainer) unknown(log string) error {
	p, err := e.prepare(e.policies)
	if err != nil {
		return err
	}
	for i := range p.Policies {
		for _, l := range p.Policies[i].Logs {
			for _, a := range l.Archives {
				if a.Path() == log {
					return fmt.Errorf("%s: an archive of %s, which policy %s has", name(log), name(l.Path()), name(p.Policies[i].Policy.Name))
				}
			}
		}
	}
	return fmt.Errorf("%s: %w", name(log), errNoPolicy)
}

var errNoPolicy = errors.New("no policy has it")
