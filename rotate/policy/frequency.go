package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// frequencyHint is longer than the others: whoever is wrong here wants the list.
const frequencyHint = `one of "hourly", "daily", "weekly", "weekly monday", "monthly", "monthly 15", "yearly", "every 15m"`

var frequencyUnits = map[string]Unit{
	"hourly":  Hourly,
	"daily":   Daily,
	"weekly":  Weekly,
	"monthly": Monthly,
	"yearly":  Yearly,
}

// parseFrequency reads what String writes, and the days of the week as
// logrotate counts them too.
func parseFrequency(s string) (Frequency, error) {
	word, rest, more := strings.Cut(s, " ")
	if word == "every" {
		return parseInterval(s, rest)
	}
	unit, ok := frequencyUnits[word]
	switch {
	case !ok:
		return Frequency{}, fault(frequencyHint, "unknown frequency %q", s)
	case !more:
		return Frequency{Unit: unit, Day: AnyDay}, nil
	case unit == Weekly:
		day, ok := parseWeekday(rest)
		if !ok {
			return Frequency{}, fault(`a day is a name, "weekly monday", or 0 (Sunday) to 6, or 7 for every seven days`,
				"unknown day of the week %q", rest)
		}
		return Frequency{Unit: Weekly, Day: day}, nil
	case unit == Monthly:
		day, err := strconv.Atoi(rest)
		if err != nil || day < 1 || day > 31 {
			return Frequency{}, fault(`a day is a number from 1 to 31, and in a shorter month its last: "monthly 15"`,
				"bad day of the month %q", rest)
		}
		return Frequency{Unit: Monthly, Day: day}, nil
	}
	return Frequency{}, fault(fmt.Sprintf("write %q", word), "%s takes no day", word)
}

func parseInterval(s, every string) (Frequency, error) {
	d, err := ParseDuration(every)
	if err != nil {
		return Frequency{}, err
	}
	if d < time.Minute {
		return Frequency{}, fault(`write at least "every 1m": cron starts nothing more often`, "%q is too often", s)
	}
	return Frequency{Unit: Interval, Day: AnyDay, Every: d}, nil
}

// parseWeekday reads a name, its first three letters, or 0 to 7.
func parseWeekday(s string) (int, bool) {
	if len(s) == 1 && s[0] >= '0' && s[0] <= '7' {
		return int(s[0] - '0'), true
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := day.String(); strings.EqualFold(s, name) || strings.EqualFold(s, name[:3]) {
			return int(day), true
		}
	}
	return 0, false
}

// String returns f as the key frequency spells it; "never" for the zero value.
func (f Frequency) String() string {
	switch {
	case f.Unit == Interval:
		return "every " + FormatDuration(f.Every)
	case f.Unit == Weekly && f.Day == 7:
		return "weekly 7"
	case f.Unit == Weekly && f.Day != AnyDay:
		return "weekly " + strings.ToLower(time.Weekday(f.Day).String())
	case f.Unit == Monthly && f.Day != AnyDay:
		return fmt.Sprintf("monthly %d", f.Day)
	}
	return [...]string{"never", "interval", "hourly", "daily", "weekly", "monthly", "yearly"}[f.Unit]
}

// shorterThanDay reports whether f can turn a log twice in a day.
func (f Frequency) shorterThanDay() bool {
	return f.Unit == Hourly || f.Unit == Interval && f.Every < 24*time.Hour
}
