package plan

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"rotate/rotate/policy"
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

// An archive that is owed is the log's, wherever its number has got to.
func TestReachable(t *testing.T) {
	t.Parallel()
	dir := &Dir{Path: "/log"}
	l := LogFacts{}
	for _, n := range []int{2024, 3, 5, 7, 9, 1, 12, 99} {
		l.Archives = append(l.Archives, Archive{Place: Place{dir, "a." + strconv.Itoa(n)}, Generation: Generation{N: n}})
	}
	l.Owe(Owed{Archive: Place{dir, "a.99"}})
	Reachable(&policy.Policy{Rotate: 3, Start: 1}, &l)
	var got []int
	for _, a := range l.Archives {
		got = append(got, a.Generation.N)
	}
	if want := []int{1, 3, 5, 7, 9, 99}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
