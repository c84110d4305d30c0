package plan

import (
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	t.Parallel()
	const longest = 106751 * 24 * time.Hour
	for maxage, want := range map[time.Duration]time.Duration{
		time.Hour:           time.Hour,
		25 * time.Hour:      25 * time.Hour,
		24 * time.Hour:      48*time.Hour - 1,
		90 * 24 * time.Hour: 91*24*time.Hour - 1,
		longest:             longest, // and not a negative one
	} {
		if got := Lifetime(maxage); got != want {
			t.Errorf("%v: got %v, want %v", maxage, got, want)
		}
	}
}
