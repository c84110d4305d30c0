package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// finish is phase 4: a pool of workers compresses, moves and removes, log by
// log; then each policy's lastaction runs.
func (x *execution) finish(ctx context.Context) {
	x.sweep(ctx)
	f := &finisher{execution: x, threads: max(1, x.opts.Jobs/max(1, x.packing()))}
	work := make(chan *job)
	var workers sync.WaitGroup
	for range x.opts.Jobs {
		workers.Go(func() {
			for j := range work {
				f.finishLog(ctx, j)
			}
		})
	}
	for _, g := range x.groups {
		for _, j := range g.jobs {
			if !j.failed && !j.untold {
				work <- j
			}
		}
	}
	close(work)
	workers.Wait()
	f.flush(ctx)
	for _, k := range f.kept {
		k.job.fail(k.err)
	}

	for _, g := range x.groups {
		if !g.begun || ctx.Err() != nil {
			continue
		}
		if err := x.scripts.run(ctx, g.Policy, "lastaction", g.Policy.Scripts.Last, g.Policy.Whole()); err != nil {
			x.fault(err)
		}
	}
}

// sweep removes files that runs left which were killed before they could
// publish them. One that somebody writes, or of which nobody can tell, may be
// the work of a run with another state.
func (x *execution) sweep(ctx context.Context) {
	for _, p := range x.Plan.Litter {
		if ctx.Err() != nil {
			return
		}
		err := x.as.root.use(p.Dir, func(d *fsys.Dir) error {
			f, info, err := d.Open(p.Name)
			if err != nil {
				return err
			}
			defer f.Close() // read only: nothing to lose
			if status, _ := signaler.Probe(f); status != signaler.Released {
				return nil
			}
			return d.Remove(p.Name, info.ID)
		})
		if err != nil && !missing(err) && !errors.Is(err, fs.ErrPermission) { // who is not root cannot open it
			x.fault(err)
		}
	}
}

// packing counts the archives that the run will compress, up to the number of
// jobs.
func (x *execution) packing() (n int) {
	for _, g := range x.groups {
		if !g.Policy.Compress.Enabled() {
			continue
		}
		for _, j := range g.jobs {
			for _, s := range j.Log.Work().Finish {
				if s.Op == plan.Compress {
					n++
				}
			}
			if n >= x.opts.Jobs {
				return n
			}
		}
	}
	return n
}

// finisher does the steps of phase 4.
type finisher struct {
	*execution
	threads int // for one archive

	mu     sync.Mutex
	packed []packed
	bytes  int64
	kept   []kept
}

func (f *finisher) finishLog(ctx context.Context, j *job) {
	w := j.Log.Work()
	if len(w.Finish) == 0 {
		return
	}
	written := map[plan.Place]bool{}
	for _, s := range j.open() {
		written[s.Archive] = !s.Past()
	}
	j.Finished = make([]Outcome, len(w.Finish))
	inodes := j.observed(&w)
	var refused plan.Place // by preremove, or not mailed
	var open letter
	defer open.close()
	for i, s := range w.Finish {
		step := &StepReport{s, &j.Finished[i]}
		if ctx.Err() != nil {
			return // the next run goes on
		}
		// Only what is proven to be written by nobody is touched.
		if written[s.From] || s.From == refused {
			continue
		}
		err := open.take(j, s)
		if err == nil {
			err = f.finishStep(ctx, j, step, inodes[s.From], open.File)
		}
		if err != nil {
			j.fail(err)
			if step.Op != plan.PreRemove && step.Op != plan.Mail {
				return
			}
			refused = step.From
		}
	}
}

func (f *finisher) finishStep(ctx context.Context, j *job, s *StepReport, ino uint64, letter *os.File) error {
	switch s.Op {
	case plan.PreRemove:
		err := f.scripts.run(ctx, j.Policy, s.Op.String(), j.Policy.Scripts.PreRemove, s.From.Path())
		s.Done = err == nil
		return err
	case plan.Remove:
		var err error
		if s.Reason.Code == plan.Packed || s.Reason.Code == plan.Broken {
			err = f.discard(ctx, j, s.From, ino)
		} else {
			err = f.expire(ctx, j, s.From, ino)
		}
		if missing(err) {
			err = nil // a script was faster
		}
		s.Done = err == nil
		return err
	case plan.Mail:
		return f.mail(ctx, j, s, letter)
	case plan.Compress, plan.Move:
		return f.pack(ctx, j, s, ino)
	}
	return fmt.Errorf("%s %q: not a step to finish with", s.Op, s.From.Path())
}
