package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// demoCmd does the whole job on a service of its own, in a temporary folder. It
// fails unless every line that the service wrote is found, once.
type demoCmd struct {
	Keep  bool          `help:"Keep the folder, to look into it."`
	Lines int           `default:"100000" help:"How many lines the service logs in a second."`
	Pace  time.Duration `hidden:"" default:"1s" help:"How long the service logs between rotations."`
	Role  string        `hidden:"" help:"Be a process of the service."`
}

func (c *demoCmd) Run(ctx context.Context, v *voice) error {
	if c.Role != "" {
		return serve(c.Role, c.Lines)
	}
	d := newDemo(v, c)
	err := d.perform(ctx)
	if ctx.Err() != nil {
		err = errors.New("the demo was interrupted")
	}
	if c.Keep {
		d.say("\nThe folder is kept: %s", name(d.dir))
		return err
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// demo is one performance.
type demo struct {
	*voice
	complaints bytes.Buffer // of runs: they are part of the show
	asked      *demoCmd
	dir        string
	service    *service
	runs       int
}

func newDemo(v *voice, asked *demoCmd) *demo {
	own := *v
	d := &demo{voice: &own, asked: asked}
	d.err, d.errStyle = &d.complaints, v.style
	return d
}

// perform plays the acts, and leaves nothing running.
func (d *demo) perform(ctx context.Context) error {
	if err := d.build(); err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	service, err := startService(ctx, d.dir, d.asked.Lines, os.Stderr)
	if err != nil {
		return err
	}
	defer service.end()
	d.service = service
	for _, act := range []func(context.Context) error{
		d.introduce, d.showPlan, d.rotateUnderLoad, d.goWrong, d.makeGood, d.countAll,
	} {
		err := act(ctx)
		d.complain()
		if err := errors.Join(err, d.flush()); err != nil {
			return err
		}
	}
	return nil
}

// build makes the folder that everything happens in.
func (d *demo) build() error {
	temp, err := filepath.Abs(os.TempDir())
	if err != nil {
		return err
	}
	if d.dir, err = os.MkdirTemp(temp, "rotate-demo-"); err != nil {
		return err
	}
	return errors.Join(
		os.Mkdir(d.path("log"), 0o755),
		os.Mkdir(d.path("run"), 0o755),
		os.WriteFile(d.path("rotate.toml"), []byte(d.policy()), 0o644),
	)
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// policy is what an administrator would write for the service.
func (d *demo) policy() string {
	return fmt.Sprintf(`[log.api]
paths     = [%q]
frequency = "daily"
rotate    = 14
compress  = "zstd"

[[log.api.notify]]
pidfile = %q
signal  = "SIGUSR2"
wait    = "3s"
`, d.path("log/*.log"), d.path(pidfile))
}
