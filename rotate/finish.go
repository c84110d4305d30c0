package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"rotate/rotate/internal/compress"
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

// kept is a plain archive that could not be removed. Its job is told at the end:
// until then a job belongs to the worker that does it.
type kept struct {
	job *job
	err error
}

// packed is a plain archive whose compressed or moved successor is complete,
// and waits to be removed until the successor's name is durable too.
type packed struct {
	job  *job
	step *StepReport
	id   fsys.ID
	made fsys.ID // its successor
}

// Plain archives are removed in batches, one fsync a folder for each: enough
// of them to make it cheap, few enough that the disk does not hold two copies
// of everything.
const (
	batchFiles = 1000
	batchBytes = 256 << 20
)

func (f *finisher) finishLog(ctx context.Context, j *job) {
	w, written := j.Log.Work(), j.open()
	if len(w.Finish) == 0 {
		return
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
		if slices.ContainsFunc(written, func(o *Settled) bool { return o.Archive == s.From && !o.Past() }) || s.From == refused {
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

// pack writes the compressed or moved successor of a plain archive, which was
// observed as the inode ino. The plain one goes once the successor is durable.
func (f *finisher) pack(ctx context.Context, j *job, s *StepReport, ino uint64) error {
	return j.dirs.use(s.From.Dir, func(from *fsys.Dir) error {
		src, info, err := from.Open(s.From.Name)
		if err != nil {
			return err
		}
		defer src.Close() // read only: nothing to lose
		if err := recognise(from, s.From.Name, info, ino); err != nil {
			return fmt.Errorf("%s %q: %w", s.Op, s.From.Path(), err)
		}
		s.In = info.Size
		made, err := f.leftover(ctx, j, src, s)
		if err == nil && made == (fsys.ID{}) {
			made, err = f.write(ctx, j, src, s)
		}
		if err != nil {
			return err
		}
		f.retire(ctx, packed{j, s, info.ID, made})
		return nil
	})
}

// leftover looks at what already has the successor's name: the work of a run
// that ended before it could remove the plain archive. It returns that work's
// identity if it is complete. A part of it, which holds nothing that the plain archive
// does not hold too, makes way; anything else is left alone.
func (f *finisher) leftover(ctx context.Context, j *job, src *os.File, s *StepReport) (complete fsys.ID, err error) {
	err = j.dirs.use(s.To.Dir, func(d *fsys.Dir) error {
		old, info, err := d.Open(s.To.Name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer old.Close() // read only: nothing to lose
		verdict, err := compress.Same(ctx, src, old, s.ext())
		if errors.Is(err, compress.ErrUnknown) {
			return nil // a program made it: write compares it with what the program makes now
		}
		if err != nil {
			return err
		}
		switch verdict {
		case compress.Equal:
			s.Out, complete = info.Size, info.ID
			return nil
		case compress.Prefix:
			return f.replaced(ctx, j, s.To, info.ID)
		}
		return s.taken()
	})
	return complete, err
}

func (s *StepReport) taken() error {
	return fmt.Errorf("%s %q: %q is there and holds something else; both are kept: move one away", s.Op, s.From.Path(), s.To.Path())
}

// ext is what a step adds to the name of the archive.
func (s *StepReport) ext() string {
	if len(s.To.Name) > len(s.From.Name) {
		return s.To.Name[len(s.From.Name):]
	}
	return ""
}

// errWritten can only come of an archive that was not proven released: see unseen.go.
var errWritten = errors.New("it was written meanwhile; the plain one is kept")

// write makes the successor of src: complete, durable and with the looks of
// src, or not at all.
func (f *finisher) write(ctx context.Context, j *job, src *os.File, s *StepReport) (made fsys.ID, err error) {
	attr, err := fsys.AttrOf(src)
	if err != nil {
		return made, err
	}
	was := attr.ModTime
	if j.Turned && j.copies() && s.From == j.Rare.copy && s.Op == plan.Compress {
		attr.ModTime = j.Rare.written // compressed at once it is as old as the log, as with logrotate
	}
	if len(j.Policy.Compress.Command) > 0 {
		limited, cancel := within(ctx, j.Policy.Timeout)
		defer cancel()
		ctx = limited
	}
	err = j.dirs.change(s.To.Dir, func(d *fsys.Dir) error {
		t, err := d.Temp(attr)
		if err != nil {
			return err
		}
		defer t.Close()
		if s.Op == plan.Compress {
			c := j.Policy.Compress
			said := func(text string) { j.warn(&Complaint{s.From, text}) }
			err = compress.Codec{
				Method: c.Method, Level: c.Level, Command: c.Command, As: j.dirs.credential(), Said: said,
			}.Run(ctx, t.File(), src, s.From.Path(), f.threads)
		} else {
			_, err = f.fs.CopyData(ctx, t.File(), src, s.In)
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", s.Op, s.From.Path(), because(ctx, err))
		}
		out, err := t.File().Stat()
		if err != nil {
			return err
		}
		s.Out = out.Size()
		if now, err := fsys.AttrOf(src); err != nil || !now.ModTime.Equal(was) {
			return errors.Join(err, fmt.Errorf("%s %q: %w", s.Op, s.From.Path(), errWritten))
		}
		// After a power cut the plain archive must not hold less than its successor:
		// nobody could tell which of the two is right.
		if err := f.fs.Fsync(src); err != nil {
			return err
		}
		made = t.ID()
		err = t.Publish(s.To.Name)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		old, info, err := d.Open(s.To.Name)
		if err != nil {
			return err
		}
		defer old.Close() // read only: nothing to lose
		if verdict, err := compress.Same(ctx, t.File(), old, ""); err != nil || verdict != compress.Equal {
			return s.taken()
		}
		made = info.ID // by a run that ended before it removed the plain one
		return nil
	})
	return made, err
}

// retire hands a plain archive over for removal.
func (f *finisher) retire(ctx context.Context, p packed) {
	f.mu.Lock()
	f.packed = append(f.packed, p)
	f.bytes += p.step.In
	full := len(f.packed) >= batchFiles || f.bytes >= batchBytes
	f.mu.Unlock()
	if full {
		f.flush(ctx)
	}
}

// flush makes the names of the successors durable, then removes the plain
// archives.
func (f *finisher) flush(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := f.as.sync()
	for _, p := range f.packed {
		err := failed[p.step.To.Dir]
		if err == nil {
			err = f.replaced(ctx, p.job, p.step.From, p.id)
			if missing(err) || errors.Is(err, fsys.ErrSwapped) {
				err = errors.Join(err, f.takeBack(ctx, p))
			}
		}
		if err != nil {
			f.kept = append(f.kept, kept{p.job, err})
			continue
		}
		p.step.Done = true
	}
	f.packed, f.bytes = nil, 0
}

// takeBack removes the successor of a plain archive that a run with another
// state has given another name meanwhile: all of it would be there twice. If
// that name is not to be found, the successor is what is left of it.
func (f *finisher) takeBack(ctx context.Context, p packed) error {
	return p.job.dirs.use(p.step.From.Dir, func(from *fsys.Dir) error {
		entries, err := from.Entries()
		i := slices.IndexFunc(entries, func(e fsys.Entry) bool { return e.Ino == p.id.Ino })
		if err != nil || i < 0 {
			return err
		}
		plain, _, err := from.Open(entries[i].Name)
		if err != nil {
			return err
		}
		defer plain.Close() // read only: nothing to lose
		return p.job.dirs.use(p.step.To.Dir, func(to *fsys.Dir) error {
			packed, info, err := to.Open(p.step.To.Name)
			if missing(err) || err == nil && info.ID != p.made {
				return nil // it was moved beside its plain one
			}
			if err != nil {
				return err
			}
			defer packed.Close() // read only: nothing to lose
			// The number may be that of another file by now.
			if verdict, err := compress.Same(ctx, plain, packed, p.step.ext()); err != nil || verdict != compress.Equal {
				return err
			}
			return f.replaced(ctx, p.job, p.step.To, p.made)
		})
	})
}
