package rotate

import (
	"context"
	"fmt"
	"slices"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// expire removes an archive that retention lets go.
func (x *execution) expire(ctx context.Context, j *job, p plan.Place) error {
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error {
		if j.Policy.Shred == 0 {
			return d.Remove(p.Name, fsys.ID{})
		}
		// Of what is mailed, nobody must find the half that is left of it.
		return x.shred(ctx, j, d, p, fsys.ID{}, j.Policy.Mail == "")
	})
}

// replaced removes an archive of which another has all.
func (x *execution) replaced(ctx context.Context, j *job, p plan.Place, want fsys.ID) error {
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error { return x.drop(ctx, j, d, p, want) })
}

func (x *execution) drop(ctx context.Context, j *job, d *fsys.Dir, p plan.Place, want fsys.ID) error {
	if j.Policy.Shred == 0 {
		return d.Remove(p.Name, want)
	}
	// Half overwritten beside its packed form, it would be an archive that
	// holds something else.
	return x.shred(ctx, j, d, p, want, false)
}

// shred removes an archive and overwrites its bytes: first, so that a run which
// ends in between leaves it to the next one, or once its name is gone, which
// such a run leaves as it is. An archive with other names is refused, unless
// the policy allows that: they would lose their bytes too.
func (x *execution) shred(ctx context.Context, j *job, d *fsys.Dir, p plan.Place, want fsys.ID, first bool) error {
	if err := context.Cause(ctx); err != nil {
		return err // it would be gone, and not be overwritten
	}
	f, info, err := d.OpenWrite(p.Name)
	if err != nil {
		return err
	}
	defer f.Close() // synced by Shred; what fails has a name still, or is gone
	switch {
	case want != (fsys.ID{}) && info.ID != want:
		return fmt.Errorf("shred %q: %w", p.Path(), fsys.ErrSwapped)
	case info.Links > 1 && !j.Policy.AllowHardLink:
		return fmt.Errorf("shred %q: it has %d names, and is kept: the others would lose their bytes too", p.Path(), info.Links)
	}
	if first {
		if err := x.fs.Shred(ctx, f, j.Policy.Shred); err != nil {
			return err
		}
		return d.Remove(p.Name, info.ID)
	}
	if err := d.Remove(p.Name, info.ID); err != nil {
		return err
	}
	return x.fs.Shred(ctx, f, j.Policy.Shred)
}

// discard removes one of a pair of archives, for the sake of the other: once
// the other's name is durable, and unless somebody still writes this one, or has
// since the two were compared.
func (x *execution) discard(ctx context.Context, j *job, p plan.Place) error {
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error {
		f, info, err := d.Open(p.Name)
		if err != nil {
			return err
		}
		defer f.Close() // read only: nothing to lose
		switch status, err := signaler.Probe(f); {
		case err != nil:
			return fmt.Errorf("remove %q: %w", p.Path(), err)
		case status != signaler.Released:
			return fmt.Errorf("remove %q: it is still written", p.Path())
		case j.changed(p, info):
			return fmt.Errorf("remove %q: it was written since it was compared; the next run compares again", p.Path())
		}
		if err := d.Sync(); err != nil {
			return err
		}
		return x.drop(ctx, j, d, p, info.ID)
	})
}

// changed reports whether an archive is not as it was when it was observed.
func (j *job) changed(p plan.Place, now fsys.Info) bool {
	return slices.ContainsFunc(j.Log.Archives, func(a plan.Archive) bool {
		return a.Place == p && a.Size >= 0 && (a.Size != now.Size || !a.ModTime.Equal(now.ModTime))
	})
}
