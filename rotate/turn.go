package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
)

// turn is phase 1.
func (x *execution) turn(ctx context.Context) {
	for _, g := range x.groups {
		if ctx.Err() != nil {
			break
		}
		if !x.prepare(ctx, g) {
			continue
		}
		for _, j := range g.jobs {
			if ctx.Err() != nil {
				break
			}
			if !j.failed {
				x.turnLog(ctx, j)
			}
		}
	}
	x.sync()
	x.saveState()
}

// prepare runs the scripts that come once before the logs of a policy. If one
// fails, none of its logs is turned.
func (x *execution) prepare(ctx context.Context, g *group) bool {
	turning := g.turning()
	if len(turning) == 0 {
		return true
	}
	s := g.Policy.Scripts
	err := x.scripts.run(ctx, g.Policy, "firstaction", s.First, g.Policy.Whole())
	g.begun = err == nil
	if err == nil && s.Shared {
		err = x.scripts.run(ctx, g.Policy, "prerotate", s.Pre, g.Policy.Whole())
	}
	if err != nil {
		for _, j := range turning {
			j.fail(err)
		}
	}
	return err == nil
}

// turnLog does the steps that turn one log. A turn that cannot finish is
// undone as far as the log's own name goes; archives that already moved up
// leave a gap, which the next run uses.
func (x *execution) turnLog(ctx context.Context, j *job) {
	w := j.Log.Work()
	for i, step := range w.Turn {
		j.began = j.began || step.Op == plan.Rename || step.Op == plan.Copy
		if err := x.turnStep(ctx, j, step, w.Turned); err != nil {
			j.fail(err)
			x.undo(j, w.Turn[:i])
			return
		}
		j.Begun++
	}
	if j.Log.Action == plan.Turn {
		j.Turned = true
		x.state.Set(j.Log.Path(), j.Log.Moment())
	}
}

func (x *execution) turnStep(ctx context.Context, j *job, s plan.Step, turned plan.Place) error {
	switch s.Op {
	case plan.PreRotate:
		return x.scripts.run(ctx, j.Policy, s.Op.String(), j.Policy.Scripts.Pre, s.From.Path())
	case plan.Remove:
		return x.discard(ctx, j, s.From, j.observed(&plan.Work{})[s.From])
	case plan.MakeDir:
		return x.makeDir(j, s.From.Dir)
	case plan.Rename:
		return x.rename(j, s.From, s.To, x.identity(j, s.From))
	case plan.Create:
		return x.create(j, s.From, turned)
	case plan.Copy:
		return x.copyLog(ctx, j, s)
	case plan.Truncate:
		return x.truncate(ctx, j, s)
	}
	return fmt.Errorf("%s %q: not a step of a turn", s.Op, s.From.Path())
}

// identity is the file that must stand at p: known for the log itself, any
// for an archive.
func (x *execution) identity(j *job, p plan.Place) fsys.ID {
	if p == j.Log.Place && j.Log.Stat != nil {
		return fsys.ID(j.Log.Stat.ID)
	}
	return fsys.ID{}
}

func (x *execution) rename(j *job, from, to plan.Place, want fsys.ID) error {
	return j.dirs.change(from.Dir, func(d *fsys.Dir) error {
		if from.Dir == to.Dir {
			return d.Rename(from.Name, want, d, to.Name)
		}
		return j.dirs.change(to.Dir, func(t *fsys.Dir) error {
			return d.Rename(from.Name, want, t, to.Name)
		})
	})
}

// undo gives the log its name back, where the turn got so far as to take it.
func (x *execution) undo(j *job, done []plan.Step) {
	for _, s := range done {
		if s.Op != plan.Rename || s.From != j.Log.Place {
			continue
		}
		err := x.rename(j, s.To, s.From, x.identity(j, s.From))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			j.fail(fmt.Errorf("undo the turn: %w", err))
		}
	}
}
