package plan

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rotate/rotate/policy"
)

// TestPlansAreSafe carries out plans of many policies on many trees, for some
// days each: nothing is renamed over, nothing is lost or removed early, and a
// second run does nothing.
func TestPlansAreSafe(t *testing.T) {
	t.Parallel()
	everyWorld(t, 1000, func(r *rand.Rand, w *world) {
		w.hold(r)
		w.pair(r)
		written := w.all()
		before := w.String()
		if a, b := describe(Decide(w.observe())), describe(Decide(w.observe())); a != b {
			t.Errorf("the order of the archives makes a difference:\n%s\n%s", a, b)
		}
		check(t, w, written, before, w.run())
		w.idle(t, before)
	})
}

// TestKilledRunsAreSafe kills a run after each of its mutations, and wants the
// next run to end where nothing is left to do, nothing lost and nothing
// removed early.
func TestKilledRunsAreSafe(t *testing.T) {
	t.Parallel()
	everyWorld(t, 150, func(r *rand.Rand, w *world) {
		if w.policy.Method != policy.Rename {
			return // a copy that was not truncated is copied again: see TestKilledCopies
		}
		written, before := w.all(), w.String()
		for k := 0; ; k++ {
			c := w.clone()
			c.steps = k
			c.run()
			killed := c.steps == 0
			c.steps = -1
			if r.IntN(2) == 0 && c.files[Place{c.home, c.logs[0]}] == nil && c.policy.Create == nil {
				c.write(c.logs[0], 0) // the service comes back
			}
			c.now = c.now.Add(5 * time.Minute)
			between := c.String()
			check(t, c, written, before+"\n-- killed --\n"+between, c.run())
			c.idle(t, before+"\n-- killed --\n"+between)
			if !killed {
				break
			}
		}
		w.run()
	})
}

// TestKilledCopies: a copy may be made twice, but nothing is lost.
func TestKilledCopies(t *testing.T) {
	t.Parallel()
	everyWorld(t, 50, func(r *rand.Rand, w *world) {
		w.policy.Method, w.policy.Create, w.policy.Rotate = policy.CopyTruncate, nil, -1
		w.policy.MaxAge, w.policy.MaxTotal, w.policy.KeepFree = 0, 0, 0
		written, before := w.all(), w.String()
		for k := 0; ; k++ {
			c := w.clone()
			c.steps = k
			c.run()
			killed := c.steps == 0
			c.steps = -1
			check(t, c, written, before, c.run())
			if !killed {
				break
			}
		}
		w.run()
	})
}

// everyWorld makes n worlds and lets six runs pass in each.
func everyWorld(t *testing.T, n int, do func(*rand.Rand, *world)) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		w := newWorld(anyPolicy(r), noon, []string{"app.log", "b", "app.log.d"}[:1+r.IntN(3)]...)
		if w.policy.OldDir != "" {
			w.away.Mount += r.Uint64N(2)
		}
		w.litter(r)
		for range 6 {
			w.now = w.now.Add([]time.Duration{5 * time.Minute, 5 * time.Hour, 24 * time.Hour, 24 * time.Hour, 60 * time.Hour}[r.IntN(5)])
			for _, log := range w.logs {
				if r.IntN(5) > 0 {
					w.write(log, r.IntN(30))
				}
				if r.IntN(20) == 0 {
					w.move(log)
				}
			}
			do(r, w)
			if t.Failed() {
				t.Fatalf("world %d of seed %d", i, seed)
			}
		}
	}
}

// move takes a log away for good.
func (w *world) move(log string) { delete(w.files, Place{w.home, log}) }

// hold makes some services keep their archives open, and some let go.
func (w *world) hold(r *rand.Rand) {
	for at, f := range w.files {
		if held := r.IntN(10) == 0; held != f.held && !f.packed {
			g := *f
			g.held = held
			w.files[at] = &g
		}
	}
}

