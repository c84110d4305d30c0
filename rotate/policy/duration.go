package policy

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// durationUnits, the largest first. A day is 24 hours, a week seven days.
var durationUnits = [...]struct {
	name  string
	scale time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
}

const durationHint = `a duration is a number and a unit, w, d, h, m, s or ms: "90d", "1h30m"`

// ParseDuration returns the duration of a text such as "90d", "2w", "15m" or
// "1h30m": numbers with units, the larger unit first. A day is 24 hours. The
// error is an [*Error] without a position.
func ParseDuration(s string) (time.Duration, error) {
	var total time.Duration
	units := durationUnits[:]
	for rest := s; ; {
		number, unit, tail := cutNumber(rest)
		for len(units) > 0 && units[0].name != unit {
			units = units[1:]
		}
		switch {
		case number != "" && unit == "" && tail == "":
			return 0, fault(durationHint, "duration %q has no unit", s)
		case number == "" || len(units) == 0:
			return 0, fault(durationHint, "bad duration %q", s)
		}
		scale := units[0].scale
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n > int64((math.MaxInt64-total)/scale) {
			return 0, fault("", "duration %q is too long", s)
		}
		total += time.Duration(n) * scale
		if tail == "" {
			return total, nil
		}
		rest, units = tail, units[1:]
	}
}

// cutNumber splits "30m10s" into "30", "m" and "10s".
func cutNumber(s string) (number, unit, rest string) {
	unit = strings.TrimLeft(s, "0123456789")
	number = s[:len(s)-len(unit)]
	rest = strings.TrimLeft(unit, "abcdefghijklmnopqrstuvwxyz")
	return number, unit[:len(unit)-len(rest)], rest
}

// FormatDuration writes d, which is not negative, in days and smaller units, so
// that [ParseDuration] returns the same d to the millisecond; what is finer is
// cut off.
func FormatDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range durationUnits[1:] { // weeks are for writing, days for reading
		if n := d / u.scale; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			d %= u.scale
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
