package plan

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rotate/testdata/host"
)

// TestConversionsAreStrftimes compares each conversion with date(1).
func TestConversionsAreStrftimes(t *testing.T) {
	t.Parallel()
	host.Needs(t, "date")
	const format = "%Y %m %d %H %M %S %V %G %y %j %u %w %U %W %g %s %z %%"
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	for _, name := range zones {
		loc := zone(t, name)
		var dates strings.Builder
		var ours []string
		f := newDateFormat(format, loc)
		for i := range 2000 {
			// The days around the turn of a year, then any.
			at := time.Date(2001+i%85, 12, 20+r.IntN(25), r.IntN(24), r.IntN(60), r.IntN(60), 0, loc)
			if i >= 1000 {
				at = time.Unix(1e9+r.Int64N(2e9), 0)
			}
			fmt.Fprintf(&dates, "@%d\n", at.Unix())
			ours = append(ours, string(f.append(nil, f.date(at.In(loc)))))
		}
		date := exec.Command("date", "-f", "-", "+"+format)
		date.Stdin = strings.NewReader(dates.String())
		date.Env = append(os.Environ(), "TZ="+name, "LC_ALL=C")
		out, err := date.Output()
		if err != nil {
			t.Fatal(err)
		}
		theirs := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		for i := range ours {
			if ours[i] != theirs[i] {
				t.Fatalf("%s: got %q, want %q", name, ours[i], theirs[i])
			}
		}
	}
}

// TestWhatIsNotSaidIsSmallest: the date that a text stands for.
func TestWhatIsNotSaidIsSmallest(t *testing.T) {
	t.Parallel()
	tests := []struct{ format, text, want string }{
		{"%Y%m%d", "20261123", "2026-11-23 00:00:00"},
		{"%Y-%m", "2026-11", "2026-11-01 00:00:00"},
		{"%Y", "2026", "2026-01-01 00:00:00"},
		{"%m%d", "0229", "1972-02-29 00:00:00"},
		{"%d", "31", "1972-01-31 00:00:00"},
		{"%H", "07", "1972-01-01 07:00:00"},
		{"%y", "68", "2068-01-01 00:00:00"},
		{"%y", "69", "1969-01-01 00:00:00"},
		{"%Y%j", "2024366", "2024-12-31 00:00:00"},
		{"%G-%V", "2026-53", "2026-12-28 00:00:00"},
		{"%G-%V-%u", "2027-01-7", "2027-01-10 00:00:00"},
		{"%G", "2026", "2025-12-29 00:00:00"},
		{"%Y %V", "2026 01", "2026-01-01 00:00:00"},
		{"%Y %V %u", "2025 01 2", "2025-12-30 00:00:00"},
		{"%Y %U", "2026 00", "2026-01-01 00:00:00"},
		{"%Y %W %w", "2026 47 1", "2026-11-23 00:00:00"},
		{"%Y%m %V", "202611 48", "2026-11-23 00:00:00"},
		{"%Y%j", "2026366", ""},
		{"%Y%m%d %u", "20261123 2", ""},
		{"%Y%Y", "20262027", ""},
		{"%H", "24", ""},
		{"%G-%V", "2027-53", ""},
	}
	for _, tt := range tests {
		f := newDateFormat(tt.format, time.UTC)
		date, ok := f.parse(tt.text)
		got := ""
		if ok {
			got = clock(date).civil().Format(time.DateTime)
		}
		if got != tt.want {
			t.Errorf("%s %q is %q, want %q", tt.format, tt.text, got, tt.want)
		}
	}
}
