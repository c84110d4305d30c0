package differential

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// A tolerance makes the sights of logrotate and of rotate alike where
// docs/compat.md says that they differ, and only there. It reports whether it
// had anything to do.
type tolerance struct {
	id    string // D and the number of the row
	name  string
	apply func(t trial, r run, theirs, ours *sight) bool
}

func tolerances() []tolerance {
	return []tolerance{}
}

// tolerate applies all tolerances and counts those that did something.
func (b *bench) tolerate(t trial, r run, theirs, ours *sight) (touched bool) {
	for i, rule := range tolerances() {
		if rule.apply(t, r, theirs, ours) {
			b.counts[i].Add(1)
			touched = true
		}
	}
	return touched
}

// touched says in how many runs each tolerance did something.
func (b *bench) touched() string {
	var all []string
	for i, rule := range tolerances() {
		all = append(all, fmt.Sprintf("%s %s: %d", rule.id, rule.name, b.counts[i].Load()))
	}
	return strings.Join(all, ", ")
}

type counts [64]atomic.Int64

// TestTolerancesAreListed fails for a tolerance without a row in the page that
// tells administrators what is different.
func TestTolerancesAreListed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range tolerances() {
		if !strings.Contains(string(page), "| "+rule.id+" |") {
			t.Errorf("%s (%s) has no row in docs/compat.md", rule.id, rule.name)
		}
	}
}
