package rotate

import (
	"fmt"
	"testing"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
)

// TestHandlesAreFew opens many folders where few files may be open.
func TestHandlesAreFew(t *testing.T) {
	t.Parallel()
	for limit, want := range map[uint64]int{0: 1, 64: 8, 1024: 128, 1 << 20: maxHandles} {
		if got := affordable(limit); got != want {
			t.Errorf("of %d files %d may be folders, want %d", limit, got, want)
		}
	}
	w := newWorld(t)
	h := newHandles(&fsys.FS{})
	h.max = affordable(64)
	defer h.close()
	for i := range 100 {
		name := fmt.Sprint(i)
		w.mkdir(name)
		d, err := h.fs.OpenDir(w.path(name))
		w.must(err)
		dir := &plan.Dir{Path: w.path(name), ID: plan.ID(d.ID())}
		w.must(d.Close())
		w.must(h.change(dir, func(*fsys.Dir) error { return nil }))
	}
	if len(h.open) > h.max {
		t.Errorf("%d folders are open, want %d at most", len(h.open), h.max)
	}
	if failed := h.sync(); len(failed) > 0 {
		t.Error(failed)
	}
}
