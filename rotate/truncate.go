package rotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// truncate empties a log that was copied, in the best way there is:
//
//   - if nobody else has it open, what came since the copy is copied too and
//     the log is emptied while whoever wants to open it waits;
//   - if its writers go on, what was copied is cut from its head: cut.go;
//   - where the file system cannot cut, the log is emptied after what came
//     since was copied, again and again until nothing came. AtRisk then says
//     how much came during the last round.
//
// Where ctx ends it, the log is as it was, and still begins with its copy: the
// next run goes on from there.
func (x *execution) truncate(ctx context.Context, j *job, s plan.Step) error {
	return j.dirs.use(s.From.Dir, func(d *fsys.Dir) error {
		log, info, err := d.OpenWrite(s.From.Name)
		if err != nil {
			return err
		}
		defer log.Close() // synced where that matters
		if want := x.identity(j, s.From); info.ID != want {
			return fmt.Errorf("truncate %q: %w", s.From.Path(), fsys.ErrSwapped)
		}
		return j.dirs.use(s.To.Dir, func(d *fsys.Dir) error {
			archive, info, err := d.OpenWrite(s.To.Name)
			if err != nil {
				return err
			}
			defer archive.Close() // synced below
			if _, again := j.Log.Copied(); !again && info.ID != j.rare().copyID {
				return fmt.Errorf("truncate %q: its copy %q: %w", s.From.Path(), s.To.Path(), fsys.ErrSwapped)
			}
			// The copy's name must outlive what it is the copy of.
			if err := d.Sync(); err != nil {
				return err
			}
			e := emptying{execution: x, job: j, ctx: ctx, log: log, archive: archive}
			if err := e.do(); err != nil {
				return fmt.Errorf("truncate %q: %w", s.From.Path(), err)
			}
			return nil
		})
	})
}

// emptying is a log that is being emptied.
type emptying struct {
	*execution
	*job
	ctx          context.Context
	log, archive *os.File
}

func (e *emptying) do() error {
	if _, again := e.Log.Copied(); again {
		if err := e.mend(); err != nil {
			return err
		}
	}
	release, alone, err := signaler.Claim(e.log)
	if err == nil && alone {
		defer release()
		if err := e.rest(); err != nil {
			return err
		}
		e.rare().AtRisk, e.rare().Emptied = 0, Alone
		return e.fs.Truncate(e.log, 0)
	}
	// Where the system does not say who has it open, somebody has.
	if err := e.cut(); !errors.Is(err, fsys.ErrNoCut) {
		return err
	}
	return e.chase()
}

// mend has a copy that an earlier run made end where it stops being one.
func (e *emptying) mend() error {
	n, whole, err := copiedTo(e.ctx, e.log, e.archive)
	if err != nil || !whole {
		return cmp.Or(err, fsys.ErrSwapped)
	}
	size, err := sizeOf(e.archive)
	if err != nil || n == size {
		return err
	}
	if err := e.fs.Truncate(e.archive, n); err != nil {
		return err
	}
	return e.fs.Fsync(e.archive)
}

// tailRounds bounds how often chase goes back for what was written while it
// copied. A writer that is faster than the copy would keep it for ever.
const tailRounds = 64

func (e *emptying) chase() error {
	for round := 0; ; round++ {
		if err := e.rest(); err != nil {
			return err
		}
		if e.AtRisk() == 0 || round == tailRounds {
			e.rare().Emptied = Chased
			return e.fs.Truncate(e.log, 0)
		}
	}
}

// rest copies what the log has beyond the bytes that the archive has of it.
// AtRisk is how much that was.
func (e *emptying) rest() error {
	at, err := e.joint()
	if err != nil {
		return err
	}
	size, err := sizeOf(e.log)
	e.rare().AtRisk = max(0, size-at)
	if err != nil || e.AtRisk() == 0 {
		return err
	}
	// After a power cut the log must still begin with its copy.
	if err := e.fs.Fsync(e.log); err != nil {
		return err
	}
	if _, err := e.archive.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if _, err := e.log.Seek(at, io.SeekStart); err != nil {
		return err
	}
	if _, err := e.fs.CopyData(e.ctx, e.archive, e.log, size-at); err != nil {
		return err
	}
	return e.fs.Fsync(e.archive)
}

// joint returns the offset in the log up to which the archive has it.
func (e *emptying) joint() (int64, error) {
	start, err := beginning(e.log)
	if err != nil {
		return 0, err
	}
	size, err := sizeOf(e.archive)
	return start + size, err
}
