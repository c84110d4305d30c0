package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// shelved is an archive, and its place among those of its
// log: the newest is 1, and two of one generation share it.
type shelved struct {
	plan.Archive
	rank int
}

// shelve lists the archives of a log as they are, the newest first.
func shelve(p *policy.Policy, l *plan.LogFacts, now time.Time) []shelved {
	naming := plan.NewNaming(p, now.Location())
	shelf := make([]shelved, 0, len(l.Archives))
	for _, a := range l.Archives {
		shelf = append(shelf, shelved{Archive: a})
	}
	slices.SortFunc(shelf, func(a, b shelved) int {
		return cmp.Or(naming.Compare(a.Generation, b.Generation), cmp.Compare(a.Name, b.Name))
	})
	for i := range shelf {
		switch {
		case i == 0:
			shelf[i].rank = 1
		case shelf[i].Generation == shelf[i-1].Generation:
			shelf[i].rank = shelf[i-1].rank
		default:
			shelf[i].rank = shelf[i-1].rank + 1
		}
	}
	return shelf
}

// end is the rule that will remove an archive, and when.
func (a shelved) end(p *policy.Policy, now time.Time) string {
	var words []string
	if p.Rotate >= 0 {
		words = append(words, fmt.Sprintf("%s of %d", ordinal(a.rank), p.Rotate))
	}
	if p.MaxAge > 0 && !a.ModTime.IsZero() {
		words = append(words, "until "+a.ModTime.Add(plan.Lifetime(p.MaxAge)).In(now.Location()).Format(time.DateOnly)+" by maxage")
	}
	if len(words) == 0 && len(space(p)) == 0 {
		return "for ever"
	}
	return strings.Join(append(words, space(p)...), ", ")
}

// space is the rules that keep room.
func space(p *policy.Policy) (rules []string) {
	if p.MaxTotal > 0 {
		rules = append(rules, "maxtotal "+policy.FormatSize(p.MaxTotal))
	}
	if p.KeepFree > 0 {
		rules = append(rules, "keepfree "+policy.FormatSize(p.KeepFree))
	}
	return rules
}
