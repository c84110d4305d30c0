package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the machine need not know the zones

	"rotate/rotate/policy"
)

// zones change their clocks by an hour, by half an hour, not at all, and at
// midnight, so that a day has no first hour.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"}

func anyZone(t testing.TB) func(*rand.Rand) *time.Location {
	t.Helper()
	var all []*time.Location
	for _, name := range zones {
		all = append(all, zone(t, name))
	}
	return func(r *rand.Rand) *time.Location { return all[r.IntN(len(all))] }
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// TestWeekly has logrotate 3.21's answers for runs at 06:00 from Sunday
// 2026-11-22 to Monday 2026-11-30, by when the log was last turned, at 18:00.
func TestWeekly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		day  int // of the policy
		last int // of November
		due  string
	}{
		{policy.AnyDay, 15, "XXXXXXXXX"},
		{policy.AnyDay, 16, "XXXXXXXXX"},
		{policy.AnyDay, 17, "X.XXXXXXX"},
		{policy.AnyDay, 21, "X.....XXX"},
		{policy.AnyDay, 22, ".......XX"},
		{0, 17, "X.XXXXXXX"},
		{0, 22, ".......XX"},
		{1, 15, "XXXXXXXXX"},
		{1, 16, ".XXXXXXXX"},
		{1, 18, ".X.XXXXXX"},
		{1, 22, ".X.....XX"},
		{3, 17, "..XXXXXXX"},
		{3, 19, "...XXXXXX"},
		{3, 21, "...X..XXX"},
		{3, 22, "...X...XX"},
		{6, 21, "......XXX"},
		{6, 22, "......XXX"},
		{7, 15, "XXXXXXXXX"},
		{7, 18, "...XXXXXX"},
		{7, 22, ".......XX"},
	}
	for _, tt := range tests {
		got := ""
		for day := 22; day <= 30; day++ {
			if isDue(weekly(tt.day), at(tt.last, 18), at(day, 6)) {
				got += "X"
			} else {
				got += "."
			}
		}
		if got != tt.due {
			t.Errorf("weekly %d, last on %d: got %s, want %s", tt.day, tt.last, got, tt.due)
		}
	}
}

func TestMonthday(t *testing.T) {
	t.Parallel()
	date := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 6, 0, 0, 0, time.UTC) }
	tests := []struct {
		name      string
		day       int
		last, now time.Time
		due       bool
	}{
		{"the day is not reached", 15, date(11, 3), date(11, 14), false},
		{"the day is reached", 15, date(11, 3), date(11, 15), true},
		{"the day was missed", 15, date(11, 3), date(11, 27), true},
		{"turned on the day", 15, date(11, 15), date(11, 15), false},
		{"turned after the day", 15, date(11, 16), date(12, 14), false},
		{"turned after the day, and it comes again", 15, date(11, 16), date(12, 15), true},
		{"the day was missed in the month before", 15, date(11, 3), date(12, 3), true},
		{"a month was missed", 15, date(9, 20), date(11, 3), true},
		{"a short month has no such day: its last counts", 31, date(1, 31), date(2, 28), true},
		{"a short month, the day before its last", 31, date(1, 31), date(2, 27), false},
		{"after the short month", 31, date(2, 28), date(3, 30), false},
		{"over the turn of the year", 15, time.Date(2025, 12, 14, 0, 0, 0, 0, time.UTC), date(1, 3), true},
		{"turned ahead", 15, date(11, 15), date(11, 14), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := isDue(monthly(tt.day), tt.last, tt.now); got != tt.due {
				t.Errorf("monthly %d, last %v, now %v: due is %v", tt.day, tt.last, tt.now, got)
			}
		})
	}
}

// TestOncePerPeriod runs every five minutes for two years, a leap day and all
// changes of the clocks included, and wants one turn in each period that the
// wall clock shows.
func TestOncePerPeriod(t *testing.T) {
	t.Parallel()
	periods := []struct {
		f      policy.Frequency
		period func(wall time.Time) string
	}{
		{hourly, func(w time.Time) string { return w.Format("2006-01-02 15") }},
		{daily, func(w time.Time) string { return w.Format("2006-01-02") }},
		{weekly(policy.AnyDay), func(w time.Time) string { return w.AddDate(0, 0, -int(w.Weekday())).Format("2006-01-02") }},
		{weekly(3), func(w time.Time) string { return w.AddDate(0, 0, -int(w.Weekday()+4)%7).Format("2006-01-02") }},
		{monthly(policy.AnyDay), func(w time.Time) string { return w.Format("2006-01") }},
		{monthly(15), func(w time.Time) string { return w.AddDate(0, 0, -14).Format("2006-01") }},
		{yearly, func(w time.Time) string { return w.Format("2006") }},
	}
	for _, name := range zones {
		for _, p := range periods {
			t.Run(fmt.Sprintf("%s/%s", name, p.f), func(t *testing.T) {
				t.Parallel()
				loc := zone(t, name)
				last := time.Date(2027, 6, 1, 0, 0, 0, 0, loc)
				turned := map[string]int{p.period(clockAt(last).civil()): 1}
				for now, end := last, last.AddDate(2, 0, 0); now.Before(end); now = now.Add(5 * time.Minute) {
					period := p.period(clockAt(now).civil())
					if isDue(p.f, last, now) {
						last = now
						turned[period]++
					}
					if turned[period] != 1 {
						t.Fatalf("%d turns in %s, at %v", turned[period], period, now)
					}
				}
			})
		}
	}
}

