package plan

import "slices"

// finishAll plans phase 4 of all logs whose archives are held, log by log.
func (d *decider) finishAll(all []held) {
	for len(all) > 0 {
		l, n := all[0].log, 1
		for n < len(all) && all[n].log == l {
			n++
		}
		d.finish(l, all[:n])
		all = all[n:]
	}
}

// finish plans phase 4 of l, and what must be proven released before it. Its
// archives own are in order, the newest first. What expired goes first: it
// may make the room that the rest needs.
func (d *decider) finish(l *LogPlan, own []held) {
	for i := len(own) - 1; i >= 0; i-- {
		if !own[i].gone {
			continue
		}
		at := own[i].Place
		l.Finish = append(l.Finish, d.mail(&own[i], own)...)
		if d.policy.Scripts.PreRemove != "" {
			l.Finish = append(l.Finish, Step{Op: PreRemove, From: at})
		}
		l.Finish = append(l.Finish, Step{Op: Remove, From: at, Reason: own[i].why})
	}
	for i := range own {
		h := &own[i]
		step, ok := d.store(h)
		if ok && step.Op == Compress && h.Twin != NoTwin && slices.ContainsFunc(own, func(t held) bool { return t.Place == step.To }) {
			switch h.Twin {
			case Part:
				l.Finish = append(l.Finish, Step{Op: Remove, From: step.To, Reason: Reason{Code: Broken}})
			case Other:
				d.problems = append(d.problems, Problem{
					Path:   h.Path(),
					Reason: Reason{Code: Differs},
					Detail: step.To.Path() + " holds something else than " + h.Path() + ": both are kept",
				})
				ok = false
			}
		}
		if !h.gone {
			l.Finish = append(l.Finish, d.mail(h, own)...)
		}
		if ok {
			l.Finish = append(l.Finish, step)
		}
		if h.owed || h.Place == l.Turned || h.Ext == "" && (h.gone || ok) {
			l.Settle = append(l.Settle, h.Place)
		}
	}
}

// mail plans that an archive is mailed: before it is removed, or, with
// MailFirst, once it is released. What is owed was not mailed yet, or nobody
// knows. Of a pair, only the plain one is mailed.
func (d *decider) mail(h *held, own []held) []Step {
	switch p := d.policy; {
	case p.Mail == "":
		return nil
	case p.MailFirst:
		if !h.fresh && !h.owed {
			return nil
		}
	case !h.gone || h.Ext != "" && slices.ContainsFunc(own, func(o held) bool {
		return (o.Twin == Whole || o.Twin == Part) && o.Dir == h.Dir && o.Name+h.Ext == h.Name
	}):
		return nil
	}
	to := h.Place
	if d.policy.MailFirst && d.policy.Compress.Enabled() && !(d.policy.DelayCompress && h.newest) {
		to = h.log.Place // as logrotate names what it has just packed
	}
	return []Step{{Op: Mail, From: h.Place, To: to}}
}

// store plans how a plain archive that stays gets its last form and place, if
// it does not have them yet. That its To exists is no reason to leave it: that
// is how a run which was cut short before it removed the plain one looks.
func (d *decider) store(h *held) (Step, bool) {
	if h.gone || h.Ext != "" {
		return Step{}, false
	}
	to := Place{Dir: d.home(h), Name: h.Name}
	switch {
	case d.policy.Compress.Enabled() && h.Twin == Whole:
		return Step{Op: Remove, From: h.Place, Reason: Reason{Code: Packed}}, true
	case d.policy.Compress.Enabled() && !(d.policy.DelayCompress && h.newest):
		to.Name += d.policy.Compress.Ext
		return Step{Op: Compress, From: h.Place, To: to}, !d.inTheWay(to, h.Path()+" is not compressed")
	case to.Dir.Mount != h.Dir.Mount:
		return Step{Op: Move, From: h.Place, To: to}, !d.inTheWay(to, h.Path()+" is not moved")
	}
	return Step{}, false
}

// home is the folder where an archive belongs, or, as long as that is missing,
// where it is.
func (d *decider) home(h *held) *Dir {
	a := h.log.Archive
	if a == nil || a.ID == (ID{}) && h.log.Action != Turn {
		return h.Dir
	}
	return a
}
