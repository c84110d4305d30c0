package rotate

import (
	"path"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// olddir is where the archives of a folder's logs go.
type olddir struct {
	dir    *plan.Dir // nil: it is missing, and the policy does not make it
	folder *folder   // nil: it is missing
}

func (o *observer) olddir(p *policy.Policy, home *folder) olddir {
	if p.OldDir == "" {
		return olddir{home.Dir, home}
	}
	dir := p.OldDir
	if !path.IsAbs(dir) {
		dir = path.Join(home.Path, dir)
	}
	f := o.tree.folder(dir)
	if f.err == nil {
		return olddir{f.Dir, f}
	}
	if p.MakeDir == nil || !missing(f.err) {
		return olddir{}
	}
	// A folder to be made has no ID yet; it will be on the mount of what is there above it.
	parent := o.tree.folder(path.Dir(dir))
	for missing(parent.err) && parent.Path != "/" {
		parent = o.tree.folder(path.Dir(parent.Path))
	}
	if o.made[dir] == nil {
		o.made[dir] = &plan.Dir{Path: dir, Mount: parent.Mount, Free: -1}
	}
	return olddir{dir: o.made[dir]}
}

// archives appends the archives of the log base that f holds. No later policy
// takes them for logs; what an earlier policy has as a log is none, nor what any
// other names as one.
func (o *observer) archives(naming *plan.Naming, base string, f *folder, list []plan.Archive) []plan.Archive {
	from, to := f.with(naming.Prefix(base))
	for i := from; i < to; i++ {
		e := &f.entries[i]
		if g, ext, ok := naming.Parse(base, e.Name); ok {
			other, named := o.named[name{f.Path, e.Name}]
			if e.Type != unix.DT_REG || f.claims[i] >= asLog || named && other != o.number {
				if o.taken == nil {
					o.taken = map[plan.Place]plan.Kind{}
				}
				o.taken[plan.Place{Dir: f.Dir, Name: e.Name}] = kindOf(e.Type)
				continue
			}
			f.claims[i] = max(f.claims[i], asArchive)
			list = append(list, plan.Archive{
				Place:      plan.Place{Dir: f.Dir, Name: e.Name},
				Generation: g,
				Ext:        ext,
				Ino:        e.Ino,
				Size:       -1,
			})
		}
	}
	return list
}

// sweep looks for what runs that were killed left in f, once.
func (o *observer) sweep(f *folder) {
	if f == nil {
		return
	}
	from, to := f.with(fsys.TempPrefix)
	for i := from; i < to; i++ {
		if e := &f.entries[i]; e.Type == unix.DT_REG && fsys.IsTemp(e.Name) && f.claims[i] == free {
			f.claims[i] = asLitter
			o.litter = append(o.litter, plan.Place{Dir: f.Dir, Name: e.Name})
		}
	}
}
