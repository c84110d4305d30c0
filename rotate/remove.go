package rotate

import (
	"context"
	"fmt"
	"slices"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// expire removes an archive that retention lets go, unless it is not the inode
// ino, which is 0 if that is not known: a run with another state may have moved up others meanwhile.
func (x *execution) expire(ctx context.Context, j *job, p plan.Place, ino uint64) error {
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error {
		info, err := d.Stat(p.Name)
		if err != nil {
			return err
		}
		if j.Policy.Scripts.PreRemove == "" { // which may have put another in its place
			if err := recognise(d, p.Name, info, ino); err != nil {
				return fmt.Errorf("remove %q: %w", p.Path(), err)
			}
		}
		if j.Policy.Shred == 0 {
			return d.Remove(p.Name, info.ID)
		}
		// Of what is mailed, nobody must find the half that is left of it.
		return x.shred(ctx, j, d, p, info.ID, j.Policy.Mail == "")
	})
}

// observed returns the inodes of the archives as the plan has them once the log
// is turned.
func (j *job) observed(w *plan.Work) map[plan.Place]uint64 {
	inodes := make(map[plan.Place]uint64, len(j.Log.Archives)+1)
	for i := range j.Log.Archives {
		inodes[j.Log.Archives[i].Place] = j.Log.Archives[i].Ino
	}
	if j.Log.Stat != nil {
		inodes[j.Log.Place] = j.Log.Stat.ID.Ino
	}
	for _, s := range w.Turn { // the highest first
		switch s.Op {
		case plan.Rename:
			inodes[s.To] = inodes[s.From]
			delete(inodes, s.From)
		case plan.Remove:
			delete(inodes, s.From)
		case plan.Copy:
			inodes[s.To] = j.rare().copyID.Ino
		}
	}
	return inodes
}

// recognise fails with ErrSwapped if the file name is not the one that d listed
// as ino when it was observed. Some file systems list other numbers than stat
// tells: then it is the list that is compared.
func recognise(d *fsys.Dir, name string, info fsys.Info, ino uint64) error {
	if ino == 0 || info.ID.Ino == ino {
		return nil
	}
	entries, err := d.Entries()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(entries, func(e fsys.Entry) bool { return e.Name == name && e.Ino == ino }) {
		return fsys.ErrSwapped
	}
	return nil
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
// since the two were compared, or it is not the inode ino any more.
func (x *execution) discard(ctx context.Context, j *job, p plan.Place, ino uint64) error {
	return j.dirs.change(p.Dir, func(d *fsys.Dir) error {
		f, info, err := d.Open(p.Name)
		if err != nil {
			return err
		}
		defer f.Close() // read only: nothing to lose
		if err := recognise(d, p.Name, info, ino); err != nil {
			return fmt.Errorf("remove %q: %w", p.Path(), err)
		}
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
