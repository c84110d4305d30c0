package rotate

import (
	"fmt"
	"io"
	"math"
	"os"

	"rotate/rotate/internal/fsys"
)

// tailRounds bounds how often truncate goes back for what was written while it
// copied. A writer that is faster than the copy would keep it for ever.
const tailRounds = 64

// truncate empties a log that was copied. What was written since the copy is
// copied first, again and again until nothing came, so that the moment in
// which a line can be lost is that between two system calls. AtRisk says how
// much came during the last round: zero for a writer that was quiet.
func (x *execution) truncate(j *job, s *StepReport) error {
	return x.dirs.use(s.From.Dir, func(d *fsys.Dir) error {
		log, info, err := d.OpenWrite(s.From.Name)
		if err != nil {
			return err
		}
		defer log.Close() // its size is all that changes
		if want := x.identity(j, s.From); info.ID != want {
			return fmt.Errorf("truncate %q: %w", s.From.Path(), fsys.ErrSwapped)
		}
		return x.dirs.use(s.To.Dir, func(d *fsys.Dir) error {
			archive, copied, err := d.OpenWrite(s.To.Name)
			if err != nil {
				return err
			}
			defer archive.Close() // synced below
			// The copy's name must outlive what it is the copy of.
			if err := d.Sync(); err != nil {
				return err
			}
			if err := x.tail(archive, log, j, copied.Size); err != nil {
				return fmt.Errorf("copy the rest of %q: %w", s.From.Path(), err)
			}
			return nil
		})
	})
}

// tail copies what log has beyond the bytes that archive has of it, and empties
// it.
func (x *execution) tail(archive, log *os.File, j *job, copied int64) error {
	if _, err := archive.Seek(copied, io.SeekStart); err != nil {
		return err
	}
	if _, err := log.Seek(copied, io.SeekStart); err != nil {
		return err
	}
	for round := 0; ; round++ {
		n, err := x.fs.CopyData(archive, log, math.MaxInt64)
		if err != nil {
			return err
		}
		j.AtRisk = n
		if n > 0 {
			if err := x.fs.Fsync(archive); err != nil {
				return err
			}
		}
		if n == 0 || round == tailRounds {
			return x.fs.Truncate(log, 0)
		}
	}
}
