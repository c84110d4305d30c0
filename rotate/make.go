package rotate

import (
	"context"
	"fmt"
	"os"
	"path"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// create makes the new log. What the policy does not say of it, it has from
// the old one, which is at old.
func (x *execution) create(j *job, p, old plan.Place) error {
	if old.Dir == nil && len(j.Log.Owed()) > 0 {
		old = j.Log.Owed()[0].Archive // turned by a run that ended before it got here
	}
	like, err := x.attr(j, old)
	if err != nil {
		return err
	}
	like.ModTime, like.AccessTime = time.Time{}, time.Time{}
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error {
		_, err := d.Create(p.Name, overlay(like, j.Policy.Create))
		return err
	})
}

// makeDir makes the folder d, and those above it that are missing.
func (x *execution) makeDir(j *job, d *plan.Dir) error {
	if j.dirs.made[d] != (plan.ID{}) {
		return nil // for another log a moment ago
	}
	if err := j.dirs.mkdir(d.Path, overlay(fsys.Attr{Mode: 0o755, UID: -1, GID: -1}, j.Policy.MakeDir)); err != nil {
		return err
	}
	made, err := j.dirs.fs.OpenDir(d.Path)
	if err != nil {
		return err
	}
	defer made.Close() // read only: nothing to lose
	j.dirs.made[d] = plan.ID(made.ID())
	return nil
}

// mkdir makes a folder durably, and those above it that are missing.
func (h *handles) mkdir(name string, attr fsys.Attr) error {
	parent, err := h.fs.OpenDir(path.Dir(name))
	if missing(err) {
		if err := h.mkdir(path.Dir(name), attr); err != nil {
			return err
		}
		parent, err = h.fs.OpenDir(path.Dir(name))
	}
	if err != nil {
		return err
	}
	defer parent.Close() // synced below
	if err := parent.Mkdir(path.Base(name), attr); err != nil {
		return err
	}
	return parent.Sync()
}

// copyLog copies a log as it is now to its archive's name, durably. A copy that
// ctx ends leaves nothing.
func (x *execution) copyLog(ctx context.Context, j *job, s plan.Step) error {
	return x.withLog(j, s.From, func(src *os.File, info fsys.Info) error {
		attr, err := fsys.AttrOf(src)
		if err != nil {
			return err
		}
		j.rare().copy, j.rare().written = s.To, attr.ModTime
		attr.ModTime, attr.AccessTime = time.Time{}, time.Time{} // a copy is as old as it is
		return j.dirs.change(s.To.Dir, func(d *fsys.Dir) error {
			t, err := d.Temp(attr)
			if err != nil {
				return err
			}
			defer t.Close()
			if t.ID().Ino == j.observed(&plan.Work{})[s.To] {
				// What had the name went a moment ago: the copy is known by not being that.
				if t, err = d.Temp(attr); err != nil {
					return err
				}
				defer t.Close()
			}
			size := info.Size
			if j.Policy.Method == policy.CopyTruncate {
				if size, err = seekLines(src, size); err != nil {
					return err
				}
			}
			n, err := x.fs.CopyData(ctx, t.File(), src, size)
			if err != nil {
				return fmt.Errorf("copy %q to %q: %w", s.From.Path(), s.To.Path(), err)
			}
			j.rare().Copied = n
			// After a power cut the log must still begin with its copy.
			if err := x.fs.Fsync(src); err != nil {
				return err
			}
			if j.Begun > 0 {
				// Archives that moved up must not be found where they were, beside the
				// copy: btrfs makes durable what is published, but not other names.
				if err := d.Sync(); err != nil {
					return err
				}
			}
			j.rare().copyID = t.ID()
			return t.Publish(s.To.Name)
		})
	})
}

// withLog calls do with the file that was observed as the log at p. One that could
// not be emptied is an error already when it is to be copied.
func (x *execution) withLog(j *job, p plan.Place, do func(*os.File, fsys.Info) error) error {
	return j.dirs.use(p.Dir, func(d *fsys.Dir) error {
		open := d.Open
		if j.Policy.Method == policy.CopyTruncate {
			open = d.OpenWrite
		}
		f, info, err := open(p.Name)
		if err != nil {
			return err
		}
		defer f.Close() // nothing is written to it
		if want := x.identity(j, p); want != (fsys.ID{}) && info.ID != want {
			return fmt.Errorf("open %q: %w", p.Path(), fsys.ErrSwapped)
		}
		return do(f, info)
	})
}

// attr returns what the file at p looks like.
func (x *execution) attr(j *job, p plan.Place) (attr fsys.Attr, err error) {
	err = x.inspect(j.dirs, p, func(f *os.File, _ fsys.Info) (err error) {
		defer f.Close() // read only: nothing to lose
		attr, err = fsys.AttrOf(f)
		return err
	})
	return attr, err
}

// overlay returns like with what was asked for instead. Asking for a mode
// drops the access list that the old one came with.
func overlay(like fsys.Attr, asked *policy.Create) fsys.Attr {
	if asked.Mode >= 0 {
		like.Mode, like.ACL = uint32(asked.Mode), nil
	}
	if asked.UID >= 0 {
		like.UID = asked.UID
	}
	if asked.GID >= 0 {
		like.GID = asked.GID
	}
	return like
}
