package plan

import (
	"encoding/json"
	"testing"
	"time"
)

func TestCodesAreText(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for c := Forced; int(c) < len(codes); c++ {
		if c.String() == "" || seen[c.String()] {
			t.Errorf("code %d has no text of its own: %q", c, c)
		}
		seen[c.String()] = true
		if (Reason{Code: c}).Text(time.UTC) == "" {
			t.Errorf("%s says nothing", c)
		}
		text, err := json.Marshal(Reason{Code: c, Have: 1})
		if err != nil {
			t.Fatal(err)
		}
		var back Reason
		if err := json.Unmarshal(text, &back); err != nil || back != (Reason{Code: c, Have: 1}) {
			t.Errorf("%s comes back as %+v, %v", text, back, err)
		}
	}
	var c Code
	if err := c.UnmarshalText([]byte("no-such-code")); err == nil {
		t.Error("an unknown code is taken")
	}
	if got := Code(200).String(); got != "code-200" {
		t.Errorf("an unknown code reads %q", got)
	}
}

// TestTimesAreLocal: a reason is told in the reader's time.
func TestTimesAreLocal(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC).Unix() // midnight in Berlin
	r := Reason{Code: FirstSeen, Limit: next}
	if got, want := r.Text(zone(t, "Europe/Berlin")), "first seen; next due 2026-11-24"; got != want {
		t.Errorf("in Berlin: %q, want %q", got, want)
	}
	if got, want := r.Text(time.UTC), "first seen; next due 2026-11-23 23:00"; got != want {
		t.Errorf("in UTC: %q, want %q", got, want)
	}
}
