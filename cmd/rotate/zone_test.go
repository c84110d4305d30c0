package main

import (
	"testing"
	"time"
)

func TestRuledZones(t *testing.T) {
	t.Parallel()
	winter, summer := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)
	for tz, want := range map[string]string{
		"CET-1CEST,M3.5.0,M10.5.0/3": "13:00 CET 14:00 CEST",
		"<+0530>-5:30":               "17:30 +0530 17:30 +0530",
		"XYZ3":                       "09:00 XYZ 09:00 XYZ",
		"AAA0BBB,10/2,364":           "12:00 AAA 13:00 BBB",
		"nonsense":                   "12:00 UTC 12:00 UTC",
	} {
		zone := ruled(tz)
		if zone == nil {
			t.Errorf("%s: no rule", tz)
			continue
		}
		if got := winter.In(zone).Format("15:04 MST ") + summer.In(zone).Format("15:04 MST"); got != want {
			t.Errorf("%s: got %s, want %s", tz, got, want)
		}
	}
	for _, tz := range []string{"", "UTC", "Europe/Berlin", ":Europe/Berlin", "/etc/localtime", "a\nb"} {
		if zone := ruled(tz); zone != nil {
			t.Errorf("%q: a rule", tz)
		}
	}
}
