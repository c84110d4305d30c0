package rotate

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"rotate/rotate/internal/compress"
	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
)

// peek looks at files in a few folders that it keeps open.
type peek struct {
	ctx  context.Context
	fs   *fsys.FS
	su   *fsys.FS // whom the policy trusts comes first: the files may be closed even to root; nil: nobody
	open map[*plan.Dir]*fsys.Dir
}

func (k *peek) dir(d *plan.Dir) (*fsys.Dir, error) {
	if h := k.open[d]; h != nil {
		return h, nil
	}
	h, err := openAs(cmp.Or(k.su, k.fs), d.Path, d.ID)
	if err != nil && k.su != nil {
		h, err = openAs(k.fs, d.Path, d.ID)
	}
	if err != nil {
		return nil, err
	}
	if k.open == nil {
		k.open = map[*plan.Dir]*fsys.Dir{}
	}
	k.open[d] = h
	return h, nil
}

func (k *peek) stat(p plan.Place) (fsys.Info, error) {
	d, err := k.dir(p.Dir)
	if err != nil {
		return fsys.Info{}, err
	}
	return d.Stat(p.Name)
}

// same reports whether p is the very file that is owed, not one that has its inode
// since, and finds out what its ID is: its device need not be its folder's. One
// that cannot be looked at is taken for it.
func (k *peek) same(p plan.Place, owed state.Owed, id *plan.ID) bool {
	info, err := k.stat(p)
	if err != nil {
		return !missing(err)
	}
	if id != nil {
		*id = plan.ID(info.ID)
	}
	return info.ID.Ino == owed.Ino && (info.Born == owed.Born || info.Born == 0 || owed.Born == 0)
}

// leftBehind returns how long the hole and the blank line are that a log begins
// with.
func (k *peek) leftBehind(log plan.Place) (hole, line int64) {
	// What cannot be looked at is taken for data.
	_ = k.read(log, func(f *os.File, _ fsys.Info) (err error) {
		hole, line, err = leftBehind(f)
		return err
	})
	return hole, line
}

// begins reports whether a log begins as it did when a run meant to copy it.
func (k *peek) begins(log plan.Place, owed state.Owed) (same bool, err error) {
	err = k.read(log, func(f *os.File, info fsys.Info) error {
		digest, err := head(f, owed.Size)
		same = info.Size >= owed.Size && digest == owed.Head
		return err
	})
	return same, err
}

// made reports whether an archive is not what had its name when a run meant to
// make it, and which file it is.
func (k *peek) made(archive plan.Place, owed state.Owed) (plan.ID, bool, error) {
	info, err := k.stat(archive)
	if missing(err) {
		return plan.ID{}, false, nil
	}
	return plan.ID(info.ID), err == nil && info.Regular() && info.ID.Ino != owed.Was, err
}

// copied reports whether a log begins with all that archive holds.
func (k *peek) copied(log, archive plan.Place) (same bool, err error) {
	err = k.read(log, func(a *os.File, _ fsys.Info) error {
		return k.read(archive, func(b *os.File, _ fsys.Info) (err error) {
			_, same, err = copiedTo(k.ctx, a, b)
			return err
		})
	})
	return same, err
}

// read calls do with the file at p.
func (k *peek) read(p plan.Place, do func(*os.File, fsys.Info) error) error {
	d, err := k.dir(p.Dir)
	if err != nil {
		return err
	}
	f, info, err := d.Open(p.Name)
	if err != nil {
		return err
	}
	defer f.Close() // read only: nothing to lose
	return do(f, info)
}

// twin compares a plain archive, as it is at the time, with a packed one. Where
// that cannot be done, both are left alone.
func (k *peek) twin(a *plan.Archive, packed plan.Place, ext string) {
	verdict := compress.Differs
	if err := k.read(a.Place, func(plain *os.File, info fsys.Info) error {
		a.Size, a.ModTime = info.Size, info.ModTime
		return k.read(packed, func(f *os.File, _ fsys.Info) (err error) {
			verdict, err = compress.Same(k.ctx, plain, f, ext)
			return err
		})
	}); err != nil {
		return
	}
	a.Twin = map[compress.Verdict]plan.Twin{
		compress.Equal: plan.Whole, compress.Prefix: plan.Part, compress.Differs: plan.Other,
	}[verdict]
}

// free returns the bytes free around d, or -1 when that cannot be told: then
// nothing is removed for want of space.
func (k *peek) free(d *plan.Dir) int64 {
	h, err := k.dir(d)
	if err != nil {
		return -1
	}
	n, err := h.Free()
	if err != nil {
		return -1
	}
	return n
}

func (k *peek) close() {
	for _, d := range k.open {
		d.Close() // read only: nothing to lose
	}
}

// openAs opens the folder id, and no other, at path.
func openAs(files *fsys.FS, path string, id plan.ID) (*fsys.Dir, error) {
	if id == (plan.ID{}) {
		return nil, fmt.Errorf("open %q: it could not be opened a moment ago", path) // nor is it waited for
	}
	h, err := files.OpenDir(path)
	if err != nil {
		return nil, err
	}
	if plan.ID(h.ID()) != id {
		h.Close() // read only: nothing to lose
		return nil, fmt.Errorf("open %q: it is not the folder that was there a moment ago", path)
	}
	return h, nil
}

func statOf(info fsys.Info) *plan.Stat {
	return &plan.Stat{ID: plan.ID(info.ID), Size: info.Size, ModTime: info.ModTime.UnixNano(), Born: info.Born}
}
