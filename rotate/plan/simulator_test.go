package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rotate/rotate/policy"
)

// world is two folders of a machine on which plans are carried out, and what
// the runs remember.
type world struct {
	policy *policy.Policy
	now    time.Time
	logs   []string
	home   *Dir
	away   *Dir // home itself, if there is no olddir
	space  int64
	files  map[Place]*file
	last   map[string]time.Time
	owed   map[string][]Owed // Archive is not kept: the file is found by its ID

	serial uint64
	steps  int // mutations until the crash; -1: none
	faults []string

	// gone are the batches that retention removed. A batch is what one turn
	// took from a log; later ones have larger numbers.
	gone map[int]bool
}

// file holds lines of one batch.
type file struct {
	ino     uint64
	batch   int
	lines   []int
	modTime time.Time
	packed  bool
	mailed  bool
	turns   int  // turns of its log that it went through, its own included
	held    bool // a process writes it, and does not let go
}

func (f *file) size() int64 {
	n := int64(len(f.lines)) * 10
	if f.packed {
		n /= 5
	}
	return n
}

func newWorld(p *policy.Policy, now time.Time, logs ...string) *world {
	w := &world{
		policy: p, now: now, logs: logs, steps: -1, space: 5000,
		home:  &Dir{Path: "/log", ID: ID{1, 1}, Mount: 1, Free: -1},
		files: map[Place]*file{}, last: map[string]time.Time{}, owed: map[string][]Owed{}, gone: map[int]bool{},
	}
	w.away = w.home
	if p.OldDir != "" {
		w.away = &Dir{Path: "/log/old", ID: ID{1, 2}, Mount: 1, Free: -1}
	}
	return w
}

// clone returns a world to crash in. Files are replaced, never changed, once
// they are in a world; folders are shared.
func (w *world) clone() *world {
	c := *w
	c.files, c.last, c.owed, c.gone = maps.Clone(w.files), maps.Clone(w.last), maps.Clone(w.owed), maps.Clone(w.gone)
	c.faults = nil
	return &c
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *world) next() int { w.serial++; return int(w.serial) }

// write appends n lines to a log; a service that finds no log makes one.
func (w *world) write(log string, n int) {
	at := Place{w.home, log}
	old, ok := w.files[at]
	if !ok {
		old = &file{ino: uint64(w.next()), batch: w.next()}
	}
	f := *old
	f.modTime, f.lines = w.now, slices.Clone(old.lines)
	for range n {
		f.lines = append(f.lines, w.next())
	}
	w.files[at] = &f
}

func (w *world) put(at Place, batch, turns, lines int, modTime time.Time) {
	f := &file{ino: uint64(w.next()), batch: batch, turns: turns, modTime: modTime, packed: strings.HasSuffix(at.Name, ".gz")}
	for range lines {
		f.lines = append(f.lines, w.next())
	}
	w.files[at] = f
}

// all is every line of the world, with its batch.
func (w *world) all() map[int]int {
	lines := map[int]int{}
	for _, f := range w.files {
		for _, n := range f.lines {
			lines[n] = f.batch
		}
	}
	return lines
}

func (w *world) observe() *Facts {
	for _, d := range []*Dir{w.home, w.away} {
		d.Free = -1
		if w.policy.KeepFree > 0 {
			d.Free = w.space
			for at, f := range w.files {
				if at.Dir.Mount == d.Mount {
					d.Free -= f.size()
				}
			}
		}
	}
	facts := PolicyFacts{Policy: w.policy}
	for _, log := range w.logs {
		l := LogFacts{Place: Place{w.home, log}, Archive: w.away, Last: w.last[log]}
		for at, f := range w.files { // in no order
			if g, ext, ok := NewNaming(w.policy, w.now.Location()).Parse(log, at.Name); ok {
				a := Archive{Place: at, Generation: g, Ext: ext, Ino: f.ino, Size: -1}
				if NeedsArchiveStat(w.policy) {
					a.Size, a.ModTime = f.size(), f.modTime
				}
				l.Archives = append(l.Archives, a)
				for _, o := range w.owed[log] {
					if o.ID.Ino == f.ino && !f.packed {
						o.Archive = at
						l.Owe(o)
						if o.Since.After(l.Last) {
							l.Last = o.Since
						}
					}
				}
			}
		}
		f, ok := w.files[l.Place]
		l.CutShort = ok && slices.ContainsFunc(w.owed[log], func(o Owed) bool { return o.ID.Ino == f.ino })
		if !ok {
			l.Kind = Missing
			if len(l.Archives) == 0 {
				continue
			}
		} else if Needs(w.policy, l.Last, w.now, false) {
			l.Stat = &Stat{ID: ID{1, f.ino}, Size: f.size(), ModTime: f.modTime.UnixNano()}
		}
		facts.Logs = append(facts.Logs, l)
	}
	return &Facts{Now: w.now, Policies: []PolicyFacts{facts}}
}

