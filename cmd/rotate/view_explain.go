package main

import (
	"fmt"
	"os"
	"strings"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// explain prints what is known of a log.
func (v *voice) explain(x *explanation) {
	l, now := x.log, x.plan.Now
	v.say("%s", v.bold(name(l.Path())))
	v.fact("policy", x.policy.Name+" "+v.dash+" "+name(x.policy.Pos.String()))
	for _, p := range x.others {
		v.fact("", fmt.Sprintf("(%s at %s matches too, but comes later)", p.Name, name(p.Pos.String())))
	}
	v.fact("when", strings.Join(whenRules(x.policy), ", "))
	v.fact("keep", strings.Join(keepRules(x.policy), ", "))
	v.fact("last", lastTurned(l))
	if next, ok := plan.NextDue(x.policy, l.Last, now); ok && next.After(now) {
		v.fact("due", when(next))
	}
	v.fact("now", v.bold(l.Action.String())+": "+l.Reason().Text(now.Location()))
	v.fact("", remedies[l.Reason().Code])
	v.fact("size", sizeOf(l))
	v.fact("writers", writersOf(x))
	if x.foreseen.Way != rotate.NoWay {
		v.fact("emptied", emptying[x.foreseen.Way])
		for i := range x.foreseen.Strays {
			v.fact("", stray(&x.foreseen.Strays[i]))
			v.fact("", appendHint)
		}
	}
	v.targets(x)
	v.archives(x)
	if !l.Idle() && l.Action != plan.Refuse {
		v.say("  the next run")
		v.steps(x.plan, x.policy, l, false)
	}
}

// fact prints a line of an explanation, in as many as it takes.
func (v *voice) fact(label, text string) {
	if text != "" {
		v.wrap(2, fmt.Sprintf("%-10s", label), strings.Fields(text))
	}
}

// targets prints whom a run would tell, and what would be in its way.
func (v *voice) targets(x *explanation) {
	if len(x.targets) == 0 {
		v.fact("tells", "nobody")
	}
	for _, t := range x.targets {
		v.fact("tells", whomItTells(t))
		for _, err := range apart(t.Err) {
			v.fact("", err.Error())
			v.fact("", hint(err))
		}
	}
	for _, odd := range x.odd {
		v.fact("", odd.Error())
	}
}

// whomItTells lists the processes that a target would signal.
func whomItTells(t *rotate.TargetReport) string {
	if !t.Target.Signals() {
		return fmt.Sprintf("whom %q tells", t.Target.Command)
	}
	if len(t.Told) == 0 {
		return "nobody"
	}
	who := make([]string, len(t.Told))
	for i, p := range t.Told {
		who[i] = process(p) + " by " + name(p.Whence())
	}
	return signalName(t.Target.Signal) + " to " + strings.Join(who, ", ")
}

// whenRules lists the rules that decide when a log is turned.
func whenRules(p *policy.Policy) (rules []string) {
	if p.Frequency.Unit != policy.Never {
		rules = append(rules, p.Frequency.String())
	}
	for _, r := range []struct {
		text  string
		bytes int64
	}{{"size", p.Size}, {"minsize", p.MinSize}, {"maxsize", p.MaxSize}} {
		if r.bytes != 0 {
			rules = append(rules, r.text+" "+policy.FormatSize(max(0, r.bytes)))
		}
	}
	if p.MinAge > 0 {
		rules = append(rules, "minage "+policy.FormatDuration(p.MinAge))
	}
	if !p.IfEmpty {
		rules = append(rules, "unless empty")
	}
	return rules
}

// keepRules lists the rules that decide how long archives are kept.
func keepRules(p *policy.Policy) (rules []string) {
	if p.Rotate >= 0 {
		rules = append(rules, fmt.Sprintf("rotate %d", p.Rotate))
	}
	if p.MaxAge > 0 {
		rules = append(rules, "maxage "+policy.FormatDuration(p.MaxAge))
	}
	return append(rules, space(p)...)
}

func lastTurned(l *plan.LogPlan) string {
	if l.Last.IsZero() {
		return "not on record"
	}
	return when(l.Last)
}

func sizeOf(l *plan.LogPlan) string {
	info, err := os.Lstat(l.Path())
	if err != nil {
		return l.Kind.String()
	}
	return fmt.Sprintf("%s, last written %s", size(info.Size()), when(info.ModTime()))
}

func writersOf(x *explanation) string {
	if len(x.writers) == 0 {
		return "none that can be seen"
	}
	return holders(x.writers, nil)
}

// archives prints the archives of a log, and what ends each.
func (v *voice) archives(x *explanation) {
	shelf := shelve(x.policy, x.log.LogFacts, x.plan.Now)
	if len(shelf) == 0 {
		v.fact("archives", "none")
		return
	}
	v.say("  archives")
	longest := 0
	for i := range shelf {
		longest = max(longest, visible(within(x.log.Dir, shelf[i].Place)))
	}
	for i := range shelf {
		a := &shelf[i]
		label := within(x.log.Dir, a.Place)
		bytes := ""
		if info, err := os.Lstat(a.Path()); err == nil {
			bytes, a.ModTime = size(info.Size()), info.ModTime()
		}
		label = fmt.Sprintf("%-*s %5s  %s  ", min(longest, width/2), label, bytes, when(a.ModTime))
		v.wrap(4, label, strings.Fields(a.end(x.policy, x.plan.Now)))
	}
}
