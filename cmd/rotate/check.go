package main

import (
	"context"
	"time"

	"rotate/rotate"
)

// checkCmd looks at everything that a run would need and changes nothing.
type checkCmd struct {
	Config []string `arg:"" optional:"" help:"Configuration files, or folders of them (default ${config})."`
	State  string   `short:"s" placeholder:"FILE" help:"State file (default ${state})."`
	JSON   bool     `name:"json" help:"Print the plan and the targets as JSON."`
}

func (c *checkCmd) Run(ctx context.Context, v *voice) error {
	o := &outcome{now: time.Now(), dryRun: true}
	return o.end(v, c.do(ctx, v, o), c.JSON)
}

func (c *checkCmd) do(ctx context.Context, v *voice, o *outcome) error {
	config := load(v, o, c.Config)
	policies := config.Policies
	o.warn(v, config.Advice)
	state, err := stateFile(c.State)
	if err != nil {
		return err
	}
	run, err := rotate.Prepare(ctx, policies, rotate.Options{State: state, Now: o.now})
	if err != nil {
		return interrupted(ctx, err)
	}
	o.take(v, run)
	v.obstacles(run.Plan)
	var odd []error
	o.targets, odd = inspectAll(policies, run.Plan)
	for _, w := range odd {
		o.warn(v, w)
	}
	for _, t := range o.targets {
		v.unhealthy(t)
	}
	v.foresee(o, c.JSON)
	if o.ok() && !c.JSON {
		v.allWell(o)
	}
	return nil
}
