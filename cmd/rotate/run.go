package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"rotate/rotate"
	"rotate/rotate/policy"
)

// defaultConfig is read when the command line names no configuration.
const defaultConfig = "/etc/rotate.toml"

// runCmd is the run itself. It takes logrotate's options, and ours.
type runCmd struct {
	Config           []string `arg:"" optional:"" help:"Configuration files, or folders of them (default ${config})."`
	DryRun           bool     `short:"n" help:"Print the plan and do nothing."`
	Debug            bool     `group:"logrotate" short:"d" help:"Print the plan with its reasons and do nothing: --dry-run --verbose."`
	Force            bool     `short:"f" help:"Turn every log, due or not."`
	Verbose          bool     `short:"v" help:"Print the plan with its reasons, then what was done."`
	Log              string   `group:"logrotate" short:"l" placeholder:"FILE" help:"Write to FILE what --verbose prints, and all errors; \"syslog\" is the system log."`
	Mail             string   `group:"logrotate" short:"m" placeholder:"COMMAND" help:"Command that mails archives (default /bin/mail)."`
	State            string   `short:"s" placeholder:"FILE" help:"State file (default ${state})."`
	SkipStateLock    bool     `group:"logrotate" help:"Do not lock the state file."`
	WaitForStateLock bool     `group:"logrotate" help:"Wait for another run to end, however long it takes."`
	LockWait         duration `placeholder:"TIME" help:"Wait for another run to end, no longer than TIME, such as 5m."`
	JSON             bool     `name:"json" help:"Print the plan or the report as JSON."`
	Only             []string `sep:"none" placeholder:"WHAT" help:"Only this policy, this log, or the logs of this pattern. May be repeated."`
	Jobs             int      `placeholder:"N" help:"How many archives to compress at a time (default: one a processor)."`
}

// AfterApply makes an option of what others stand for.
func (c *runCmd) AfterApply() error {
	c.DryRun = c.DryRun || c.Debug
	c.Verbose = c.Verbose || c.Debug
	return nil
}

func (c *runCmd) Run(ctx context.Context, t teller) error {
	o := &outcome{now: time.Now(), dryRun: c.DryRun}
	return o.end(t, c.do(ctx, t, o), c.JSON)
}

// do is the run. It says what failed, and keeps it in o; what it returns is
// yet to be said.
func (c *runCmd) do(ctx context.Context, t teller, o *outcome) error {
	if c.SkipStateLock && (c.WaitForStateLock || c.LockWait != 0) {
		return errors.New("--skip-state-lock: there is no lock to wait for")
	}
	log := t.listen(c)
	policies, only := load(t, o, c.Config).Policies, absolute(c.Only)
	state, err := stateFile(c.State)
	if err != nil {
		return err
	}
	held, err := c.lock(ctx, t, state)
	if err != nil {
		return lockError{err}
	}
	defer func() {
		if err := held.Unlock(); err != nil {
			o.fail(t, err)
		}
	}()
	o.now = time.Now() // a run that waited must not decide by the clock of its start
	run, err := rotate.Prepare(ctx, policies, rotate.Options{
		State: state, Now: o.now, Force: c.Force, Only: only, Jobs: c.Jobs, Held: held, MailCommand: c.Mail,
		Stdout: scriptOutput(c.JSON), Stderr: os.Stderr, Log: log,
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	o.take(t, run)
	for _, what := range strangers(only, policies, run.Plan) {
		o.fail(t, fmt.Errorf("--only %s: neither a policy nor a log of one", name(what)))
	}
	t.intend(run.Plan)
	if c.DryRun {
		t.end(run.Plan, nil)
		return nil
	}
	if err := t.flush(); err != nil {
		return err // before anything is done
	}
	o.report = run.Execute(ctx)
	o.targets = o.report.Targets
	for _, l := range o.report.Logs {
		for _, err := range l.Warnings() {
			o.warn(t, err)
		}
	}
	t.end(run.Plan, o.report)
	return interrupted(ctx, nil)
}

// lock keeps other runs off the state, unless nothing is to be changed.
func (c *runCmd) lock(ctx context.Context, t teller, state string) (*rotate.Held, error) {
	if c.DryRun || c.SkipStateLock {
		return nil, nil
	}
	wait := time.Duration(c.LockWait)
	if c.WaitForStateLock {
		wait = -1
	}
	if c.State == "" {
		if err := makeFolder(state); err != nil {
			return nil, err
		}
	}
	held, err := rotate.Lock(ctx, state, wait)
	if errors.Is(err, rotate.ErrExposed) {
		t.warn(err)
		return nil, nil
	}
	return held, err
}

// lockError is a state that could not be locked.
type lockError struct{ error }

func (e lockError) Unwrap() error { return e.error }

// scriptOutput is where scripts print. A document must stay one.
func scriptOutput(json bool) *os.File {
	if json {
		return os.Stderr
	}
	return os.Stdout
}

// load reads the configuration. What is in error is said, and the rest still
// counts.
func load(t teller, o *outcome, paths []string) *policy.Config {
	if len(paths) == 0 {
		paths = []string{defaultConfig}
	}
	config, err := policy.Load(paths...)
	t.read(config)
	o.warn(t, config.Warnings)
	if err != nil {
		o.fail(t, err)
	}
	return config
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
