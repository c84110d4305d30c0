package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// plan prints what a run does, in the order of its phases for each log. Logs
// that nothing is done to are counted; all has them, and every step, in full.
func (v *voice) plan(p *plan.Plan, all bool) {
	var sum census
	for i := range p.Policies {
		v.policyPlan(p, &p.Policies[i], all, &sum)
	}
	for _, p := range p.Litter {
		v.say("remove %s, which a run left that was killed", name(p.Path()))
	}
	v.say("%s", sum)
}

// policyPlan prints what a run does for one policy.
func (v *voice) policyPlan(p *plan.Plan, pp *plan.PolicyPlan, all bool, sum *census) {
	named := false
	for i := range pp.Logs {
		l := &pp.Logs[i]
		sum.add(l)
		if l.Action == plan.Refuse || l.Idle() && !all {
			continue // the one is an error and told as such, the other is counted
		}
		if !named {
			v.say("%s %s %s", v.bold(name(pp.Policy.Name)), v.dash, name(pp.Policy.Pos.String()))
			named = true
		}
		v.head(2, l.Action.String()+" "+v.bold(name(l.Path())), l.Reason().Text(p.Now.Location()))
		v.steps(p, pp.Policy, l, all)
	}
	if named {
		v.say("")
	}
}

// census counts logs by what is done to them.
type census struct{ turn, tidy, idle, refused int }

func (s *census) add(l *plan.LogPlan) {
	switch {
	case l.Action == plan.Turn:
		s.turn++
	case l.Action == plan.Refuse:
		s.refused++
	case l.Idle():
		s.idle++
	default:
		s.tidy++
	}
}

func (s census) String() string {
	var words []string
	for _, w := range []struct {
		n    int
		what string
	}{{s.turn, "to turn"}, {s.tidy, "to tidy up after"}, {s.idle, "not due"}, {s.refused, "refused"}} {
		switch {
		case w.n == 0:
		case words == nil:
			words = append(words, count(w.n, "log")+" "+w.what)
		default:
			words = append(words, fmt.Sprintf("%d %s", w.n, w.what))
		}
	}
	if words == nil {
		return "no logs"
	}
	return strings.Join(words, ", ")
}

// few is how many steps of one kind are told one by one.
const few = 4

// steps prints the steps for one log. Of many of one kind in a row, unless all
// are wanted, the first and the last stand for the others.
func (v *voice) steps(whole *plan.Plan, p *policy.Policy, l *plan.LogPlan, all bool) {
	run := func(steps []plan.Step) {
		for len(steps) > 0 {
			n := 1
			for n < len(steps) && steps[n].Op == steps[0].Op {
				n++
			}
			if n <= few || all {
				for _, s := range steps[:n] {
					v.planned(whole, p, l, s)
				}
			} else {
				v.planned(whole, p, l, steps[0])
				v.step("", fmt.Sprintf("(%d more)", n-2))
				v.planned(whole, p, l, steps[n-1])
			}
			steps = steps[n:]
		}
	}
	w := l.Work()
	run(w.Turn)
	v.settling(p, l, &w)
	run(w.Finish)
}

// planned prints one step.
func (v *voice) planned(whole *plan.Plan, p *policy.Policy, l *plan.LogPlan, s plan.Step) {
	from, to := within(l.Dir, s.From), within(l.Dir, s.To)
	switch s.Op {
	case plan.Rename, plan.Copy, plan.Compress, plan.Move:
		v.step(s.Op.String(), from, v.arrow+" "+to)
	case plan.Create:
		v.step("create", from+",", looks(p.Create))
	case plan.MakeDir:
		v.step("mkdir", from+",", looks(p.MakeDir))
	case plan.Remove:
		v.step("remove", from+":", s.Reason.Text(whole.Now.Location()))
	case plan.Mail:
		v.step("mail", from, "to "+p.Mail)
	case plan.PreRotate, plan.PreRemove:
		v.step("run", s.Op.String())
	default:
		v.step(s.Op.String(), from)
	}
}

// settling prints whom the run tells, and what it then waits for.
func (v *voice) settling(p *policy.Policy, l *plan.LogPlan, w *plan.Work) {
	if len(w.Settle) == 0 {
		return
	}
	files := filesOf(l, w.Settle)
	var wait string
	for i := range p.Notify {
		t := &p.Notify[i]
		verb, whom := target(t)
		if l.Action == plan.Turn {
			v.step(verb, whom)
		} else {
			v.step(verb, append([]string{whom + ",", "if somebody still writes"}, files...)...)
		}
		wait = fmt.Sprintf("up to %s until nobody writes", policy.FormatDuration(t.Wait))
	}
	if p.Scripts.Post != "" && l.Action == plan.Turn {
		v.step("run", "postrotate")
	}
	if wait == "" {
		v.step("check", append([]string{"that nobody writes"}, files...)...)
		return
	}
	v.step("wait", append([]string{wait}, files...)...)
}

// filesOf names archives of a log, or, if they are many, the first.
func filesOf(l *plan.LogPlan, archives []plan.Place) (words []string) {
	n := len(archives)
	if n > few {
		n = 1
	}
	for i, a := range archives[:n] {
		word := within(l.Dir, a)
		if i < n-1 {
			word += ","
		}
		words = append(words, word)
	}
	if more := len(archives) - n; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return words
}

// target says what a target is told, as a verb and whom.
func target(t *policy.Target) (verb, whom string) {
	switch {
	case t.Pidfile != "":
		return "signal", signalName(t.Signal) + " to the pid in " + name(t.Pidfile)
	case t.Unit != "":
		return "signal", signalName(t.Signal) + " to the main process of " + unit(t)
	}
	return "run", fmt.Sprintf("%q", t.Command)
}

// unit is the name of the unit of a target, and whose it is.
func unit(t *policy.Target) string {
	if t.UserUnit {
		return name(t.Unit) + " of " + name(t.Match.User)
	}
	return name(t.Unit)
}

// step prints a verb and its objects.
func (v *voice) step(verb string, objects ...string) {
	v.wrap(4, fmt.Sprintf("%-10s", verb), objects)
}

// head prints a heading, and behind it or below it a remark.
func (v *voice) head(indent int, head, remark string) {
	fmt.Fprintf(v.out, "%*s%s", indent, "", head)
	if indent+visible(head)+3+visible(remark) <= width {
		v.say(" %s %s", v.dash, v.dim(remark))
		return
	}
	v.say("")
	v.wrap(indent+4, "", strings.Fields(v.dim(remark)))
}

// wrap prints words behind a label, and below each other if there is no room.
func (v *voice) wrap(indent int, label string, words []string) {
	fmt.Fprintf(v.out, "%*s%s", indent, "", label)
	indent += visible(label)
	at := indent
	for i, w := range words {
		switch {
		case i == 0:
		case at+1+visible(w) > width:
			fmt.Fprintf(v.out, "\n%*s", indent, "")
			at = indent
		default:
			fmt.Fprint(v.out, " ")
			at++
		}
		fmt.Fprint(v.out, w)
		at += visible(w)
	}
	v.say("")
}

// visible counts the columns of s, colours apart.
func visible(s string) int {
	n, code := 0, false
	for ; s != ""; s = s[1:] {
		switch {
		case s[0] == '\x1b':
			code = true
		case code:
			code = s[0] != 'm'
		case utf8.RuneStart(s[0]):
			n++
		}
	}
	return n
}
