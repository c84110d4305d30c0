package plan

import (
	"cmp"
	"slices"
	"time"

	"rotate/rotate/policy"
)

// space is what maxtotal and keepfree count. These rules look at all archives
// of a policy, and at what the policies before it let go: so what they decide
// is kept, where everything else follows from one log.
type space struct {
	freed map[uint64]int64 // bytes that the plan removes, by mount
}

// newSpace returns nil if no policy limits space.
func newSpace(f *Facts) *space {
	if !slices.ContainsFunc(f.Policies, func(p PolicyFacts) bool { return limitsSpace(p.Policy) }) {
		return nil
	}
	return &space{freed: map[uint64]int64{}}
}

func limitsSpace(p *policy.Policy) bool { return p.MaxTotal > 0 || p.KeepFree > 0 }

// budget returns what maxtotal and keepfree let go, of all archives of the
// policy: the oldest first, until the rest fits.
func (s *space) budget(r *rules, logs []LogPlan) map[Place]Reason {
	var all []held
	for i := range logs {
		for _, h := range r.shelve(&Work{}, &logs[i]) {
			if h.gone {
				s.free(&h)
			} else {
				all = append(all, h)
			}
		}
	}
	var excess int64
	if r.policy.MaxTotal > 0 {
		excess = -r.policy.MaxTotal
		for i := range all {
			excess += max(0, all[i].Size)
		}
	}
	lacking := r.lacking(all)
	if excess <= 0 && len(lacking) == 0 {
		return nil
	}
	all = slices.DeleteFunc(all, func(h held) bool { return h.Size < 0 || r.spared(&h) })
	slices.SortStableFunc(all, r.byAge)
	short := map[Place]Reason{}
	for i := range all {
		h := &all[i]
		freed := s.freed[h.Dir.Mount]
		switch {
		case excess > 0:
			short[h.Place] = Reason{OverTotal, r.policy.MaxTotal + excess, r.policy.MaxTotal}
		case lacking[h.Dir.Mount] > freed:
			short[h.Place] = Reason{LowSpace, h.Dir.Free + freed, r.policy.KeepFree}
		default:
			continue
		}
		s.free(h)
		excess -= h.Size
	}
	return short
}

func (s *space) free(h *held) { s.freed[h.Dir.Mount] += max(0, h.Size) }

// spared reports whether an archive stays although space is short: it is the
// last of a log that is there, or was turned less than a day ago.
func (r *rules) spared(h *held) bool {
	return h.newest && (h.log.Kind != Missing || r.now.Sub(h.log.Last) < 24*time.Hour)
}

// lacking returns how many bytes must go by keepfree, for each mount that has
// too few. What the run writes itself is not foreseen: the next run sees it.
func (r *rules) lacking(all []held) map[uint64]int64 {
	var lacking map[uint64]int64
	for i := range all {
		dir := all[i].Dir
		if need := r.policy.KeepFree - dir.Free; r.policy.KeepFree > 0 && dir.Free >= 0 && need > lacking[dir.Mount] {
			if lacking == nil {
				lacking = map[uint64]int64{}
			}
			lacking[dir.Mount] = need
		}
	}
	return lacking
}

// byAge orders archives of any logs, the oldest first.
func (r *rules) byAge(a, b held) int {
	if r.policy.DateExt {
		if c := r.naming.Compare(b.Generation, a.Generation); c != 0 {
			return c
		}
	}
	return cmp.Or(a.ModTime.Compare(b.ModTime), r.naming.Compare(b.Generation, a.Generation))
}
