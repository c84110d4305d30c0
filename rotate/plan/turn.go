package plan

import (
	"slices"
	"strings"

	"rotate/rotate/policy"
)

// turn plans phase 1 of l, whose archives are d.held from first on, and makes
// d.held what it is thereafter.
func (d *decider) turn(l *LogPlan, first int) {
	if l.Copied.Dir != nil {
		l.Turn = []Step{{Op: Truncate, From: l.Place, To: l.Copied}}
		return // the run that made the copy did the rest
	}
	p := d.policy
	var steps []Step
	if p.Scripts.Pre != "" && !p.Scripts.Shared {
		steps = append(steps, Step{Op: PreRotate, From: l.Place})
	}
	if l.Archive != l.Dir && l.Archive.ID == (ID{}) {
		steps = append(steps, Step{Op: MakeDir, From: Place{Dir: l.Archive}})
	}
	steps = append(steps, d.unpair(first)...)
	own := d.held[first:]
	generation := d.naming.Newest(d.now)
	if p.DateExt {
		generation = d.free(l, after(own, generation, d.naming))
	} else {
		steps = append(steps, d.shift(l, own)...)
	}

	to := Place{Dir: l.Archive, Name: d.naming.Name(l.Name, generation)}
	if p.Method == policy.Rename && l.Archive.Mount != l.Dir.Mount {
		to.Dir = l.Dir // no rename leads to another mount: Finish moves it
	}
	switch p.Method {
	case policy.Rename:
		steps = append(steps, Step{Op: Rename, From: l.Place, To: to})
		l.Turned = to
		if p.Create != nil {
			steps = append(steps, Step{Op: Create, From: l.Place})
		}
	case policy.Copy:
		steps = append(steps, Step{Op: Copy, From: l.Place, To: to})
	case policy.CopyTruncate:
		steps = append(steps, Step{Op: Copy, From: l.Place, To: to}, Step{Op: Truncate, From: l.Place, To: to})
	}
	l.Turn = steps
	written := l.Stat.ModTime
	if p.Method != policy.Rename {
		written = d.now // a copy is as old as it is
	}
	d.held = slices.Insert(d.held, first, held{
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
func (d *decider) standBack(l *LogPlan, first int) {
	for _, s := range l.Turn {
		length := int64(len(strings.TrimSuffix(s.To.Name, d.policy.Compress.Ext) + d.policy.Compress.Ext))
		switch {
		case length > nameMax && s.To.Name != "":
			l.Action, l.Reason = Refuse, Reason{NameTooLong, length, nameMax}
		case d.inTheWay(s.To, l.Path()+" is not turned"):
			l.Action, l.Reason = Leave, Reason{Code: NameTaken}
		default:
			continue
		}
		l.Turn, l.Turned, l.Settle = nil, Place{}, nil
		d.held = d.held[:first]
		d.hold(l)
		return
	}
}

// inTheWay reports whether an archive cannot be called to, because something
// else is, and says what comes of it.
func (d *decider) inTheWay(to Place, so string) bool {
	kind, taken := d.taken[to]
	if taken {
		d.problems = append(d.problems, Problem{
			Path:   to.Path(),
			Reason: Reason{Code: NameTaken},
			Detail: to.Path() + " is in the way, a " + kind.String() + ": " + so,
		})
	}
	return taken
}

// free returns g, or the next of its date of which nothing else has the name,
// packed or plain.
func (d *decider) free(l *LogPlan, g Generation) Generation {
	if len(d.taken) == 0 {
		return g
	}
	for {
		name := d.naming.Name(l.Name, g)
		if !slices.ContainsFunc(d.naming.compressions, func(ext string) bool {
			_, beside := d.taken[Place{l.Dir, name + ext}]
			_, away := d.taken[Place{l.Archive, name + ext}]
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
func (d *decider) unpair(first int) (steps []Step) {
	own := d.held[first:]
	if !slices.ContainsFunc(own, func(h held) bool { return h.Twin != NoTwin }) {
		return nil
	}
	all := slices.Clone(own)
	kept := slices.DeleteFunc(own, func(h held) bool {
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
	d.held = d.held[:first+len(kept)]
	return steps
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

// shift moves up the archives, the highest first, so that nothing is in the way
// of any of them. If an earlier shift was cut short, what stands beyond the
// first free number has moved already, and stays. A number is free if no file
// has it, with whatever ending, in whatever folder.
func (d *decider) shift(l *LogPlan, own []held) []Step {
	run, free := 0, d.policy.Start
	for run < len(own) && (!l.CutShort || own[run].Generation.N <= free) {
		free = own[run].Generation.N + 1
		run++
	}
	if run == 0 {
		return nil
	}
	moved := make([]Archive, run) // the facts stay as they are
	steps := make([]Step, 0, run)
	for i := run - 1; i >= 0; i-- {
		a := &moved[i]
		*a = *own[i].Archive
		from := a.Place
		a.Generation.N++
		a.Name = d.naming.Name(l.Name, a.Generation) + a.Ext
		steps = append(steps, Step{Op: Rename, From: from, To: a.Place})
		own[i].Archive = a
	}
	return steps
}
