package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"rotate/rotate"
	"rotate/signaler"
)

const deafWorker = "worker-3"

func (d *demo) introduce(context.Context) error {
	d.title("A service of %d processes logs about %s lines a second", 1+workers, grouped(d.asked.Lines))
	d.process("master", masterLog+", its pid is in "+pidfile)
	for n := range workers {
		remark := accessLog
		if n+1 == slowWorker {
			remark += fmt.Sprintf(", serves requests of %s", took(slowBeats*beat))
		}
		d.process(workerName(n+1), remark)
	}
	d.say("  On SIGUSR2 the master reopens its log and tells each worker to do the same,")
	d.say("  by pipe. A worker does so when the request that it is serving is done.")

	d.title("Its policy: %s", name(d.path("rotate.toml")))
	for line := range strings.Lines(d.policy()) {
		d.say("%s", strings.TrimRight("  "+line, " \n"))
	}
	return nil
}

func (d *demo) showPlan(ctx context.Context) error {
	d.title("What a run would do: rotate --dry-run --force rotate.toml")
	_, err := d.run(ctx, runCmd{DryRun: true, Force: true})
	return err
}

func (d *demo) rotateUnderLoad(ctx context.Context) error {
	d.title("Five runs, while the service logs: rotate --force rotate.toml")
	d.head()
	for range 5 {
		if _, err := d.turn(ctx, runCmd{Force: true}); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) goWrong(ctx context.Context) error {
	if err := d.service.order(deafWorker, "deaf"); err != nil {
		return err
	}
	d.title("Something goes wrong: %s does not hear its master", deafWorker)
	o, err := d.turn(ctx, runCmd{Force: true})
	if err != nil {
		return err
	}
	if o.ok() {
		return fmt.Errorf("%s writes to the archive, and the run did not see it", deafWorker)
	}
	before, err := os.Stat(d.path(accessLog + ".1"))
	if err != nil {
		return err
	}
	if err := d.load(ctx); err != nil {
		return err
	}
	after, err := os.Stat(d.path(accessLog + ".1"))
	if err != nil {
		return err
	}
	d.say("  The archive has grown by %s since. To compress it would have lost that.", size(after.Size()-before.Size()))
	return nil
}

// makeGood does what comes after goWrong: the next runs try again.
func (d *demo) makeGood(ctx context.Context) error {
	if err := d.service.order(deafWorker, "hear"); err != nil {
		return err
	}
	d.title("%s hears again. Nothing is due, but something is owed: rotate rotate.toml", deafWorker)
	for range 3 { // a busy machine may not make it in time
		o, err := d.turn(ctx, runCmd{})
		if err != nil || o.ok() {
			return err
		}
	}
	return errSaid
}

func (d *demo) countAll(context.Context) error {
	wrote, err := d.service.stop()
	if err != nil {
		return err
	}
	t, err := countLines(d.path("log"), wrote)
	if err != nil {
		return err
	}
	d.title("The service has ended. What it says it wrote, against %s:", count(t.files, "file"))
	if err := d.verdict(t); err != nil {
		return err
	}
	d.title("Your turn")
	d.say("  Put such a policy into /etc/rotate.toml; rotate.toml(5) has every key.")
	d.say("  rotate --dry-run shows what it would do. Then let cron or a timer run rotate.")
	return nil
}

// run is the command, as it is on the command line.
func (d *demo) run(ctx context.Context, c runCmd) (*outcome, error) {
	c.Config, c.State = []string{d.path("rotate.toml")}, d.path("status")
	o := &outcome{now: time.Now()}
	return o, errors.Join(c.do(ctx, d.voice, o), d.flush())
}

// turn lets the service log for a while, does a run, and shows what it did.
func (d *demo) turn(ctx context.Context, c runCmd) (*outcome, error) {
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	o, err := d.run(ctx, c)
	if o.report != nil {
		d.runs++
		d.row(o.report)
		err = errors.Join(err, blind(o.report))
	}
	d.complain()
	return o, errors.Join(err, d.flush())
}

// blind reports that the system does not say who writes a file.
func blind(r *rotate.Report) error {
	for _, l := range r.Logs {
		for _, s := range l.Settled() {
			if s.Status == signaler.Unknown {
				return fmt.Errorf("%w: the demo proves nothing there, set TMPDIR to a folder on a local disk", s.Err)
			}
		}
	}
	return nil
}

// load lets the service log for a while.
func (d *demo) load(ctx context.Context) error {
	if err := d.flush(); err != nil {
		return err
	}
	done := time.After(d.asked.Pace)
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	defer d.erase()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
			return nil
		case <-ticks.C:
			d.gauge()
		}
	}
}
