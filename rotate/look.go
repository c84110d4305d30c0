package rotate

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"time"

	"rotate/rotate/internal/compress"
	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// history fills in what the state and earlier runs say of a log, which is the
// inode ino, or gone.
func (o *observer) history(l *plan.LogFacts, ino uint64, peek *peek) {
	log := l.Path()
	last, _ := o.state.Last(log)
	l.Last = last
	for _, e := range o.owed[log] {
		switch {
		case e.Ino == ino && e.Head == "" && peek.same(l.Place, e, nil):
			// What was to become an archive is the log still, unless it is a new log
			// with the inode of an old one.
			l.CutShort = l.CutShort || !e.Known(last)
			continue
		case e.Head != "":
			continue // see interrupted
		}
		archive, there := o.locate(e, l.Archives, peek)
		switch {
		case e.Known(last):
		case there || replaced(e, l.Archives):
			o.turned(l, e)
		default:
			l.CutShort = true // another log has its name: what was to be turned is gone
		}
		if there && archive.Archive.Dir.ID != (plan.ID{}) {
			l.Owe(archive)
		}
	}
}

// replaced reports whether an archive that was to be made has taken the place of
// the one that had its name: it may be packed by now, or in an olddir.
func replaced(e state.Owed, archives []plan.Archive) bool {
	return slices.ContainsFunc(archives, func(a plan.Archive) bool {
		return a.Plain() == path.Base(e.Archive) && a.Ino != e.Was
	})
}

// away reports whether the folder of a log is not the one in which something was
// owed: it is not mounted, or was made again. Nothing is known of what was in it.
// After a year it is given up, as what the state says of logs is.
func (o *observer) away(e state.Owed) bool {
	home := o.tree.folder(path.Dir(e.Log))
	other := missing(home.err) || home.err == nil && home.ID.Ino != e.Home
	return e.Home != 0 && other && e.Turned.After(o.opts.Now.AddDate(-1, 0, 0))
}

// turned takes the time of a turn from what is owed, if the run ended before it
// could tell the state, or could not. There is no time to come: the clock was
// wrong.
func (o *observer) turned(l *plan.LogFacts, e state.Owed) {
	l.Last = e.Turned
	if latest := o.opts.Now.Add(time.Minute); l.Last.After(latest) { // see plan.LogPlan.Moment
		l.Last = latest
	}
}

// locate finds a file that is owed. It is known by its inode: a shift may have
// moved it, or somebody; the policy may have other names for archives now. The
// device has no number which lasts: a boot may give it another. A file in a folder
// that cannot be read is taken to be there; the folder has no ID then.
func (o *observer) locate(e state.Owed, archives []plan.Archive, peek *peek) (plan.Owed, bool) {
	owed := plan.Owed{Since: e.Turned, Last: e.Last, Was: e.Was, Born: e.Born}
	home := o.tree.folder(path.Dir(e.Log))
	for _, a := range archives {
		if a.Ino == e.Ino && a.Dir.ID.Dev == home.ID.Dev {
			owed.Archive, owed.ID = a.Place, plan.ID{Dev: home.ID.Dev, Ino: e.Ino}
			return owed, a.Ext == "" && peek.same(a.Place, e, &owed.ID) // or it went, and its inode is that of a packed one
		}
	}
	for _, dir := range slices.Compact([]string{path.Dir(e.Archive), home.Path}) {
		f := o.tree.folder(dir)
		owed.Archive, owed.ID = plan.Place{Dir: f.Dir, Name: path.Base(e.Archive)}, plan.ID{Dev: f.ID.Dev, Ino: e.Ino}
		if f.err != nil && !missing(f.err) {
			return owed, true
		}
		i, there := f.owed[e.Ino]
		if !there || home.err == nil && f.ID.Dev != home.ID.Dev {
			continue
		}
		owed.Archive.Name = f.entries[i].Name
		_, seen := o.state.Last(owed.Archive.Path())
		if log := seen || f.claims[i] >= asLog; !log || f.claims[i] == asArchive || owed.Archive.Path() == e.Log {
			return owed, peek.same(owed.Archive, e, &owed.ID)
		} // else it went, and its inode is that of another log
	}
	return owed, false
}

