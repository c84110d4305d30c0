package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// done prints what a run did.
func (v *voice) done(r *rotate.Report) {
	v.say("\n%s", v.bold("done"))
	for _, t := range r.Targets {
		v.told(t)
	}
	turned := 0
	for _, l := range r.Logs {
		if l.Turned {
			turned++
		}
		if words := results(v.style, l); len(words) > 0 {
			v.head(2, v.bold(name(l.Log.Path())), strings.Join(words, ", "))
		}
	}
	v.say("  %s turned", count(turned, "log"))
}

// told prints what came of telling a target, unless it failed.
func (v *voice) told(t *rotate.TargetReport) {
	switch {
	case t.Missing && t.Target.Unit != "":
		v.say("  %s does not run: there is nobody to tell", unit(&t.Target))
	case t.Missing:
		v.say("  no %s: nothing runs that could be told", name(t.Target.Pidfile))
	case !t.Target.Signals() && t.Err == nil:
		v.say("  ran %q", t.Target.Command)
	}
	for _, p := range t.Told {
		v.head(2, "sent "+signalName(t.Target.Signal)+" to "+process(p), name(p.Whence()))
	}
}

func process(p *rotate.Told) string { return fmt.Sprintf("%s (pid %d)", name(p.Name), p.PID) }

// results says what was done to a log, in a few words each.
func results(s style, l *rotate.LogReport) (words []string) {
	if l.Turned {
		words = append(words, "turned")
	}
	if l.Turned && l.Rare != nil && l.Rare.Emptied != rotate.NoWay {
		words = append(words, emptied[l.Rare.Emptied])
	}
	words = append(words, settled(l)...)
	var in, out int64
	var packed, removed, undone int
	for _, step := range l.Steps() {
		switch {
		case !step.Done:
			undone++
		case step.Op == plan.Compress:
			in, out, packed = in+step.In, out+step.Out, packed+1
		case step.Op == plan.Remove:
			removed++
		}
	}
	if packed > 0 {
		words = append(words, fmt.Sprintf("compressed %s %s %s", size(in), s.arrow, size(out)))
	}
	if removed > 0 {
		words = append(words, fmt.Sprintf("%d removed", removed))
	}
	if undone > 0 {
		words = append(words, count(undone, "step")+" not done")
	}
	return words
}

// settled says of which archives the writers let go.
func settled(l *rotate.LogReport) (words []string) {
	archives := map[signaler.Status][]plan.Place{}
	var oldest time.Time
	var waits, past []plan.Place // nobody is seen to write them
	var after time.Duration
	for _, s := range l.Settled() {
		switch {
		case s.Past():
			past = append(past, s.Archive)
			continue
		case s.Unseen:
			waits = append(waits, s.Archive)
			continue
		}
		archives[s.Status] = append(archives[s.Status], s.Archive)
		if s.Status == signaler.Released {
			after = max(after, s.After)
		} else if !s.Since.IsZero() && (oldest.IsZero() || s.Since.Before(oldest)) {
			oldest = s.Since
		}
	}
	for _, s := range []struct {
		status signaler.Status
		format string
	}{
		{signaler.Released, "%s released after " + took(after)},
		{signaler.Held, "%s still written"},
		{signaler.Unknown, "nobody can tell who writes %s"},
	} {
		if files := filesOf(l.Log, archives[s.status]); len(files) > 0 {
			words = append(words, fmt.Sprintf(s.format, strings.Join(files, " ")))
		}
	}
	if !oldest.IsZero() {
		words = append(words, "owed since "+when(oldest))
	}
	if files := filesOf(l.Log, waits); len(files) > 0 {
		words = append(words, "nobody is seen to write "+strings.Join(files, " ")+", which waits for the next rotation as no lease proves it")
	}
	if files := filesOf(l.Log, past); len(files) > 0 {
		words = append(words, "nobody was seen to write "+strings.Join(files, " ")+" until now, taken for released")
	}
	return words
}

// failures says what a run failed to do, and what it owes.
func (v *voice) failures(r *rotate.Report) {
	for _, t := range r.Targets {
		v.unhealthy(t)
		for _, p := range t.Told {
			if p.Doubt != nil {
				v.warn(p.Doubt)
			}
		}
	}
	for _, l := range r.Logs {
		for _, err := range l.Errs() {
			v.fail(err)
		}
		v.owed(r, l)
	}
	for _, err := range r.Errs {
		v.fail(err)
	}
}

// owed says which archives of a log are not proven released, and how much of a
// copied one may be lost.
func (v *voice) owed(r *rotate.Report, l *rotate.LogReport) {
	if l.Rare == nil {
		return
	}
	for _, s := range l.Settled() {
		switch {
		case s.Unseen: // not owed
		case s.Status == signaler.Held:
			v.failWith(stillWritten(r, l, &s), holdHint(r, l, &s))
		case s.Status == signaler.Unknown:
			v.failWith(maybeWritten(r, l, &s), openHint(r, l, &s))
		}
	}
	if n := l.AtRisk(); n > 0 {
		v.note(yellow, "warning:", fmt.Sprintf("%s: %s were written while it was copied and truncated, and may be lost", name(l.Log.Path()), size(n)))
		v.hint("without copytruncate nothing is: let the service reopen its log, and say how in notify")
	}
}

// unhealthy says why a target could not be told, or what became of it.
func (v *voice) unhealthy(t *rotate.TargetReport) {
	if t.Err != nil {
		for _, err := range apart(t.Err) {
			v.failWith("policy "+name(t.Policy)+": "+err.Error(), hint(err))
		}
	}
	for _, p := range t.Told {
		if p.Died {
			v.failWith(fmt.Sprintf("policy %s: %s ended after it got %s", name(t.Policy), process(p), signalName(t.Target.Signal)),
				"see the service's manual for the signal on which it reopens its logs, and start it again")
		}
	}
}

