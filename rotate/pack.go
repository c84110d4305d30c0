package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"rotate/rotate/internal/compress"
	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
)

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