// look fills in what the rules need to know of the files themselves.
func (o *observer) look(p *policy.Policy, l *plan.LogFacts, peek *peek) {
	if l.Kind == plan.Regular && plan.Needs(p, l.Last, o.opts.Now, o.opts.Force) {
		switch info, err := peek.stat(l.Place); {
		case err == nil:
			l.Stat, l.Links = statOf(info), uint32(info.Links)
			if p.Method == policy.CopyTruncate && info.Size > 0 {
				hole, line := peek.leftBehind(l.Place)
				l.Stat.Size, l.Blank = info.Size-hole, uint32(line)
			}
		case missing(err):
			l.Kind = plan.Missing
		}
	}
	if p.KeepFree > 0 && l.Archive != nil && l.Archive.Free < 0 {
		l.Archive.Free = peek.free(l.Archive)
	}
	if plan.NeedsArchiveStat(p) {
		for i := range l.Archives {
			a := &l.Archives[i]
			if info, err := peek.stat(a.Place); err == nil {
				a.Size, a.ModTime = info.Size, info.ModTime
			}
		}
	}
}

// interrupted finds out how far an earlier run came that copied the log and
// ended early. If the log begins with the archive that was made since, that is
// the copy, and the log is yet to be emptied. If it does not, or no longer begins
// as it did, it was emptied, and turned. Else the run had not got to copying. Where
// that cannot be looked at, the log is left alone.
func (o *observer) interrupted(p *policy.Policy, l *plan.LogFacts, peek *peek) {
	owed := o.owed[l.Path()]
	i := slices.IndexFunc(owed, func(e state.Owed) bool { return e.Head != "" })
	if i < 0 || l.Kind != plan.Regular {
		return
	}
	e := owed[i]
	info, err := peek.stat(l.Place)
	if err != nil || info.ID.Ino != e.Ino {
		return
	}
	last, _ := o.state.Last(l.Path())
	home := o.tree.folder(path.Dir(e.Archive))
	copy := plan.Place{Dir: home.Dir, Name: path.Base(e.Archive)}
	var id plan.ID
	made, copied, begins := false, false, false
	if !missing(home.err) {
		id, made, err = peek.made(copy, e)
	}
	if err == nil && !e.Known(last) {
		if made && p.Method != policy.Copy {
			copied, err = peek.copied(l.Place, copy)
		} else if !made {
			begins, err = peek.begins(l.Place, e)
		}
	}
	switch {
	case e.Known(last):
	case err != nil:
		l.Stat = nil
		return
	case copied:
		l.Past = &plan.Past{Owed: l.Owed(), Copied: copy}
		l.Stat = statOf(info)
		return
	case made, !begins:
		o.turned(l, e)
	default:
		l.CutShort = true
	}
	if made {
		l.Owe(plan.Owed{Archive: copy, ID: id, Since: e.Turned, Last: e.Last})
	}
}

// twins finds out, for each plain archive that has a packed one of its very name
// beside it, what that holds.
func (o *observer) twins(p *policy.Policy, l *plan.LogFacts, peek *peek) {
	packed := map[plan.Place]string{} // plain name → ending
	for _, a := range l.Archives {
		plain := plan.Place{Dir: a.Dir, Name: a.Plain()}
		if a.Ext != "" && (packed[plain] == "" || a.Ext == p.Compress.Ext) {
			packed[plain] = a.Ext // of several, that which the policy would make
		}
	}
	for i := range l.Archives {
		a := &l.Archives[i]
		if ext := packed[a.Place]; a.Ext == "" && ext != "" {
			peek.twin(a, plan.Place{Dir: a.Dir, Name: a.Name + ext}, ext)
		}
	}
}

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
