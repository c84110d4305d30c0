package plan

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Retention looks at the archives as they are named after Turn, at every run,
// due or not. What this run turned stays, unless the policy keeps nothing. The
// next run must not take it away either: so a log's newest archive ages from
// the log's last rotation, and does not go for want of space.

// expire marks what rotate and maxage let go, of the archives of one log, the
// newest first. Of files with one number or date, both go or none.
func (d *decider) expire(own []held) {
	p := d.policy
	generations := 0
	for i := range own {
		h := &own[i]
		if i == 0 || h.Generation != own[i-1].Generation {
			generations++
		}
		h.newest = generations == 1
		place := d.place(h, generations)
		switch {
		case p.Rotate >= 0 && place > p.Rotate:
			d.drop(h, Reason{BeyondRotate, int64(place), int64(p.Rotate)})
		case p.MaxAge > 0 && d.age(h) > Lifetime(p.MaxAge):
			d.drop(h, Reason{OverAge, int64(d.age(h) / time.Second), int64(p.MaxAge / time.Second)})
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

// place is what rotate limits: the number of an archive, counted from start, or
// of a dated one its rank. A turn that was cut short took archives up for
// nothing: until it is made up for, they are ranked too.
func (d *decider) place(h *held, rank int) int {
	if d.policy.DateExt || h.log.CutShort && h.log.Action != Turn {
		return rank
	}
	return h.Generation.N - d.policy.Start + 1
}

// age is how long ago an archive was last written, or, for the newest one, was
// turned, whichever is later. It is 0 where that is not known.
func (d *decider) age(h *held) time.Duration {
	written := h.ModTime
	switch {
	case h.fresh || written.IsZero():
		return 0
	case h.newest && h.log.Last.After(written):
		written = h.log.Last
	}
	return d.now.Sub(written)
}

// budget marks what maxtotal and keepfree let go, of all archives of the
// policy: the oldest first, until the rest fits.
func (d *decider) budget(all []held) {
	var excess int64
	if d.policy.MaxTotal > 0 {
		excess = -d.policy.MaxTotal
		for i := range all {
			if !all[i].gone {
				excess += max(0, all[i].Size)
			}
		}
	}
	lacking := d.lacking(all)
	if excess <= 0 && len(lacking) == 0 {
		return
	}
	var old []*held
	for i := range all {
		if h := &all[i]; !h.gone && h.Size >= 0 && !d.spared(h) {
			old = append(old, h)
		}
	}
	slices.SortStableFunc(old, d.byAge)
	for _, h := range old {
		freed := d.freed[h.Dir.Mount]
		switch {
		case excess > 0:
			d.drop(h, Reason{OverTotal, d.policy.MaxTotal + excess, d.policy.MaxTotal})
		case lacking[h.Dir.Mount] > freed:
			d.drop(h, Reason{LowSpace, h.Dir.Free + freed, d.policy.KeepFree})
		default:
			continue
		}
		excess -= h.Size
	}
}

// spared reports whether an archive stays although space is short: it is the
// last of a log that is there, or was turned less than a day ago.
func (d *decider) spared(h *held) bool {
	return h.newest && (h.log.Kind != Missing || d.now.Sub(h.log.Last) < 24*time.Hour)
}

// lacking returns how many bytes must go by keepfree, for each mount that has
// too few. What the run writes itself is not foreseen: the next run sees it.
func (d *decider) lacking(all []held) map[uint64]int64 {
	var lacking map[uint64]int64
	for i := range all {
		dir := all[i].Dir
		if need := d.policy.KeepFree - dir.Free; d.policy.KeepFree > 0 && dir.Free >= 0 && need > lacking[dir.Mount] {
			if lacking == nil {
				lacking = map[uint64]int64{}
			}
			lacking[dir.Mount] = need
		}
	}
	return lacking
}

// byAge orders archives of any logs, the oldest first.
func (d *decider) byAge(a, b *held) int {
	if d.policy.DateExt {
		if c := d.naming.Compare(b.Generation, a.Generation); c != 0 {
			return c
		}
	}
	return cmp.Or(a.ModTime.Compare(b.ModTime), d.naming.Compare(b.Generation, a.Generation))
}

func (d *decider) drop(h *held, why Reason) {
	h.gone, h.why = true, why
	d.freed[h.Dir.Mount] += max(0, h.Size)
}
