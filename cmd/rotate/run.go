package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"rotate/rotate"
	"rotate/rotate/policy"
)

// defaultConfig is read when the command line names no configuration.
const defaultConfig = "/etc/rotate.toml"

// runCmd is the run itself.
type runCmd struct {
	Config   []string `arg:"" optional:"" help:"Configuration files, or folders of *.toml (default ${config})."`
	DryRun   bool     `short:"n" help:"Print the plan and do nothing."`
	Force    bool     `short:"f" help:"Turn every log, due or not."`
	Verbose  bool     `short:"v" help:"Print the plan with its reasons, then what was done."`
	State    string   `short:"s" placeholder:"FILE" help:"State file (default ${state})."`
	JSON     bool     `name:"json" help:"Print the plan or the report as JSON."`
	Only     []string `sep:"none" placeholder:"WHAT" help:"Only this policy, this log, or the logs of this pattern. May be repeated."`
	LockWait duration `placeholder:"TIME" help:"How long to wait for another run to end, such as 5m."`
	Jobs     int      `placeholder:"N" help:"How many archives to compress at a time (default: one a processor)."`
}

func (c *runCmd) Run(ctx context.Context, v *voice) error {
	o := &outcome{now: time.Now(), dryRun: c.DryRun}
	return o.end(v, c.do(ctx, v, o), c.JSON)
}

// do is the run. It says what failed, and keeps it in o; what it returns is
// yet to be said.
func (c *runCmd) do(ctx context.Context, v *voice, o *outcome) error {
	policies, only := load(v, o, c.Config), absolute(c.Only)
	state, err := stateFile(c.State)
	if err != nil {
		return err
	}
	if !c.DryRun {
		unlock, err := lock(ctx, state, c.State == "", time.Duration(c.LockWait))
		if err != nil {
			return err
		}
		defer func() {
			if err := unlock(); err != nil {
				o.fail(v, err)
			}
		}()
	}
	o.now = time.Now() // a run that waited must not decide by the clock of its start
	run, err := rotate.Prepare(ctx, policies, rotate.Options{
		State: state, Now: o.now, Force: c.Force, Only: only, Jobs: c.Jobs,
		Stdout: scriptOutput(c.JSON), Stderr: os.Stderr,
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	o.take(v, run)
	for _, what := range strangers(only, policies, run.Plan) {
		o.fail(v, fmt.Errorf("--only %s: neither a policy nor a log of one", name(what)))
	}
	if (c.DryRun || c.Verbose) && !c.JSON {
		v.plan(run.Plan, c.Verbose)
	}
	if c.DryRun {
		v.obstacles(run.Plan)
		return nil
	}
	if err := v.flush(); err != nil {
		return err // before anything is done
	}
	ease()
	o.report = run.Execute(ctx)
	o.plan = run.Plan // with nothing to turn, if that could not be written down
	o.targets = o.report.Targets
	if c.Verbose && !c.JSON {
		v.done(o.report)
	}
	v.obstacles(run.Plan)
	v.failures(o.report)
	return interrupted(ctx, nil)
}

// scriptOutput is where scripts print. A document must stay one.
func scriptOutput(json bool) *os.File {
	if json {
		return os.Stderr
	}
	return os.Stdout
}

// load reads the configuration. What is in error is said, and the rest still
// counts.
func load(v *voice, o *outcome, paths []string) []*policy.Policy {
	if len(paths) == 0 {
		paths = []string{defaultConfig}
	}
	config, err := policy.Load(paths...)
	if err != nil {
		o.fail(v, err)
	}
	return config.Policies
}

// interrupted is err, or that a signal ended the run early.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted (%w); the next run goes on where this one stopped", context.Cause(ctx))
}

// duration is a time as configurations write it.
type duration time.Duration

// UnmarshalText reads "5m".
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := policy.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}
