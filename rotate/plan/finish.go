package plan

import "slices"

// finish plans phase 4 of l, and what must be proven released before it. Its
// archives own are in order, the newest first. What expired goes first: it
// may make the room that the rest needs.
func (r *rules) finish(w *Work, own []held) {
	for i := len(own) - 1; i >= 0; i-- {
		if !own[i].gone {
			continue
		}
		at := own[i].Place
		if r.policy.Scripts.PreRemove != "" {
			w.Finish = append(w.Finish, Step{Op: PreRemove, From: at})
		}
		w.Finish = append(w.Finish, r.mail(&own[i], own)...) // not again and again of what may not be removed
		w.Finish = append(w.Finish, Step{Op: Remove, From: at, Reason: own[i].why})
	}
	for i := range own {
		h := &own[i]
		step, ok := r.store(w, h)
		if ok && step.Op == Compress && h.Twin != NoTwin && slices.ContainsFunc(own, func(t held) bool { return t.Place == step.To }) {
			switch h.Twin {
			case Part:
				w.Finish = append(w.Finish, Step{Op: Remove, From: step.To, Reason: Reason{Code: Broken}})
			case Other:
				w.problems = append(w.problems, Problem{
					Path:   h.Path(),
					Reason: Reason{Code: Differs},
					Detail: step.To.Path() + " holds something else than " + h.Path() + ": both are kept",
				})
				ok = false
			}
		}
		if !h.gone {
			w.Finish = append(w.Finish, r.mail(h, own)...)
		}
		if ok {
			w.Finish = append(w.Finish, step)
		}
		if h.owed || h.Place == w.Turned || h.Ext == "" && (h.gone || ok) {
			w.Settle = append(w.Settle, h.Place)
		}
	}
}

// mail plans that an archive is mailed: before it is removed, or, with
// MailFirst, once it is released. What is owed was not mailed yet, or nobody
// knows. Of a pair, only the plain one is mailed.
func (r *rules) mail(h *held, own []held) []Step {
	switch p := r.policy; {
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
	switch { // logrotate packs before it mails
	case !r.packs(h):
	case r.policy.MailFirst:
		to = h.log.Place
	case h.Ext == "":
		to.Name += r.policy.Compress.Ext
	}
	return []Step{{Op: Mail, From: h.Place, To: to}}
}

// packs reports whether the policy has h compressed by now.
func (r *rules) packs(h *held) bool {
	return r.policy.Compress.Enabled() && !(r.policy.DelayCompress && h.newest)
}

// store plans how a plain archive that stays gets its last form and place, if
// it does not have them yet. That its To exists is no reason to leave it: that
// is how a run which was cut short before it removed the plain one looks.
func (r *rules) store(w *Work, h *held) (Step, bool) {
	if h.gone || h.Ext != "" {
		return Step{}, false
	}
	to := Place{Dir: r.home(h), Name: h.Name}
	switch {
	case h.Twin == Whole:
		return Step{Op: Remove, From: h.Place, Reason: Reason{Code: Packed}}, true
	case r.packs(h):
		to.Name += r.policy.Compress.Ext
		return Step{Op: Compress, From: h.Place, To: to}, r.clear(w, to, h, " is not compressed")
	case to.Dir.Mount != h.Dir.Mount:
		return Step{Op: Move, From: h.Place, To: to}, r.clear(w, to, h, " is not moved")
	}
	return Step{}, false
}

// clear reports whether nothing else is called to, or notes what comes of it.
func (r *rules) clear(w *Work, to Place, h *held, so string) bool {
	if len(r.taken) == 0 {
		return true
	}
	p, taken := r.inTheWay(to, h.Path()+so)
	if taken {
		w.problems = append(w.problems, p)
	}
	return !taken
}

// home is the folder where an archive belongs, or, as long as that is missing,
// where it is.
func (r *rules) home(h *held) *Dir {
	a := h.log.Archive
	if a == nil || a.ID == (ID{}) && h.log.Action != Turn {
		return h.Dir
	}
	return a
}
