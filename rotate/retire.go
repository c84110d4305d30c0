package rotate

import (
	"context"
	"errors"
	"slices"

	"rotate/rotate/internal/compress"
	"rotate/rotate/internal/fsys"
)

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
