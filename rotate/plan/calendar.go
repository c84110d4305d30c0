package plan

import (
	"time"

	"rotate/rotate/policy"
)

// A calendar rule reads wall clocks. Between two readings lies a turn of the
// day, the hour, the month; how much time passed does not matter, so a day of
// 23 or 25 hours is a day.

// clock is a reading of a wall clock: the seconds that it is past
// 1970-01-01 00:00, as if every day had 24 hours.
type clock int64

const daySeconds = 24 * 60 * 60

// clockAt reads the wall clock of t's location.
func clockAt(t time.Time) clock {
	_, offset := t.Zone()
	return clock(t.Unix() + int64(offset))
}

// civil returns the fields that c shows, in UTC.
func (c clock) civil() time.Time { return time.Unix(int64(c), 0).UTC() }

// slot numbers the stretches of length every; one begins at each midnight if
// every divides a day.
func (c clock) slot(every time.Duration) int64 {
	n := max(1, int64(every/time.Second))
	if c < 0 {
		return (int64(c)+1)/n - 1
	}
	return int64(c) / n
}

func (c clock) day() int64 { return c.slot(24 * time.Hour) }

// slots is the length of the equal slots that f is made of; 0: of days that
// are counted otherwise.
func slots(f policy.Frequency) time.Duration {
	switch f.Unit {
	case policy.Interval:
		return f.Every
	case policy.Hourly:
		return time.Hour
	case policy.Daily:
		return 24 * time.Hour
	}
	return 0
}

// calendarDue reports whether f turns a log at the reading now that was last
// turned at the reading last.
func calendarDue(f policy.Frequency, last, now clock) bool {
	switch f.Unit {
	case policy.Interval, policy.Hourly, policy.Daily:
		return last.slot(slots(f)) != now.slot(slots(f))
	case policy.Weekly:
		days := now.day() - last.day()
		return days >= 7 || days >= 1 && weekdayOf(now.day()) == weekday(f)
	case policy.Monthly:
		if f.Day > 0 {
			return last.day() < monthday(now, f.Day)
		}
		a, b := last.civil(), now.civil()
		return a.Month() != b.Month() || a.Year() != b.Year()
	case policy.Yearly:
		return last.civil().Year() != now.civil().Year()
	}
	return false
}

// nextTurn returns the first reading after last at which f is due, as seen at
// the reading now, at which it is not.
func nextTurn(f policy.Frequency, last, now clock) clock {
	y, m, _ := last.civil().Date()
	switch f.Unit {
	case policy.Weekly:
		// A weekday that was missed is not made up for before seven days are over.
		from := max(last.day(), now.day())
		return clock(min(from+daysUntil(from, weekday(f)), last.day()+7) * daySeconds)
	case policy.Monthly:
		if f.Day > 0 {
			if d := dayOf(y, m, f.Day); d > last.day() {
				return clock(d * daySeconds)
			}
		}
		return clock(dayOf(y, m+1, max(1, f.Day)) * daySeconds)
	case policy.Yearly:
		return clock(dayOf(y+1, time.January, 1) * daySeconds)
	}
	every := slots(f)
	return clock((last.slot(every) + 1) * max(1, int64(every/time.Second)))
}

// weekday is the day of the week that f names. Without one it is Sunday, as
// logrotate has it; 7 is none of them.
func weekday(f policy.Frequency) int64 {
	if f.Day == policy.AnyDay {
		return int64(time.Sunday)
	}
	return int64(f.Day)
}

func weekdayOf(day int64) int64 {
	const first = int64(time.Thursday) // 1970-01-01
	return ((day+first)%7 + 7) % 7
}

// daysUntil counts the days from day to the next weekday, at least one. If
// there is no such weekday, they are seven.
func daysUntil(day, weekday int64) int64 {
	for n := int64(1); n < 7; n++ {
		if weekdayOf(day+n) == weekday {
			return n
		}
	}
	return 7
}

// monthday returns the latest day on or before c that is the given day of a month.
func monthday(c clock, day int) int64 {
	y, m, _ := c.civil().Date()
	if d := dayOf(y, m, day); d <= c.day() {
		return d
	}
	return dayOf(y, m-1, day)
}

// dayOf counts the days from 1970-01-01 to a day of a month, or to the last
// day of a month that is too short.
func dayOf(y int, m time.Month, day int) int64 {
	last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC)
	return clock(last.Unix()).day() - int64(max(0, last.Day()-day))
}

// clockWentBack is how far ahead of now a log may have been turned before that
// is taken for a clock that was wrong. It covers changes of the time zone.
const clockWentBack = 25 * time.Hour

// isDue reports whether the calendar rule f turns at now, in now's location, a
// log that was last turned at last. A log that was never turned is not due.
func isDue(f policy.Frequency, last, now time.Time) bool {
	if f.Unit == policy.Never || last.IsZero() {
		return false
	}
	return last.Sub(now) > clockWentBack || calendarDue(f, clockAt(last.In(now.Location())), clockAt(now))
}

// NextDue returns the first moment, now or later, at which the calendar rule
// of p makes a log due that was last turned at last: zero for a log that is
// met for the first time now. Days begin in now's location. It reports false
// if p has no calendar rule. Sizes and ages are not looked at.
func NextDue(p *policy.Policy, last, now time.Time) (time.Time, bool) {
	f := p.Frequency
	if f.Unit == policy.Never {
		return time.Time{}, false
	}
	if last.IsZero() {
		last = now
	}
	turn := nextTurn(f, clockAt(last.In(now.Location())), clockAt(now))
	for t := now; ; {
		if isDue(f, last, t) {
			return t, true
		}
		// The clock runs evenly until its zone changes the offset; that jump
		// may lead past the turn, or back before the last one.
		_, offset := t.Zone()
		at := time.Unix(int64(turn)-int64(offset), 0).In(now.Location())
		_, end := t.ZoneBounds()
		if end.IsZero() || at.Before(end) {
			return at, true
		}
		t = end.In(now.Location())
	}
}
