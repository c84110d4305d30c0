package plan

import (
	"cmp"
	"math"
	"slices"
	"time"

	"rotate/rotate/policy"
)

// Retention looks at the archives as they are named after Turn, at every run,
// due or not. What this run turned stays, unless the policy keeps nothing. The
// next run must not take it away either: so a log's newest archive ages from
// the log's last rotation, and does not go for want of space.

// expire marks what rotate and maxage let go, of the archives of one log, the
// newest first. Of files with one number or date, both go or none.
func (r *rules) expire(own []held) {
	p := r.policy
	generations, outgrown := 0, r.outgrown(own)
	for i := range own {
		h := &own[i]
		if i == 0 || h.Generation != own[i-1].Generation {
			generations++
		}
		h.newest = generations == 1
		place := generations
		if outgrown {
			place = h.Generation.N - p.Start + 1
		}
		switch {
		case p.Rotate >= 0 && place > p.Rotate:
			h.drop(Reason{BeyondRotate, int64(place), int64(p.Rotate)})
		case p.MaxAge > 0 && r.age(h) > Lifetime(p.MaxAge):
			h.drop(Reason{OverAge, int64(r.age(h) / time.Second), int64(p.MaxAge / time.Second)})
		default:
			if why, short := r.short[h.Place]; short {
				h.drop(why)
			}
		}
	}
}

// Lifetime is how long maxage keeps an archive. One of days counts whole days,
// as logrotate does: by 1d, what is a day and a half old is a day old, and stays.
func Lifetime(maxage time.Duration) time.Duration {
	const day = 24 * time.Hour
	if maxage%day == 0 && maxage < math.MaxInt64-day {
		return maxage + day - 1
	}
	return maxage
}

// outgrown reports whether a turn takes one of the archives past the last number
// that is kept. Then rotate limits numbers, as with logrotate: what stands beyond
// goes, gaps or not. Otherwise it limits how many there are: a start that was
// lowered has all of them stand beyond, and a turn that was cut short some.
func (r *rules) outgrown(own []held) bool {
	beyond := r.policy.Start + r.policy.Rotate
	return !r.policy.DateExt && slices.ContainsFunc(own, func(h held) bool {
		return h.log.Action == Turn && h.Generation.N == beyond &&
			slices.ContainsFunc(h.log.Archives, func(a Archive) bool { return a.Generation.N == beyond-1 })
	})
}

// age is how long ago an archive was last written, or, for the newest one, was
// turned, whichever is later. It is 0 where that is not known.
func (r *rules) age(h *held) time.Duration {
	written := h.ModTime
	switch {
	case h.fresh || written.IsZero():
		return 0
	case h.newest && h.log.Last.After(written):
		written = h.log.Last
	}
	return r.now.Sub(written)
}

// Reachable drops from the numbered archives of l those that no turn can have
// numbered, such as app.log.2024 where seven are kept: they are somebody else's.
// Up to the last number that is kept all are reachable, and beyond it as far as
// they go on. One may be missing, as a turn that was cut short leaves them.
func Reachable(p *policy.Policy, l *LogFacts) {
	if p.DateExt || p.Rotate < 0 {
		return
	}
	slices.SortFunc(l.Archives, func(a, b Archive) int { return cmp.Compare(a.Generation.N, b.Generation.N) })
	last := p.Start + p.Rotate - 1
	l.Archives = slices.DeleteFunc(l.Archives, func(a Archive) bool {
		if a.Generation.N <= last+2 {
			last = max(last, a.Generation.N)
			return false
		}
		return !slices.ContainsFunc(l.Owed(), func(o Owed) bool { return o.Archive == a.Place })
	})
}

// drop lets an archive go.
func (h *held) drop(why Reason) { h.gone, h.why = true, why }
