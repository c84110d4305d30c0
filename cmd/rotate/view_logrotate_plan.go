package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// intend prints how a run begins. What it does is told when it is done.
func (v *logrotateVoice) intend(p *plan.Plan) {
	if !v.asked.DryRun && !v.asked.SkipStateLock && v.state != os.DevNull {
		v.say("acquired lock on state file %s", v.state)
	}
	v.say("Reading state from file: %s", v.state)
	v.say("\nHandling %d logs", len(p.Policies))
}

// policy prints what is decided about the logs of a policy.
func (v *logrotateVoice) policy(p *plan.Plan, pp *plan.PolicyPlan) {
	v.say("\nrotating pattern: %s %s%s", pp.Policy.Whole(), v.criterion(pp.Policy), terms(pp.Policy))
	if len(pp.Logs)+len(pp.Problems) == 0 {
		v.nothing(pp.Policy)
	}
	for i := range pp.Problems {
		v.say("considering log %s", asked(pp.Policy, &pp.Problems[i]))
		v.problem(p, pp.Policy, &pp.Problems[i])
	}
	for i := range pp.Logs {
		l := &pp.Logs[i]
		if v.loud() || l.Action != plan.Leave {
			v.considered(p, pp.Policy, l)
		}
		if l.Action == plan.Refuse {
			v.failWith("skipping \""+l.Path()+"\": "+l.Reason().Text(p.Now.Location()), "")
		}
	}
}

// nothing prints that a policy has no logs, which is no error.
func (v *logrotateVoice) nothing(p *policy.Policy) {
	if !p.MissingOK {
		v.say("No logs found. Rotation not needed.")
	}
	for _, pattern := range p.Paths {
		v.say("considering log %s", pattern.Text)
		v.say("  log %s does not exist -- skipping", pattern.Text)
	}
}

// criterion is when logs are turned.
func (v *logrotateVoice) criterion(p *policy.Policy) string {
	if v.asked.Force {
		return "forced from command line "
	}
	switch p.Frequency.Unit {
	case policy.Never:
		return fmt.Sprintf("%d bytes ", p.Size)
	case policy.Interval:
		return "after " + policy.FormatDuration(p.Frequency.Every) + " "
	case policy.Hourly:
		return "hourly "
	case policy.Daily:
		return "after 1 days "
	case policy.Weekly:
		return "weekly "
	case policy.Monthly:
		return "monthly "
	}
	return "yearly "
}

// considered prints what is decided about a log, and why.
func (v *logrotateVoice) considered(p *plan.Plan, of *policy.Policy, l *plan.LogPlan) {
	if l.Reason().Code == plan.IsDirectory {
		return // which logrotate does not take for a log
	}
	v.say("considering log %s", l.Path())
	switch l.Reason().Code {
	case plan.MissingLog:
		v.say("  log %s does not exist -- skipping", l.Path())
		return
	case plan.IsSymlink:
		v.say("  log %s is symbolic link. Rotation of symbolic links is not allowed to avoid security issues -- skipping.", l.Path())
		return
	case plan.HardLink:
		v.say("  log %s has multiple (%d) hard links. Rotation of files with multiple hard links is not allowed for %s -- skipping.", l.Path(), l.Reason().Have, of.Whole())
		return
	}
	last := l.Last
	if last.IsZero() {
		last = p.Now.Add(-time.Duration(p.Now.Minute()) * time.Minute)
	}
	v.say("  Now: %s", when(p.Now))
	v.say("  Last rotated at %s", when(last))
	switch l.Action {
	case plan.Turn:
		if l.Reason().Code == plan.LastInFuture {
			v.failWith("log "+l.Path()+" last rotated in the future -- rotation forced", "")
		}
		v.say("  log needs rotating")
	case plan.Leave:
		v.say("  log does not need rotating (%s)", whyNot(p, of, l))
	}
}

// step prints a step up to the new log.
func (v *logrotateVoice) step(of *policy.Policy, l *plan.LogPlan, s plan.Step) {
	from, to := s.From.Path(), s.To.Path()
	switch s.Op {
	case plan.Rename:
		if s.From == l.Place {
			v.say("renaming %s to %s", from, to)
		} else {
			v.say("renaming %s to %s (rotatecount %d, logstart %d, i %d), ", from, to, of.Rotate, of.Start, number(l, s.From))
		}
	case plan.Copy:
		v.say("copying %s to %s", from, to)
	case plan.Truncate:
		v.say("truncating %s", from)
	case plan.MakeDir:
		v.say("creating new directory %s%s", from, madeLike(of.MakeDir, ""))
	case plan.Create:
		v.say("creating new %s%s", from, madeLike(of.Create, l.Path()))
	}
}

// number is that of an archive.
func number(l *plan.LogPlan, archive plan.Place) int {
	for i := range l.Archives {
		if l.Archives[i].Place == archive {
			return l.Archives[i].Generation.N
		}
	}
	return 0
}

// script prints that a script is run, and what it says where it is not.
func (v *logrotateVoice) script(directive, text string, args ...string) {
	v.say("running %s script", directive)
	if v.asked.DryRun {
		v.say("running script with args %s: \"", strings.Join(append(args, "")[:2], " "))
		for line := range strings.Lines(strings.Trim(text, "\n")) {
			v.say("%s", strings.TrimSuffix(line, "\n"))
		}
		v.say("\"")
	}
}