// run observes, decides and executes.
func (w *world) run() *Plan {
	facts := w.observe()
	p := Decide(facts)
	w.execute(p.Policies[0].Logs)
	return p
}

// mutate reports whether the next mutation happens, or the run was killed.
func (w *world) mutate() bool {
	if w.steps == 0 {
		return false
	}
	w.steps--
	return true
}

func (w *world) execute(logs []LogPlan) {
	for i := range logs { // what is about to be turned is on disk before
		if l := &logs[i]; l.Work().Turned.Dir != nil {
			w.owed[l.Name] = append(slices.Clone(w.owed[l.Name]), Owed{ID: l.Stat.ID, Since: w.now})
		}
	}
	for i := range logs {
		for _, s := range logs[i].Work().Turn {
			if !w.do(s) {
				return
			}
		}
	}
	for i := range logs {
		l := &logs[i]
		switch {
		case len(l.Work().Turn) > 0, l.Kind == Regular && l.Last.IsZero():
			w.last[l.Name] = w.now
		case len(l.Owed()) > 0:
			w.last[l.Name] = l.Last // what the run that was killed could not say
		}
		w.settled(l)
	}
	before := w.archived()
	for i := range logs {
		for _, s := range logs[i].Work().Finish {
			if f := w.files[s.From]; f != nil && f.held {
				continue
			}
			if s.Op == Remove {
				w.judge(&logs[i], s.From, before)
			}
			if !w.do(s) {
				return
			}
		}
	}
	for log, owed := range w.owed {
		w.owed[log] = slices.DeleteFunc(slices.Clone(owed), func(o Owed) bool {
			for _, f := range w.files {
				if f.ino == o.ID.Ino {
					return !f.held
				}
			}
			return true
		})
	}
}

// settled checks that what Finish does to plain archives is waited for.
func (w *world) settled(l *LogPlan) {
	work := l.Work()
	for _, at := range work.Settle {
		if w.files[at] == nil {
			w.fault("%s is to settle, and not there", at.Path())
		}
	}
	for _, s := range work.Finish {
		if s.Op == Mail && w.policy.Method != policy.Rename {
			continue // nobody writes to a copy
		}
		if f := w.files[s.From]; f != nil && !f.packed && !slices.Contains(work.Settle, s.From) {
			w.fault("%s %s without waiting for its release", s.Op, s.From.Path())
		}
	}
	for _, o := range l.Owed() {
		if !slices.ContainsFunc(work.Settle, func(at Place) bool { return w.files[at] != nil && w.files[at].ino == o.ID.Ino }) {
			w.fault("%s is owed, and not waited for", o.Archive.Path())
		}
	}
}

