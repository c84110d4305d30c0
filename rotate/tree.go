package rotate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
)

// tree is the folders that a run has looked into. Each is read once, for all
// policies.
type tree struct {
	ctx   context.Context
	fs    *fsys.FS
	su    *fsys.FS // opens what fs cannot, for the policy that is looked at; nil: nobody does
	paths map[string]*folder
	ids   map[plan.ID]*folder // two paths may lead to one folder
	known map[string][]string // folder → names of logs that the state has seen there

	patience time.Duration       // with a folder that does not answer
	stuck    bool                // there was one: somebody still waits for it
	owed     map[uint64][]string // inode → archives that are owed, by their paths
}

// folder is one folder's index.
type folder struct {
	*plan.Dir                // on its own: a plan outlives the index
	err       error          // why it could not be read
	entries   []fsys.Entry   // by name
	gone      []string       // names that the state knows and the folder no longer has, by name
	owed      map[uint64]int // inode → index in entries of a file that is owed

	// What policies have taken: entries by index, gone names.
	claims      []claim
	claimedGone map[string]bool
}

// claim is who has an entry: nobody, or a log as one of its archives, or, as a
// log, a policy, by its number. Litter has it that is to go.
type claim int32

const (
	free claim = iota
	asLitter
	asArchive
	asLog // of policy 0, and so on
)

func (f *folder) taken(index int, name string) bool {
	if index < 0 {
		return f.claimedGone[name]
	}
	return f.claims[index] != free
}

// take takes an entry, or a name that is gone, for a log of the policy with
// that number.
func (f *folder) take(index int, name string, number int) {
	if index >= 0 {
		f.claims[index] = asLog + claim(number)
		return
	}
	if f.claimedGone == nil {
		f.claimedGone = map[string]bool{}
	}
	f.claimedGone[name] = true
}

// A file server that is gone does not answer. It may be a while, once.
const (
	patience   = 30 * time.Second
	impatience = time.Second
)

var errNoAnswer = errors.New("no answer")

func newTree(ctx context.Context, fs *fsys.FS, st *state.State, owed []state.Owed, patience time.Duration) *tree {
	t := &tree{
		patience: patience,

		ctx:   ctx,
		fs:    fs,
		paths: map[string]*folder{},
		ids:   map[plan.ID]*folder{},
		known: map[string][]string{},
		owed:  map[uint64][]string{},
	}
	for log := range st.All() {
		t.know(log)
	}
	for _, o := range owed {
		t.know(o.Log)
		t.owed[o.Ino] = append(t.owed[o.Ino], o.Archive)
	}
	return t
}

func (t *tree) know(log string) {
	dir, name := path.Split(log)
	if len(dir) > 1 {
		dir = dir[:len(dir)-1]
	}
	t.known[dir] = append(t.known[dir], name)
}

// folder returns the index of the folder at dir, reading it the first time.
func (t *tree) folder(dir string) *folder {
	if f := t.paths[dir]; f != nil && (f.err == nil || t.su == nil || errors.Is(f.err, errNoAnswer)) {
		return f
	}
	f := t.read(dir)
	t.paths[dir] = f
	return f
}

func (t *tree) read(dir string) *folder {
	if err := t.ctx.Err(); err != nil {
		return &folder{Dir: &plan.Dir{Path: dir}, err: err}
	}
	su := t.su
	d, err := answer(t, func() (*fsys.Dir, error) {
		d, err := t.fs.OpenDir(dir)
		if err != nil && su != nil {
			d, err = su.OpenDir(dir)
		}
		return d, err
	})
	if err != nil {
		f := &folder{Dir: &plan.Dir{Path: dir}, err: err}
		f.gone = t.goneFrom(dir, f)
		return f
	}
	id := plan.ID(d.ID())
	if f := t.ids[id]; f != nil {
		d.Close() // read only: nothing to lose
		return f
	}
	f := &folder{Dir: &plan.Dir{Path: dir, ID: id, Mount: d.Mount(), Free: -1}}
	f.entries, f.err = answer(t, func() ([]fsys.Entry, error) {
		defer d.Close() // read only: nothing to lose
		return d.Entries()
	})
	f.claims = make([]claim, len(f.entries))
	t.find(f)
	f.gone = t.goneFrom(dir, f)
	t.ids[id] = f
	return f
}

// answer returns what ask returns, or, if that takes too long, an error. Whoever
// asked goes on waiting.
func answer[T any](t *tree, ask func() (T, error)) (got T, err error) {
	type reply struct {
		got T
		err error
	}
	replies := make(chan reply, 1)
	go func() {
		got, err := ask()
		replies <- reply{got, err}
	}()
	late := time.NewTimer(t.patience)
	defer late.Stop()
	select {
	case r := <-replies:
		return r.got, r.err
	case <-t.ctx.Done():
		err = context.Cause(t.ctx)
	case <-late.C:
		err = fmt.Errorf("%w within %v", errNoAnswer, t.patience)
		t.patience = min(t.patience, impatience)
	}
	t.stuck = true
	return got, err
}

// find finds what is owed in f. What has the name yet that it was given is an
// archive, whatever policies call their archives now.
func (t *tree) find(f *folder) {
	if len(t.owed) == 0 {
		return
	}
	f.owed = map[uint64]int{}
	for i, e := range f.entries {
		archives, owed := t.owed[e.Ino]
		if !owed || e.Type != unix.DT_REG {
			continue
		}
		_, again := f.owed[e.Ino]
		if slices.Contains(archives, path.Join(f.Path, e.Name)) {
			f.claims[i] = asArchive
			again = false
		}
		if !again {
			f.owed[e.Ino] = i
		}
	}
}

// goneFrom returns the names that the state knows in dir and f does not have.
func (t *tree) goneFrom(dir string, f *folder) (gone []string) {
	for _, name := range t.known[dir] {
		if f.find(name) < 0 {
			gone = append(gone, name)
		}
	}
	if f.err == nil {
		delete(t.known, dir) // another path may lead to this folder
	}
	slices.Sort(gone)
	return slices.Compact(gone)
}

// find returns the index of name in f.entries, or -1.
func (f *folder) find(name string) int {
	i := sort.Search(len(f.entries), func(i int) bool { return f.entries[i].Name >= name })
	if i < len(f.entries) && f.entries[i].Name == name {
		return i
	}
	return -1
}

// with returns the range of entries whose names begin with prefix.
func (f *folder) with(prefix string) (from, to int) {
	from = sort.Search(len(f.entries), func(i int) bool { return f.entries[i].Name >= prefix })
	to = from + sort.Search(len(f.entries)-from, func(i int) bool {
		return !strings.HasPrefix(f.entries[from+i].Name, prefix)
	})
	return from, to
}

// goneWith returns the gone names that begin with prefix.
func (f *folder) goneWith(prefix string) []string {
	from := sort.SearchStrings(f.gone, prefix)
	to := from + sort.Search(len(f.gone)-from, func(i int) bool {
		return !strings.HasPrefix(f.gone[from+i], prefix)
	})
	return f.gone[from:to]
}
