package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	"rotate/rotate/policy"
)

// Monday 2026-11-23, noon.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }

var (
	hourly = policy.Frequency{Unit: policy.Hourly, Day: policy.AnyDay}
	daily  = policy.Frequency{Unit: policy.Daily, Day: policy.AnyDay}
	yearly = policy.Frequency{Unit: policy.Yearly, Day: policy.AnyDay}
)

func weekly(day int) policy.Frequency  { return policy.Frequency{Unit: policy.Weekly, Day: day} }
func monthly(day int) policy.Frequency { return policy.Frequency{Unit: policy.Monthly, Day: day} }
func every(d time.Duration) policy.Frequency {
	return policy.Frequency{Unit: policy.Interval, Every: d, Day: policy.AnyDay}
}

// TestDue has one fact a line. Those on sizes, ages, emptiness, force, first
// sight and the future are logrotate 3.21's answers too.
func TestDue(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name    string
		policy  policy.Policy
		size    int64
		last    time.Time
		age     time.Duration // since the log was written
		links   uint32
		force   bool
		action  Action
		code    Code
		reason  string
		noStats bool
	}{
		{name: "size is reached", policy: policy.Policy{Size: 100}, size: 100, last: at(23, 3), action: Turn, code: OverSize, reason: "size 100 >= size 100"},
		{name: "size is not reached", policy: policy.Policy{Size: 100}, size: 99, last: at(1, 3), action: Leave, code: BelowSize, reason: "size 99 < size 100"},
		{name: "size alone needs no past", policy: policy.Policy{Size: 100}, size: 100, action: Turn, code: OverSize, reason: "size 100 >= size 100"},
		{name: "size alone sees no future", policy: policy.Policy{Size: 100}, size: 99, last: at(30, 0), action: Leave, code: BelowSize, reason: "size 99 < size 100"},
		{name: "size does not wait for minage", policy: policy.Policy{Size: 100, MinAge: day}, size: 100, last: at(23, 3), age: time.Second, action: Turn, code: OverSize, reason: "size 100 >= size 100"},
		{name: "maxsize is exceeded", policy: policy.Policy{Frequency: daily, MaxSize: 10 << 20}, size: 12 << 20, last: at(23, 3), action: Turn, code: OverMaxSize, reason: "size 12M > maxsize 10M"},
		{name: "maxsize is met, not exceeded", policy: policy.Policy{Frequency: daily, MaxSize: 100}, size: 100, last: at(23, 3), action: Leave, code: NotDue, reason: "last rotated 2026-11-23 03:00, next due 2026-11-24"},
		{name: "maxsize needs no past", policy: policy.Policy{Frequency: daily, MaxSize: 100}, size: 101, action: Turn, code: OverMaxSize, reason: "size 101 > maxsize 100"},
		{name: "maxsize does not wait for minsize", policy: policy.Policy{Frequency: daily, MaxSize: 10, MinSize: 1000}, size: 100, last: at(22, 3), action: Turn, code: OverMaxSize, reason: "size 100 > maxsize 10"},
		{name: "maxsize alone", policy: policy.Policy{MaxSize: 100}, size: 100, last: at(1, 3), action: Leave, code: BelowMaxSize, reason: "size 100 <= maxsize 100"},
		{name: "minsize is met", policy: policy.Policy{Frequency: daily, MinSize: 100}, size: 100, last: at(22, 3), action: Turn, code: DueDaily, reason: "last rotated 2026-11-22, daily"},
		{name: "minsize is not met", policy: policy.Policy{Frequency: daily, MinSize: 100}, size: 99, last: at(22, 3), action: Leave, code: BelowMinSize, reason: "size 99 < minsize 100"},
		{name: "minage is exceeded", policy: policy.Policy{Frequency: daily, MinAge: day}, size: 1, last: at(22, 3), age: day + time.Second, action: Turn, code: DueDaily, reason: "last rotated 2026-11-22, daily"},
		{name: "minage is met, not exceeded", policy: policy.Policy{Frequency: daily, MinAge: day}, size: 1, last: at(22, 3), age: day, action: Leave, code: BelowMinAge, reason: "written 1d ago, minage 1d"},
		{name: "a log from the future is young", policy: policy.Policy{Frequency: daily, MinAge: day}, size: 1, last: at(22, 3), age: -day, action: Leave, code: BelowMinAge, reason: "written 0s ago, minage 1d"},
		{name: "empty", policy: policy.Policy{Frequency: daily}, last: at(22, 3), action: Leave, code: Empty, reason: "empty"},
		{name: "empty, ifempty", policy: policy.Policy{Frequency: daily, IfEmpty: true}, last: at(22, 3), action: Turn, code: DueDaily, reason: "last rotated 2026-11-22, daily"},
		{name: "empty, forced", policy: policy.Policy{Frequency: daily}, last: at(22, 3), force: true, action: Leave, code: Empty, reason: "empty"},
		{name: "forced", policy: policy.Policy{Frequency: daily, MinSize: 100, MinAge: day}, size: 1, last: at(23, 3), force: true, action: Turn, code: Forced, reason: "forced"},
		{name: "forced, never seen", policy: policy.Policy{Frequency: daily}, size: 1, force: true, action: Turn, code: Forced, reason: "forced"},
		{name: "never seen", policy: policy.Policy{Frequency: daily}, size: 1, action: Leave, code: FirstSeen, reason: "first seen; next due 2026-11-24"},
		{name: "never seen, hourly", policy: policy.Policy{Frequency: hourly}, size: 1, action: Leave, code: FirstSeen, reason: "first seen; next due 2026-11-23 13:00"},
		{name: "no rule", size: 1, last: at(1, 3), action: Leave, code: NoRule, reason: "no rule says when"},
		{name: "no rule, never seen", size: 1, action: Leave, code: NoRule, reason: "no rule says when"},
		{name: "turned 25 hours ahead: the calendar decides", policy: policy.Policy{Frequency: weekly(policy.AnyDay)}, size: 1, last: at(24, 13), action: Leave, code: NotDue, reason: "last rotated 2026-11-24 13:00, next due 2026-11-29"},
		{name: "turned a day ahead, daily: another day", policy: policy.Policy{Frequency: daily}, size: 1, last: at(24, 12), action: Turn, code: DueDaily, reason: "last rotated 2026-11-24, daily"},
		{name: "turned more than 25 hours ahead: the clock went back", policy: policy.Policy{Frequency: yearly}, size: 1, last: at(24, 14), action: Turn, code: LastInFuture, reason: "last rotated 2026-11-24 14:00, which is in the future"},
		{name: "the clock went back: minsize and minage do not matter", policy: policy.Policy{Frequency: yearly, MinSize: 100, MinAge: day}, size: 1, last: at(28, 0), action: Turn, code: LastInFuture, reason: "last rotated 2026-11-28, which is in the future"},
		{name: "hourly", policy: policy.Policy{Frequency: hourly}, size: 1, last: at(23, 11), action: Turn, code: DueHourly, reason: "last rotated 2026-11-23 11:00, hourly"},
		{name: "weekly", policy: policy.Policy{Frequency: weekly(1)}, size: 1, last: at(22, 3), action: Turn, code: DueWeekly, reason: "last rotated 2026-11-22, weekly"},
		{name: "monthly", policy: policy.Policy{Frequency: monthly(policy.AnyDay)}, size: 1, last: time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), action: Turn, code: DueMonthly, reason: "last rotated 2026-10-31, monthly"},
		{name: "yearly", policy: policy.Policy{Frequency: yearly}, size: 1, last: time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), action: Turn, code: DueYearly, reason: "last rotated 2025-12-31, yearly"},
		{name: "every 15m", policy: policy.Policy{Frequency: every(15 * time.Minute)}, size: 1, last: noon.Add(-time.Second), action: Turn, code: DueInterval, reason: "last rotated 2026-11-23 11:59, every 15m"},
		{name: "other names", policy: policy.Policy{Frequency: daily}, size: 1, links: 2, last: at(22, 3), action: Refuse, code: HardLink, reason: "2 hard links"},
		{name: "other names, allowed", policy: policy.Policy{Frequency: daily, AllowHardLink: true}, size: 1, links: 2, last: at(22, 3), action: Turn, code: DueDaily, reason: "last rotated 2026-11-22, daily"},
		{name: "other names do not matter of a log that is not due", policy: policy.Policy{Frequency: daily}, size: 1, links: 2, last: at(23, 3), action: Leave, code: NotDue, reason: "last rotated 2026-11-23 03:00, next due 2026-11-24"},
		{name: "a rule needs what could not be looked at", policy: policy.Policy{Frequency: daily}, last: at(22, 3), noStats: true, action: Refuse, code: Unexamined, reason: "it could not be examined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := aLog(tt.last)
			l.Links = max(1, tt.links)
			l.Stat = &Stat{Size: tt.size, ModTime: noon.Add(-tt.age).UnixNano()}
			if tt.noStats {
				l.Stat = nil
			}
			got := Decide(&Facts{Now: noon, Force: tt.force, Policies: []PolicyFacts{{Policy: &tt.policy, Logs: []LogFacts{l}}}})
			p := got.Policies[0].Logs[0]
			if p.Action != tt.action || p.Reason().Code != tt.code {
				t.Errorf("got %s, %s; want %s, %s", p.Action, p.Reason().Code, tt.action, tt.code)
			}
			if text := p.Reason().Text(time.UTC); text != tt.reason {
				t.Errorf("the reason reads %q, want %q", text, tt.reason)
			}
		})
	}
}