// stillWritten says who holds an archive, and what that means for it.
func stillWritten(r *rotate.Report, l *rotate.LogReport, s *rotate.Settled) string {
	by := ", by whom cannot be told"
	if len(s.Holders) > 0 {
		by = " by " + holders(s.Holders, toldBy(r, l.Policy))
	}
	return aged(r, s) + " is still written" + by + "; " + left(l.Log, s.Archive) + ", the next run tries again"
}

// aged names an archive that is owed, and since when unless it is new.
func aged(r *rotate.Report, s *rotate.Settled) string {
	text := name(s.Archive.Path())
	if !s.Since.IsZero() && s.Since.Before(r.Plan.Now) {
		text += ", turned " + when(s.Since) + ","
	}
	return text
}

// maybeWritten says why it is not known whether an archive is still written.
func maybeWritten(r *rotate.Report, l *rotate.LogReport, s *rotate.Settled) string {
	why := "no lease can be had"
	if s.Err != nil {
		why = s.Err.Error()
	}
	return aged(r, s) + " may still be written: " + why + "; " + left(l.Log, s.Archive) + ", the next run tries again"
}

// doubtHint says what it takes to know.
func doubtHint(err error) string {
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		return "run as root with CAP_LEASE, or as the owner of the log: CapabilityBoundingSet= of a unit must not take it away"
	}
	return "only a file system that grants leases can prove it: keep logs on a local one"
}

// left is what is not done to an archive that is still written.
func left(l *plan.LogPlan, archive plan.Place) string {
	w := l.Work()
	i := slices.IndexFunc(w.Finish, func(s plan.Step) bool { return s.From == archive && s.Op != plan.PreRemove })
	if i < 0 {
		return "left as it is"
	}
	return map[plan.Op]string{plan.Compress: "left uncompressed", plan.Remove: "not removed", plan.Move: "not moved", plan.Mail: "not mailed"}[w.Finish[i].Op]
}

// named is how many holders a line names.
const named = 3

// holders names who writes to a file; told are the processes that got a signal.
func holders(all []signaler.Holder, told map[int]string) string {
	var words []string
	for _, h := range all[:min(named, len(all))] {
		words = append(words, holder(&h, told))
	}
	if more := len(all) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}

func holder(h *signaler.Holder, told map[int]string) string {
	facts := []string{fmt.Sprintf("pid %d", h.PID), "user " + h.User}
	if h.Worker || told[h.PPID] != "" {
		facts = append(facts, fmt.Sprintf("worker of %d", h.PPID))
	}
	if h.Unit != "" {
		facts = append(facts, h.Unit)
	}
	if h.Mapped && !h.Writable {
		facts = append(facts, "mapped")
	} else {
		facts = append(facts, fmt.Sprintf("fd %d", h.FD))
	}
	return name(h.Name) + " (" + strings.Join(facts, ", ") + ")"
}

// openHint says why an archive is not proven released, and what to do.
func openHint(r *rotate.Report, l *rotate.LogReport, s *rotate.Settled) string {
	switch s.Status {
	case signaler.Held:
		return holdHint(r, l, s)
	case signaler.Unknown:
		return doubtHint(s.Err)
	}
	return ""
}

// holdHint says why a writer may not have let go.
func holdHint(r *rotate.Report, l *rotate.LogReport, s *rotate.Settled) string {
	p := l.Policy
	told := toldBy(r, p)
	for _, h := range s.Holders {
		switch {
		case told[h.PID] != "":
			return fmt.Sprintf("it got %s: it must reopen its log on that signal, within the wait of the policy", told[h.PID])
		case told[h.PPID] != "":
			return fmt.Sprintf("its master %d got %s: it must tell each worker to reopen the log, see docs/node.md", h.PPID, told[h.PPID])
		}
	}
	missing := slices.IndexFunc(r.Targets, func(t *rotate.TargetReport) bool { return t.Missing && names(p, &t.Target) })
	switch {
	case len(s.Holders) == 0 && !s.Complete:
		return "not every process may be looked into: run as root, where /proc hides none"
	case len(s.Holders) == 0:
		return "it may be a process of another container, a descriptor in flight or of io_uring, a loop device, swap"
	case len(p.Notify) == 0 && p.Scripts.Post == "":
		return "nobody is told: give the policy a [[log." + p.Name + ".notify]] with the pidfile or unit of the service"
	case missing >= 0 && r.Targets[missing].Target.Unit != "":
		return unit(&r.Targets[missing].Target) + " does not run: is that the service that writes it?"
	case missing >= 0:
		return "there is no " + name(r.Targets[missing].Target.Pidfile) + ": is that where the service writes its pid?"
	case len(told) > 0:
		return "who was told is neither this process nor its parent: is it the right pidfile?"
	}
	return ""
}

// toldBy lists the processes that were told for a policy, and the signal.
func toldBy(r *rotate.Report, p *policy.Policy) map[int]string {
	told := map[int]string{}
	for _, t := range r.Targets {
		if !names(p, &t.Target) {
			continue
		}
		for _, who := range t.Told {
			told[who.PID] = signalName(t.Target.Signal)
		}
	}
	return told
}

// names reports whether a policy names a target. One that several name is
// told for all of them.
func names(p *policy.Policy, t *policy.Target) bool {
	return slices.ContainsFunc(p.Notify, func(own policy.Target) bool {
		return own.Key() == t.Key()
	})
}
