package plan

import (
	"math"
	"slices"
	"strings"
	"time"

	"rotate/rotate/policy"
)

// turn plans phase 1 of l, and makes its archives own, the newest first, what
// they are thereafter.
func (r *rules) turn(w *Work, l *LogPlan, own []held) []held {
	if copy, ok := l.Copied(); ok {
		w.Turn = []Step{{Op: Truncate, From: l.Place, To: copy}}
		return own // the run that made the copy did the rest
	}
	p := r.policy
	steps := make([]Step, 0, len(own)+2)
	if p.Scripts.Pre != "" && !p.Scripts.Shared {
		steps = append(steps, Step{Op: PreRotate, From: l.Place})
	}
	if l.Archive != l.Dir && l.Archive.ID == (ID{}) {
		steps = append(steps, Step{Op: MakeDir, From: Place{Dir: l.Archive}})
	}
	own, unpaired := unpair(own)
	steps = append(steps, unpaired...)
	generation := r.naming.Newest(r.now)
	if p.DateExt {
		generation = r.free(l, after(own, generation, r.naming))
	} else {
		steps = r.shift(steps, l, own)
	}

	to := Place{Dir: l.Archive, Name: r.naming.Name(l.Name, generation)}
	if p.Method == policy.Rename && l.Archive.Mount != l.Dir.Mount {
		to.Dir = l.Dir // no rename leads to another mount: Finish moves it
	}
	switch p.Method {
	case policy.Rename:
		steps = append(steps, Step{Op: Rename, From: l.Place, To: to})
		w.Turned = to
		if p.Create != nil {
			steps = append(steps, Step{Op: Create, From: l.Place})
		}
	case policy.Copy:
		steps = append(steps, Step{Op: Copy, From: l.Place, To: to})
	case policy.CopyTruncate:
		steps = append(steps, Step{Op: Copy, From: l.Place, To: to}, Step{Op: Truncate, From: l.Place, To: to})
	}
	w.Turn = steps
	written := time.Unix(0, l.Stat.ModTime)
	if p.Method != policy.Rename {
		written = r.now // a copy is as old as it is
	}
	return slices.Insert(own, 0, held{
		Archive: &Archive{
			Place: to, Generation: generation,
			Ino: l.Stat.ID.Ino, Size: l.Stat.Size, ModTime: written,
		},
		log:   l,
		fresh: true,
	})
}

// nameMax is how many bytes a name may have: NAME_MAX of limits.h.
const nameMax = 255

// standBack leaves l as it is if one of its archives would have a name that is
// taken by something that no rule can move, or is too long.
func (r *rules) standBack(l *LogPlan) []Problem {
	if len(r.taken) == 0 && len(l.Name)+r.naming.room() <= nameMax {
		return nil
	}
	for _, s := range l.Work().Turn {
		length := int64(len(strings.TrimSuffix(s.To.Name, r.policy.Compress.Ext) + r.policy.Compress.Ext))
		if length > nameMax && s.To.Name != "" {
			r.leave(l, Refuse, Reason{NameTooLong, length, nameMax})
			return nil
		}
		if p, taken := r.inTheWay(s.To, l.Path()+" is not turned"); taken {
			r.leave(l, Leave, Reason{Code: NameTaken})
			return []Problem{p}
		}
	}
	return nil
}

// back is what is decided on a log instead of turning it.
type back struct {
	action Action
	why    Reason
}

func (r *rules) leave(l *LogPlan, a Action, why Reason) {
	if r.back == nil {
		r.back = map[*LogFacts]back{}
	}
	l.Action, r.back[l.LogFacts] = a, back{a, why}
}

// inTheWay reports whether an archive cannot be called to, because something
// else is, and says what comes of it.
func (r *rules) inTheWay(to Place, so string) (Problem, bool) {
	kind, taken := r.taken[to]
	if !taken {
		return Problem{}, false
	}
	return Problem{
		Path:   to.Path(),
		Reason: Reason{Code: NameTaken},
		Detail: to.Path() + " is in the way, a " + kind.String() + ": " + so,
	}, true
}

// free returns g, or the next of its date of which nothing else has the name,
// packed or plain.
func (r *rules) free(l *LogPlan, g Generation) Generation {
	if len(r.taken) == 0 {
		return g
	}
	for {
		name := r.naming.Name(l.Name, g)
		if !slices.ContainsFunc(r.naming.compressions, func(ext string) bool {
			_, beside := r.taken[Place{l.Dir, name + ext}]
			_, away := r.taken[Place{l.Archive, name + ext}]
			return beside || away
		}) {
			return g
		}
		g.N++
	}
}

// unpair ends pairs of a plain and a packed archive before anything moves: the
// two would move one after the other, and a run that ended in between would
// make two generations of one.
func unpair(own []held) (kept []held, steps []Step) {
	if !slices.ContainsFunc(own, func(h held) bool { return h.Twin != NoTwin }) {
		return own, nil
	}
	all := slices.Clone(own)
	kept = slices.DeleteFunc(own, func(h held) bool {
		var why Code
		switch {
		case h.Twin == Whole:
			why = Packed
		case h.Ext != "" && slices.ContainsFunc(all, func(p held) bool { return p.Twin == Part && p.Dir == h.Dir && p.Name+h.Ext == h.Name }):
			why = Broken
		default:
			return false
		}
		steps = append(steps, Step{Op: Remove, From: h.Place, Reason: Reason{Code: why}})
		return true
	})
	return kept, steps
}

// after returns g if it is newer than every archive. If it is not, its date is
// taken or the clock went back: then it is the next of the newest date there
// is, so that the last archive is the newest whatever clocks do.
func after(own []held, g Generation, n *Naming) Generation {
	if len(own) == 0 || n.Compare(g, own[0].Generation) < 0 {
		return g
	}
	g = own[0].Generation
	g.N++
	return g
}

// shift appends the steps that move up the archives, the highest first, so that nothing is in the way
// of any of them. What stands beyond the last number that is kept only makes
// way. If an earlier shift was cut short, what stands beyond the first free
// number has moved already, and stays. A number is free if no file has it, with
// whatever ending, in whatever folder.
func (r *rules) shift(steps []Step, l *LogPlan, own []held) []Step {
	run, free := 0, r.policy.Start
	last := free
	switch {
	case l.CutShort:
	case r.policy.Rotate < 0:
		last = math.MaxInt
	default:
		last += r.policy.Rotate - 1
	}
	for run < len(own) && own[run].Generation.N <= max(free, last) {
		free = own[run].Generation.N + 1
		run++
	}
	moved := make([]Archive, run) // the facts stay as they are
	for i := run - 1; i >= 0; i-- {
		a := &moved[i]
		*a = *own[i].Archive
		from := a.Place
		a.Generation.N++
		a.Name = r.naming.Name(l.Name, a.Generation) + a.Ext
		steps = append(steps, Step{Op: Rename, From: from, To: a.Place})
		own[i].Archive = a
	}
	return steps
}
