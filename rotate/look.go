package rotate

import (
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

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