// TestIntervalsBeginAtMidnight: intervals are stretches of the wall clock.
func TestIntervalsBeginAtMidnight(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		loc := zone(t, name)
		last := time.Date(2026, 7, 1, 0, 0, 0, 0, loc)
		var turns []string
		for now, end := last, last.AddDate(0, 0, 1); now.Before(end); now = now.Add(5 * time.Minute) {
			if isDue(every(6*time.Hour), last, now) {
				last = now
				turns = append(turns, now.Format("15:04"))
			}
		}
		if got := fmt.Sprint(turns); got != "[06:00 12:00 18:00]" {
			t.Errorf("%s: turned at %s", name, got)
		}
	}
}

func TestAYearLaterIsAnotherMonth(t *testing.T) {
	t.Parallel()
	if !isDue(monthly(policy.AnyDay), noon.AddDate(-1, 0, 0), noon) {
		t.Error("not due in the same month a year later")
	}
}

func TestAnHourThatComesTwice(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	summer := time.Date(2026, 10, 25, 0, 40, 0, 0, time.UTC).In(berlin) // 02:40
	winter := time.Date(2026, 10, 25, 1, 10, 0, 0, time.UTC).In(berlin) // 02:10
	if isDue(hourly, summer, winter) {
		t.Error("hourly: due again in the same hour of the day")
	}
	if !isDue(every(15*time.Minute), summer, winter) {
		t.Error("every 15m: not due after half an hour")
	}
}

// TestClocksThatGoBack: whatever a clock does, a log is not turned again and
// again.
func TestClocksThatGoBack(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r, place := rand.New(rand.NewPCG(uint64(seed), 0)), anyZone(t)
	for range 20_000 {
		f := anyFrequency(r)
		now := noon.Add(time.Duration(r.Int64N(int64(1000 * time.Hour)))).In(place(r))
		if isDue(f, now, now) {
			t.Fatalf("%s: due at the very moment of the last turn, %v", f, now)
		}
	}
}

// TestNextDue: a log is not due before, and is due then.
func TestNextDue(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r, place := rand.New(rand.NewPCG(uint64(seed), 0)), anyZone(t)
	for range 20_000 {
		p := &policy.Policy{Frequency: anyFrequency(r)}
		now := noon.Add(time.Duration(r.Int64N(int64(3 * 8766 * time.Hour)))).In(place(r))
		if r.IntN(2) == 0 { // near a change of the clock
			_, end := now.ZoneBounds()
			if !end.IsZero() {
				now = end.Add(time.Duration(r.NormFloat64() * float64(6*time.Hour))).In(now.Location())
			}
		}
		last := now.Add(time.Duration(r.NormFloat64() * float64(30*time.Hour)))
		next, ok := NextDue(p, last, now)
		if ok != (p.Frequency.Unit != policy.Never) {
			t.Fatalf("%s: NextDue reports %v", p.Frequency, ok)
		}
		if !ok {
			continue
		}
		if next.Before(now) || !isDue(p.Frequency, last, next) {
			t.Fatalf("%s, last %v, now %v: not due at %v", p.Frequency, last, now, next)
		}
		if before := next.Add(-time.Second); before.After(now) && isDue(p.Frequency, last, before) {
			t.Fatalf("%s, last %v, now %v: due before %v", p.Frequency, last, now, next)
		}
		for range 20 {
			if span := next.Sub(now); span > 0 {
				if before := now.Add(time.Duration(r.Int64N(int64(span)))); isDue(p.Frequency, last, before) {
					t.Fatalf("%s, last %v, now %v: due at %v, before %v", p.Frequency, last, now, before, next)
				}
			}
		}
	}
}

func TestNextDueOfWhatIsMetNow(t *testing.T) {
	t.Parallel()
	santiago := zone(t, "America/Santiago")
	eve := time.Date(2026, 9, 5, 18, 0, 0, 0, santiago) // 2026-09-06 begins at 01:00
	next, ok := NextDue(&policy.Policy{Frequency: daily}, time.Time{}, eve)
	if want := time.Date(2026, 9, 6, 1, 0, 0, 0, santiago); !ok || !next.Equal(want) {
		t.Errorf("next due %v, want %v", next, want)
	}
}
