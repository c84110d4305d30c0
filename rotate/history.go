package rotate

import (
	"path"
	"slices"
	"time"

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