func aLog(last time.Time) LogFacts {
	dir := &Dir{Path: "/log", ID: ID{1, 1}, Free: -1}
	return LogFacts{Place: Place{dir, "app.log"}, Last: last, Archive: dir}
}

func TestWhatIsNoRegularFileIsRefused(t *testing.T) {
	t.Parallel()
	want := map[Kind]string{
		Directory: "directory", Symlink: "symbolic link", Pipe: "FIFO", Socket: "socket", Device: "device",
	}
	for kind, text := range want {
		l := aLog(at(22, 3))
		l.Kind = kind
		l.Stat = &Stat{Size: 1}
		p := Decide(&Facts{Now: noon, Force: true, Policies: []PolicyFacts{{Policy: &policy.Policy{Frequency: daily}, Logs: []LogFacts{l}}}})
		got := p.Policies[0].Logs[0]
		if got.Action != Refuse || got.Reason().Text(time.UTC) != text || len(got.Work().Turn) > 0 {
			t.Errorf("%s: got %s, %q, %d steps; want refuse, %q, none", kind, got.Action, got.Reason().Text(time.UTC), len(got.Work().Turn), text)
		}
	}
}

// TestNeedsIsWhatDecideNeeds checks that what Needs does not ask for makes no
// difference.
func TestNeedsIsWhatDecideNeeds(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	skipped := 0
	for range 20_000 {
		p := &policy.Policy{Frequency: anyFrequency(r), Rotate: 3, IfEmpty: r.IntN(2) == 0}
		for _, rule := range []*int64{&p.Size, &p.MinSize, &p.MaxSize} {
			if r.IntN(4) == 0 {
				*rule = 1 + r.Int64N(200)
			}
		}
		if r.IntN(4) == 0 {
			p.MinAge = time.Duration(r.Int64N(int64(48 * time.Hour)))
		}
		l := aLog(noon.Add(time.Duration(r.NormFloat64() * float64(48*time.Hour))))
		if r.IntN(8) == 0 {
			l.Last = time.Time{}
		}
		force := r.IntN(8) == 0
		if Needs(p, l.Last, noon, force) {
			continue
		}
		skipped++
		facts := &Facts{Now: noon, Force: force, Policies: []PolicyFacts{{Policy: p, Logs: []LogFacts{l}}}}
		without := Decide(facts).Policies[0].Logs[0]
		facts.Policies[0].Logs[0].Links = 1 + r.Uint32N(2)
		facts.Policies[0].Logs[0].Stat = &Stat{
			Size:    r.Int64N(200),
			ModTime: noon.Add(-time.Duration(r.Int64N(int64(72 * time.Hour)))).UnixNano(),
		}
		with := Decide(facts).Policies[0].Logs[0]
		if without.Action != with.Action || without.Reason() != with.Reason() {
			t.Fatalf("%+v, last %v: %v %v without, %v %v with", *p, l.Last, without.Action, without.Reason(), with.Action, with.Reason())
		}
	}
	if skipped < 1000 {
		t.Errorf("only %d cases had no need", skipped)
	}
}

func anyFrequency(r *rand.Rand) policy.Frequency {
	switch r.IntN(7) {
	case 0:
		return every([]time.Duration{time.Minute, 15 * time.Minute, 7 * time.Hour, 48 * time.Hour}[r.IntN(4)])
	case 1:
		return hourly
	case 2:
		return daily
	case 3:
		return weekly(r.IntN(9) - 1)
	case 4:
		return monthly([]int{policy.AnyDay, 1, 15, 28, 29, 30, 31}[r.IntN(7)])
	case 5:
		return yearly
	}
	return policy.Frequency{}
}
