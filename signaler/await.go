package signaler

import (
	"container/heap"
	"context"
	"iter"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Watched is a rotated file whose release is awaited.
type Watched struct {
	// Open opens the file read-only, each time it is probed. Await closes it:
	// no descriptor is kept while waiting.
	Open func() (*os.File, error)
	// Wait is how long to wait for its release, from the call of Await on. Zero: one look.
	Wait time.Duration
	// Done is called once, with what was found out.
	Done func(Result)
}

// Result is what Await found out about one file.
type Result struct {
	Status Status
	After  time.Duration // from the call of Await to the last probe
	Err    error         // why Status is Unknown
	Probes int
}

// Await probes each file until it is released, its time is up or ctx ends. A
// file that was still open for writing when last looked at is Held. Only such
// files are kept: a hundred thousand that are free cost no memory.
//
// A writer that closes a file wakes Await; what it then believes is [Probe].
// Files are also probed by the clock, in growing intervals of up to 250 ms
// (longer with thousands of files, so as to spend a tenth of a core at most).
// A file that is free at once costs an open, two fcntls and a close.
func Await(ctx context.Context, files iter.Seq[Watched]) {
	await(ctx, files, pace{
		first: 2 * time.Millisecond,
		event: time.Millisecond,
		most:  250 * time.Millisecond,
		each:  100 * time.Microsecond,
	})
}

// pace is how often a held file is probed without being told to. The first
// times must be short: the kernel tells of a close shortly before it is done,
// and to nobody if that is just before the watch is there.
type pace struct {
	first time.Duration // after the first look; then twice as long each time
	event time.Duration // after a wake-up that came too early; then likewise
	most  time.Duration // at most
	each  time.Duration // at least this much for every file that is waited for
}

func await(ctx context.Context, files iter.Seq[Watched], p pace) {
	a := awaiter{pace: p, begin: time.Now(), watched: map[int32][]*held{}}
	defer a.close()
	for w := range files {
		a.look(w)
	}
	for len(a.queue) > 0 && ctx.Err() == nil {
		fired, all := a.watcher.wait(ctx, a.queue[0].next)
		a.wake(fired, all)
		a.probeDue()
	}
	for _, h := range a.queue {
		h.Done(h.result)
	}
}

type awaiter struct {
	pace
	begin time.Time

	queue   queue
	watched map[int32][]*held // several files may be one inode
	watcher *watcher          // nil: there are none to be had
	full    bool              // no more watches
}

func (a *awaiter) close() {
	if a.watcher != nil {
		a.watcher.close()
	}
}

// look probes a file for the first time, and queues it if it is held.
func (a *awaiter) look(w Watched) {
	r, f := a.probe(w, 0)
	if f == nil {
		w.Done(r)
		return
	}
	defer f.Close() // read only: nothing to lose
	if w.Wait <= 0 {
		w.Done(r)
		return
	}
	h := &held{Watched: w, result: r, pause: a.first, deadline: a.begin.Add(w.Wait)}
	a.watch(f, h)
	a.schedule(h, time.Now())
	heap.Push(&a.queue, h)
}

// probe opens and probes a file that was probed so often before. It returns the
// open file if that is held.
func (a *awaiter) probe(w Watched, before int) (Result, *os.File) {
	f, err := w.Open()
	if err != nil {
		return Result{Status: Unknown, After: time.Since(a.begin), Err: err, Probes: before}, nil
	}
	r := Result{Probes: before + 1}
	r.Status, r.Err = Probe(f)
	r.After = time.Since(a.begin)
	if r.Status != Held {
		_ = f.Close() // read only: nothing to lose
		return r, nil
	}
	return r, f
}

// watch asks to be woken when a writer of f closes it. Where the system has no
// more watches, the clock must do.
func (a *awaiter) watch(f *os.File, h *held) {
	if a.full {
		return
	}
	var err error
	if a.watcher == nil {
		if a.watcher, err = newWatcher(); err != nil {
			a.full = true
			return
		}
	}
	if h.wd, err = a.watcher.add(f, unix.IN_CLOSE_WRITE); err != nil {
		a.full = true
		return
	}
	a.watched[h.wd] = append(a.watched[h.wd], h)
}

// wake brings forward the files whose watch fired.
func (a *awaiter) wake(fired []int32, all bool) {
	now := time.Now()
	if all {
		for _, h := range a.queue {
			h.next, h.pause = now, a.event
		}
		heap.Init(&a.queue)
		return
	}
	for _, wd := range fired {
		for _, h := range a.watched[wd] {
			h.next, h.pause = now, a.event
			heap.Fix(&a.queue, h.place)
		}
	}
}

// probeDue probes the files whose time has come.
func (a *awaiter) probeDue() {
	now := time.Now()
	for len(a.queue) > 0 && !a.queue[0].next.After(now) {
		h := a.queue[0]
		var f *os.File
		if h.result, f = a.probe(h.Watched, h.result.Probes); f != nil {
			_ = f.Close() // read only: nothing to lose
		}
		if f == nil || !h.deadline.After(now) {
			heap.Pop(&a.queue)
			a.forget(h)
			h.Done(h.result)
			continue
		}
		a.schedule(h, now)
		heap.Fix(&a.queue, 0)
	}
}

// schedule plans the next look, the last one at the deadline.
func (a *awaiter) schedule(h *held, now time.Time) {
	h.next = now.Add(h.pause)
	if h.next.After(h.deadline) {
		h.next = h.deadline
	}
	most := max(a.most, time.Duration(len(a.queue))*a.each)
	h.pause = min(2*h.pause, most)
}

// forget drops the watch of a file that is no longer waited for.
func (a *awaiter) forget(h *held) {
	others := a.watched[h.wd]
	if len(others) == 0 {
		return // it had none
	}
	if len(others) == 1 {
		delete(a.watched, h.wd)
		a.watcher.remove(h.wd)
		return
	}
	for i, other := range others {
		if other == h {
			a.watched[h.wd] = append(others[:i], others[i+1:]...)
			return
		}
	}
}

// held is a file that is waited for.
type held struct {
	Watched
	result   Result
	wd       int32
	next     time.Time // when it is looked at again
	deadline time.Time
	pause    time.Duration
	place    int // in the queue
}

// queue is a heap of what is to be looked at next.
type queue []*held

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].next.Before(q[j].next) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue) Push(x any) {
	h := x.(*held)
	h.place = len(*q)
	*q = append(*q, h)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	h := (*q)[last]
	*q = (*q)[:last]
	return h
}