func (w *world) do(s Step) bool {
	if _, ok := w.files[s.From]; !ok && s.Op != Create {
		w.fault("%s %s: it is not there", s.Op, s.From.Path())
		return true
	}
	to, taken := w.files[s.To]
	if !w.mutate() {
		return false
	}
	if (s.Op == Rename || s.Op == Copy) && slices.Contains(w.logs, s.From.Name) {
		w.turned(s.From.Name)
	}
	from, ok := w.files[s.From]
	switch s.Op {
	case Rename:
		if taken || s.From.Dir.Mount != s.To.Dir.Mount {
			w.fault("rename %s over %s, or to another mount", s.From.Path(), s.To.Path())
		}
		w.files[s.To] = from
		delete(w.files, s.From)
	case Create:
		if !ok {
			w.files[s.From] = &file{ino: uint64(w.next()), batch: w.next(), modTime: w.now}
		}
	case Copy:
		if taken {
			w.fault("copy %s over %s", s.From.Path(), s.To.Path())
		}
		saved := *from
		saved.ino = uint64(w.next())
		w.files[s.To] = &saved
		rest := *from
		rest.batch, rest.turns = w.next(), 0
		w.files[s.From] = &rest
	case Truncate:
		rest := *from
		rest.lines = nil
		w.files[s.From] = &rest
	case Compress, Move:
		if taken && to.batch != from.batch {
			w.fault("%s %s over the other %s", s.Op, s.From.Path(), s.To.Path())
			return true
		}
		if from.packed {
			w.fault("%s %s, which is compressed", s.Op, s.From.Path())
		}
		packed := *from
		packed.ino, packed.packed = uint64(w.next()), s.Op == Compress
		w.files[s.To] = &packed
		if !w.mutate() {
			return false
		}
		delete(w.files, s.From)
	case Mail:
		g := *from
		g.mailed = true
		w.files[s.From] = &g
	case Remove:
		if w.policy.Mail != "" && !w.policy.MailFirst && !from.mailed && s.Reason.Code != Packed && s.Reason.Code != Broken && !w.paired(s.From) {
			w.fault("%s is removed and was not mailed", s.From.Path())
		}
		w.gone[from.batch] = true
		delete(w.files, s.From)
	}
	return true
}

// turned counts a turn for each archive of a log, and for what becomes one.
func (w *world) turned(log string) {
	n := NewNaming(w.policy, w.now.Location())
	for at, f := range w.files {
		if _, _, ok := n.Parse(log, at.Name); ok || at == (Place{w.home, log}) {
			g := *f
			g.turns++
			w.files[at] = &g
		}
	}
}

// paired reports whether the plain form of a packed archive is there.
func (w *world) paired(at Place) bool {
	plain := w.files[Place{at.Dir, strings.TrimSuffix(at.Name, ".gz")}]
	return plain != nil && plain.batch == w.files[at].batch
}

// archived is the bytes of all archives.
func (w *world) archived() (n int64) {
	for at, f := range w.files {
		if !slices.Contains(w.logs, at.Name) {
			n += f.size()
		}
	}
	return n
}

// judge wants a reason for a removal.
func (w *world) judge(l *LogPlan, at Place, archived int64) {
	p, f := w.policy, w.files[at]
	if f == nil {
		return // do reports it
	}
	newer := map[int]bool{}
	for other, g := range w.files {
		if _, _, ok := NewNaming(p, w.now.Location()).Parse(l.Name, other.Name); ok && g.batch > f.batch {
			newer[g.batch] = true
		}
	}
	switch {
	case p.Rotate >= 0 && (len(newer) >= p.Rotate || !p.DateExt && f.turns > p.Rotate):
	case p.MaxAge > 0 && w.now.Sub(f.modTime) > Lifetime(p.MaxAge):
	case p.MaxTotal > 0 && archived > p.MaxTotal && at != l.Work().Turned:
	case p.KeepFree > 0 && at.Dir.Free < p.KeepFree && at != l.Work().Turned:
	default:
		w.fault("%s is removed too early: %d newer ones are there, written %v ago, %d bytes in all", at.Path(), len(newer), w.now.Sub(f.modTime), archived)
	}
}

func (w *world) String() string {
	var names []string
	for at, f := range w.files {
		names = append(names, fmt.Sprintf("  %s batch %d, %d lines, %v", at.Path(), f.batch, len(f.lines), f.modTime.Format(time.DateTime)))
	}
	slices.Sort(names)
	return fmt.Sprintf("%+v\nnow %v, last %v, owed %v\n%s", *w.policy, w.now, w.last, w.owed, strings.Join(names, "\n"))
}
