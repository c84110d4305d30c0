package rotate

import (
	"sync"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// maxHandles bounds the folders that a run keeps open, where it may open that
// many files.
const maxHandles = 256

// affordable is how many folders a run keeps open that may have limit files
// open: workers, scripts and programs need the most of them.
func affordable(limit uint64) int { return int(max(1, min(maxHandles, limit/8))) }

// handles opens the folders that a run changes, keeps them open while they
// are of use, and knows which have changes that are not durable yet.
type handles struct {
	fs  *fsys.FS
	who *policy.User // whom fs acts as; nil: whoever runs rotate
	max int          // of open

	mu    sync.Mutex
	open  map[*plan.Dir]*handle
	dirty map[*plan.Dir]bool
	made  map[*plan.Dir]plan.ID // folders that were missing
}

type handle struct {
	*fsys.Dir
	users int
}

func newHandles(fs *fsys.FS) *handles {
	limit := unix.Rlimit{Cur: 8 * maxHandles}
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) // the Go runtime has raised it to the hard limit
	return &handles{fs: fs, max: affordable(limit.Cur), open: map[*plan.Dir]*handle{}, dirty: map[*plan.Dir]bool{}, made: map[*plan.Dir]plan.ID{}}
}

// use calls do with the folder that was observed as d.
func (h *handles) use(d *plan.Dir, do func(*fsys.Dir) error) error {
	x, err := h.take(d)
	if err != nil {
		return err
	}
	defer h.release(x)
	return do(x.Dir)
}

// change is use by someone who changes names in d.
func (h *handles) change(d *plan.Dir, do func(*fsys.Dir) error) error {
	return h.use(d, func(x *fsys.Dir) error {
		err := do(x)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.dirty[d] = true
		return err
	})
}

func (h *handles) take(d *plan.Dir) (*handle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.open[d]
	if x == nil {
		id := d.ID
		if made, ok := h.made[d]; ok {
			id = made
		}
		dir, err := openAs(h.fs, d.Path, id)
		if err != nil {
			return nil, err
		}
		h.evict()
		x = &handle{Dir: dir}
		h.open[d] = x
	}
	x.users++
	return x, nil
}

func (h *handles) release(x *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x.users--
}

// evict makes room for one more open folder. What is dirty stays so: sync
// opens it again.
func (h *handles) evict() {
	for d, x := range h.open {
		if len(h.open) < h.max {
			return
		}
		if x.users == 0 {
			x.Close() // nothing was written through the folder itself
			delete(h.open, d)
		}
	}
}

// sync makes every change so far durable, one fsync a folder. It returns the
// folders whose changes are not.
func (h *handles) sync() map[*plan.Dir]error {
	h.mu.Lock()
	dirty := h.dirty
	h.dirty = map[*plan.Dir]bool{}
	h.mu.Unlock()
	failed := map[*plan.Dir]error{}
	for d := range dirty {
		if err := h.use(d, (*fsys.Dir).Sync); err != nil {
			failed[d] = err
		}
	}
	return failed
}

func (h *handles) close() {
	for _, x := range h.open {
		x.Close() // nothing was written through the folder itself
	}
}
