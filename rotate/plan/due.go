package plan

import (
	"time"

	"rotate/rotate/policy"
)

// Needs reports whether Decide needs LogFacts.Stat of a log of p that was last
// turned at last: a rule looks at the log itself, or the calendar makes it due.
func Needs(p *policy.Policy, last, now time.Time, force bool) bool {
	return force || p.Size != 0 || p.MaxSize > 0 || isDue(p.Frequency, last, now)
}

// NeedsArchiveStat reports whether Decide needs Archive.Size and
// Archive.ModTime of the archives of p.
func NeedsArchiveStat(p *policy.Policy) bool {
	return p.MaxAge > 0 || p.MaxTotal > 0 || p.KeepFree > 0
}

// due decides whether a regular file is turned. What stands in the way of a
// turn is only looked for when there would be one, so that nothing has to be
// known of an idle log.
func (r *rules) due(l *LogFacts) (Action, Reason) {
	p := r.policy
	if !Needs(p, l.Last, r.now, r.force) {
		return Leave, r.idle(l)
	}
	if l.Stat == nil {
		return Refuse, Reason{Code: Unexamined}
	}
	turn, reason := r.rule(l)
	switch {
	case !turn:
		return Leave, reason
	case l.Stat.Size == int64(l.Blank) && !p.IfEmpty:
		return Leave, Reason{Code: Empty}
	case l.Links > 1 && !p.AllowHardLink:
		return r.odd(), Reason{Code: HardLink, Have: int64(l.Links)}
	case r.halt:
		return Leave, Reason{Code: HeldBack}
	}
	return Turn, reason
}

// rule finds the rule that decides. The order, and which comparisons are
// strict, are logrotate's: minsize and minage restrain the calendar only.
func (r *rules) rule(l *LogFacts) (turn bool, reason Reason) {
	p, size := r.policy, l.Stat.Size-int64(l.Blank)
	switch {
	case r.force:
		return true, Reason{Code: Forced}
	case p.MaxSize > 0 && size > p.MaxSize:
		return true, Reason{OverMaxSize, size, p.MaxSize}
	case p.Size != 0 && size >= p.Size:
		return true, Reason{OverSize, size, max(0, p.Size)}
	case p.Size != 0:
		return false, Reason{BelowSize, size, p.Size}
	case p.Frequency.Unit == policy.Never:
		return false, Reason{BelowMaxSize, size, p.MaxSize}
	case !isDue(p.Frequency, l.Last, r.now):
		return false, r.idle(l)
	case l.Last.Sub(r.now) > clockWentBack:
		return true, Reason{LastInFuture, l.Last.Unix(), r.now.Unix()}
	case size < p.MinSize:
		return false, Reason{BelowMinSize, size, p.MinSize}
	}
	if age := r.now.Sub(time.Unix(0, l.Stat.ModTime)); p.MinAge > 0 && age <= p.MinAge {
		return false, Reason{BelowMinAge, int64(max(0, age) / time.Second), int64(p.MinAge / time.Second)}
	}
	return true, byCalendar(p.Frequency, l.Last)
}

func byCalendar(f policy.Frequency, last time.Time) Reason {
	r := Reason{Have: last.Unix()}
	switch f.Unit {
	case policy.Interval:
		r.Code, r.Limit = DueInterval, int64(f.Every/time.Second)
	case policy.Hourly:
		r.Code = DueHourly
	case policy.Daily:
		r.Code = DueDaily
	case policy.Weekly:
		r.Code = DueWeekly
	case policy.Monthly:
		r.Code = DueMonthly
	case policy.Yearly:
		r.Code = DueYearly
	}
	return r
}

// idle says when the calendar comes back to a log that is not due.
func (r *rules) idle(l *LogFacts) Reason {
	next, ok := NextDue(r.policy, l.Last, r.now)
	switch {
	case !ok:
		return Reason{Code: NoRule}
	case l.Last.IsZero():
		return Reason{Code: FirstSeen, Limit: next.Unix()}
	}
	return Reason{NotDue, l.Last.Unix(), next.Unix()}
}