// pair makes a generation look as if a run was killed before it removed the
// plain archive.
func (w *world) pair(r *rand.Rand) {
	for at, f := range w.files {
		to := Place{w.away, at.Name + ".gz"}
		if w.policy.Compress.Enabled() && r.IntN(10) == 0 && !slices.Contains(w.logs, at.Name) && !f.packed && w.files[to] == nil {
			packed := *f
			packed.ino, packed.packed = uint64(w.next()), true
			w.files[to] = &packed
			return
		}
	}
}

func anyPolicy(r *rand.Rand) *policy.Policy {
	coin := func() bool { return r.IntN(2) == 0 }
	p := &policy.Policy{
		Frequency: []policy.Frequency{daily, hourly, every(time.Minute)}[r.IntN(3)],
		Rotate:    []int{-1, 0, 1, 2, 3, 5, 9}[r.IntN(7)],
		Start:     r.IntN(2), DateExt: coin(), IfEmpty: coin(), DelayCompress: coin(),
		DateFormat: []string{"-%Y%m%d", "-%Y%m%d%H", ".%s"}[r.IntN(3)],
	}
	if coin() {
		p.Compress = policy.Compression{Method: "gzip", Ext: ".gz"}
	}
	if coin() {
		p.Mail, p.MailFirst = "admin", coin()
	}
	if coin() {
		p.OldDir = "old"
	}
	if coin() {
		p.Extension = ".log"
	}
	switch r.IntN(6) {
	case 0:
		p.Method = policy.Copy
	case 1:
		p.Method = policy.CopyTruncate
	case 2, 3:
		p.Create = &policy.Create{}
	}
	switch r.IntN(8) {
	case 0:
		p.MaxAge = time.Duration(1+r.IntN(72)) * time.Hour
	case 1:
		p.MaxTotal = 1 + r.Int64N(1500)
	case 2:
		// What a copy takes is seen by the next run only.
		if p.Method != policy.Copy && p.OldDir == "" {
			p.KeepFree = 4000 + r.Int64N(900)
		}
	case 3:
		if p.Method != policy.Copy {
			p.MaxSize = 1 + r.Int64N(200)
		}
	}
	return p
}

// litter makes archives, with gaps between them.
func (w *world) litter(r *rand.Rand) {
	n := NewNaming(w.policy, time.UTC)
	for _, log := range w.logs {
		for i := 9; i > 0; i-- { // the oldest first, so that newer batches have larger numbers
			if r.IntN(3) == 0 {
				continue
			}
			when := w.now.Add(-time.Duration(i) * 24 * time.Hour)
			g := n.Newest(when)
			if !w.policy.DateExt {
				g.N += i - 1
			}
			at := Place{[]*Dir{w.home, w.away}[r.IntN(2)], n.Name(log, g)}
			if r.IntN(2) == 0 {
				at.Name += ".gz"
			}
			w.put(at, w.next(), i, 1+r.IntN(20), when)
		}
		if r.IntN(3) > 0 {
			w.last[log] = w.now.Add(-time.Duration(r.IntN(48)) * time.Hour)
		}
	}
}

func check(t *testing.T, w *world, written map[int]int, before string, p *Plan) {
	t.Helper()
	now := w.all()
	for line, batch := range written {
		if _, ok := now[line]; !ok && !w.gone[batch] {
			w.fault("line %d of batch %d is lost", line, batch)
			break
		}
	}
	for _, f := range w.faults {
		t.Error(f)
	}
	if len(w.faults) > 0 {
		t.Errorf("before:\n%s\nafter:\n%s\nplan:\n%s", before, w, describe(p))
	}
}

// idle wants nothing to be left to do, unless an archive is held.
func (w *world) idle(t *testing.T, before string) {
	t.Helper()
	for _, f := range w.files {
		if f.held {
			return
		}
	}
	p := Decide(w.observe())
	if slices.ContainsFunc(p.Policies[0].Logs, func(l LogPlan) bool {
		return !l.Idle()
	}) {
		t.Errorf("before:\n%s\nafter:\n%s\na second run is not idle:\n%s", before, w, describe(p))
	}
}
