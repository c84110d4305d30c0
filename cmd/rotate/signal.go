package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rotate/rotate"
	"rotate/rotate/policy"
)

// signalCmd tells services to reopen their logs, and sees to it that they do.
// Nothing is turned.
type signalCmd struct {
	Name   []string `arg:"" optional:"" help:"Names of policies (default: all that have a notify)."`
	Config []string `short:"c" sep:"none" placeholder:"CONFIG" help:"Configuration file or folder (default ${config}). May be repeated."`
	State  string   `short:"s" placeholder:"FILE" help:"State file (default ${state})."`
	Probe  bool     `help:"Show who would be told and who writes what, and send nothing."`
	JSON   bool     `name:"json" help:"Print what was found and done as JSON."`
}

func (c *signalCmd) Run(ctx context.Context, v *voice) error {
	o := &outcome{now: time.Now(), dryRun: c.Probe}
	return o.end(v, c.do(ctx, v, o), c.JSON)
}

func (c *signalCmd) do(ctx context.Context, v *voice, o *outcome) error {
	policies := c.named(v, o, load(v, o, c.Config).Policies)
	state, err := stateFile(c.State)
	if err != nil {
		return err
	}
	run, err := rotate.Prepare(ctx, policies, rotate.Options{State: state, Now: o.now, Hold: true})
	if err != nil {
		return interrupted(ctx, err)
	}
	o.take(v, run)
	if c.Probe {
		c.probe(v, o, policies)
		return nil
	}
	o.report = run.Notify(ctx)
	o.targets = o.report.Targets
	if !c.JSON {
		v.byHand(o.report)
	}
	v.failures(o.report)
	return interrupted(ctx, nil)
}

// named returns the policies that are to be told of.
func (c *signalCmd) named(v *voice, o *outcome, all []*policy.Policy) (some []*policy.Policy) {
	for _, p := range all {
		switch {
		case len(c.Name) > 0 && !slices.Contains(c.Name, p.Name):
		case len(p.Notify) > 0:
			some = append(some, p)
		case len(c.Name) > 0:
			o.fail(v, fmt.Errorf("policy %s tells nobody: it has no notify, and its scripts run only when logs are turned", name(p.Name)))
		}
	}
	for _, n := range c.Name {
		if !slices.ContainsFunc(all, func(p *policy.Policy) bool { return p.Name == n }) {
			o.fail(v, fmt.Errorf("there is no policy %s", name(n)))
		}
	}
	return some
}

func (c *signalCmd) probe(v *voice, o *outcome, policies []*policy.Policy) {
	targets, odd := inspectAll(policies, o.plan)
	o.targets = targets
	if !c.JSON {
		for _, t := range targets {
			v.probed(t)
		}
		v.written(o.plan)
	}
	for _, w := range odd {
		o.warn(v, w)
	}
	for _, t := range targets {
		v.unhealthy(t)
	}
}
