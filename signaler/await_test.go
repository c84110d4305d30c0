package signaler

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests of this file are not parallel, see TestProbeSeesEveryWriter.

// deaf never probes by the clock, so that only a wake-up can end a wait.
var deaf = pace{first: time.Hour, event: time.Millisecond, most: time.Hour}

func reader(path string) func() (*os.File, error) {
	return func() (*os.File, error) { return os.Open(path) }
}

// holding returns a new file that this process can write to.
func holding(t *testing.T) (path string, w *os.File) {
	t.Helper()
	path = filepath.Join(folder(t), "app.log.1")
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	must(t, err)
	t.Cleanup(func() { _ = w.Close() })
	return path, w
}

// heir starts a process that inherited a descriptor from one that has ended.
func heir(t *testing.T, path string, env ...string) *child {
	t.Helper()
	c := play(t, "heir", append(env, "LOG="+path)...)
	must(t, unix.Waitid(unix.P_PID, c.pid(), nil, unix.WEXITED|unix.WNOWAIT, nil))
	c.ping()
	return c
}

func playHeir() {
	f, err := os.OpenFile(os.Getenv("LOG"), os.O_WRONLY|os.O_APPEND, 0)
	check(err)
	cmd := exec.Command("cat")
	cmd.Stdin, cmd.Stdout, cmd.ExtraFiles = os.Stdin, os.Stdout, []*os.File{f}
	check(cmd.Start())
}

// file is what tests await.
type file struct {
	open func() (*os.File, error)
	wait time.Duration
}

func awaitNow(ctx context.Context, files []file) []Result {
	return collect(files, func(watched iter.Seq[Watched]) { Await(ctx, watched) })
}

func awaitAt(ctx context.Context, files []file, p pace) []Result {
	return collect(files, func(watched iter.Seq[Watched]) { await(ctx, watched, p) })
}

// collect returns the results in the order of files. Each is told once.
func collect(files []file, await func(iter.Seq[Watched])) []Result {
	results, told := make([]Result, len(files)), 0
	await(func(yield func(Watched) bool) {
		for i, f := range files {
			done := func(r Result) { results[i], told = r, told+1 }
			if !yield(Watched{Open: f.open, Wait: f.wait, Done: done}) {
				return
			}
		}
	})
	if told != len(files) {
		panic(fmt.Sprintf("%d results of %d files", told, len(files)))
	}
	return results
}

func one(t *testing.T, results []Result, want Status) Result {
	t.Helper()
	if len(results) != 1 || results[0].Status != want || (results[0].Err != nil) != (want == Unknown) {
		t.Fatalf("got %+v, want one %v", results, want)
	}
	return results[0]
}

func TestAwaitWhatIsFree(t *testing.T) {
	path, w := holding(t)
	must(t, w.Close())
	r := one(t, awaitNow(t.Context(), []file{{reader(path), time.Hour}}), Released)
	if r.Probes != 1 {
		t.Errorf("%d probes, want 1", r.Probes)
	}
	if got := awaitNow(t.Context(), nil); len(got) != 0 {
		t.Errorf("got %v for no files", got)
	}
}

func TestAwaitWithoutWaitLooksOnce(t *testing.T) {
	path, _ := holding(t)
	for _, wait := range []time.Duration{0, -1} {
		if r := one(t, awaitNow(t.Context(), []file{{reader(path), wait}}), Held); r.Probes != 1 {
			t.Errorf("%d probes, want 1", r.Probes)
		}
	}
}

func TestAwaitGrandchild(t *testing.T) {
	path, w := holding(t)
	must(t, w.Close())
	c := heir(t, path)
	one(t, awaitNow(t.Context(), []file{{open: reader(path)}}), Held)
	must(t, c.in.Close())
	one(t, awaitNow(t.Context(), []file{{reader(path), time.Minute}}), Released)
}

// The second file is opened once the first is waited for, and lets it go.
func TestAwaitIsWokenByAClose(t *testing.T) {
	path, w := holding(t)
	second := func() (*os.File, error) {
		must(t, w.Close())
		return os.Open("/dev/null")
	}
	got := awaitAt(t.Context(), []file{{reader(path), time.Hour}, {second, 0}, {reader(path), time.Hour}}, deaf)
	one(t, got[:1], Released)
	one(t, got[1:2], Unknown) // a device has no leases
	one(t, got[2:], Released)
	if got[0].Probes > 6 { // one, one woken, a few if the close was not done yet
		t.Errorf("%d probes", got[0].Probes)
	}
}

// One inode under two paths has one watch.
func TestAwaitOneFileTwice(t *testing.T) {
	path, w := holding(t)
	other := link(t, path, path+".link")
	last := func() (*os.File, error) {
		must(t, w.Close())
		return nil, os.ErrNotExist
	}
	got := awaitAt(t.Context(), []file{{reader(path), time.Hour}, {reader(other), time.Hour}, {last, 0}}, deaf)
	one(t, got[:1], Released)
	one(t, got[1:2], Released)
}

// memory is an empty directory for thousands of files, which take seconds elsewhere.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "signaler")
	need(t, err == nil, "/dev/shm")
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The watch that two share outlasts the one whose time is up first.
func TestAwaitOneFileTwiceForDifferentTimes(t *testing.T) {
	path, w := holding(t)
	third, _ := holding(t)
	opens := 0
	closer := func() (*os.File, error) {
		if opens++; opens == 2 { // at its own deadline, after that of the first
			must(t, w.Close())
		}
		return os.Open(third)
	}
	got := awaitAt(t.Context(), []file{{reader(path), 5 * time.Millisecond}, {reader(path), time.Hour}, {closer, 10 * time.Millisecond}}, deaf)
	one(t, got[:1], Held)
	one(t, got[1:2], Released)
	one(t, got[2:], Held)
}

// A close at any moment around the first look is not missed.
func TestAwaitRacingClose(t *testing.T) {
	var files []file
	dir := memory(t)
	for i := range 1000 {
		path := fmt.Sprintf("%s/%d.log.1", dir, i)
		w, err := os.Create(path)
		must(t, err)
		files = append(files, file{func() (*os.File, error) {
			go func() { _ = w.Close() }()
			return os.Open(path)
		}, time.Hour})
	}
	results := awaitAt(t.Context(), files, pace{first: time.Millisecond, event: time.Millisecond, most: time.Hour})
	for i := range results {
		one(t, results[i:i+1], Released)
	}
}

func TestAwaitMemoryMap(t *testing.T) {
	path, w := holding(t)
	_, err := w.WriteString("a line\n")
	must(t, err)
	must(t, w.Close())
	m := mapFile(t, path, unix.PROT_READ|unix.PROT_WRITE)
	last := func() (*os.File, error) {
		must(t, unix.Munmap(m))
		return nil, os.ErrNotExist
	}
	got := awaitAt(t.Context(), []file{{reader(path), time.Hour}, {last, 0}}, deaf)
	one(t, got[:1], Released)
}

func TestAwaitUntilTimeIsUp(t *testing.T) {
	path, _ := holding(t)
	const wait = 20 * time.Millisecond
	r := one(t, awaitNow(t.Context(), []file{{reader(path), wait}}), Held)
	if r.After < wait || r.Probes < 2 {
		t.Errorf("gave up after %v and %d probes", r.After, r.Probes)
	}
	// The last look is at the deadline, whatever the pace.
	r = one(t, awaitAt(t.Context(), []file{{reader(path), wait}}, deaf), Held)
	if r.After < wait || r.Probes != 2 {
		t.Errorf("gave up after %v and %d probes", r.After, r.Probes)
	}
}

func TestAwaitCancelled(t *testing.T) {
	path, _ := holding(t)
	ctx, cancel := context.WithCancel(t.Context())
	last := func() (*os.File, error) {
		cancel()
		return nil, os.ErrNotExist
	}
	one(t, awaitAt(ctx, []file{{reader(path), time.Hour}, {last, 0}}, deaf)[:1], Held)

	for _, p := range []pace{deaf, {first: time.Microsecond, most: time.Millisecond}} { // while it waits, and while it probes
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		one(t, awaitAt(ctx, []file{{reader(path), time.Hour}}, p), Held)
		cancel()
	}
}

// A file that cannot be opened is not waited for.
func TestAwaitFileThatCannotBeOpened(t *testing.T) {
	path, _ := holding(t)
	r := one(t, awaitNow(t.Context(), []file{{reader(path + ".none"), time.Hour}}), Unknown)
	if !errors.Is(r.Err, os.ErrNotExist) || r.Probes != 0 {
		t.Errorf("got %+v", r)
	}
	// Nor is what cannot be told: a device has no leases.
	one(t, awaitAt(t.Context(), []file{{reader("/dev/null"), time.Hour}}, deaf), Unknown)
	opens := 0
	removed := func() (*os.File, error) {
		if opens++; opens == 2 {
			must(t, os.Remove(path))
		}
		return os.Open(path)
	}
	r = one(t, awaitNow(t.Context(), []file{{removed, time.Hour}}), Unknown)
	if !errors.Is(r.Err, os.ErrNotExist) {
		t.Errorf("got %+v", r)
	}
}

// Thousands of files need no descriptors, and more events than the queue of
// inotify holds lose no release.
func TestAwaitThousands(t *testing.T) {
	const files = 20_000
	dir := memory(t)
	var maps [][]byte
	var watched []file
	for i := range files {
		path := fmt.Sprintf("%s/%d.log.1", dir, i)
		must(t, os.WriteFile(path, []byte{'\n'}, 0o644))
		maps = append(maps, mapFile(t, path, unix.PROT_READ)) // holds without a descriptor
		watched = append(watched, file{reader(path), time.Hour})
	}
	used := 0
	watched = append(watched, file{open: func() (*os.File, error) {
		fds, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		used = len(fds)
		for _, m := range maps {
			must(t, unix.Munmap(m))
		}
		return nil, os.ErrNotExist
	}})
	results := awaitAt(t.Context(), watched, deaf)[:files]
	probes := 0
	for i := range results {
		one(t, results[i:i+1], Released)
		probes += results[i].Probes
	}
	if used > 100 || probes > 4*files {
		t.Errorf("used %d descriptors and %d probes", used, probes)
	}
}

// Where the system has no more watches, the clock does.
func TestAwaitWithoutWatches(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"max_inotify_watches", "max_inotify_instances"} {
		t.Run(limit, func(t *testing.T) {
			path, w := holding(t)
			must(t, w.Close())
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), "SIGNALER_ROLE=unwatched", "LOG="+path, "LIMIT="+limit)
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  unix.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
			}
			out, err := cmd.CombinedOutput()
			need(t, !errors.Is(err, os.ErrPermission), "user namespaces")
			if err != nil || string(out) != "released\n" {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

func playUnwatched() {
	check(os.WriteFile("/proc/sys/user/"+os.Getenv("LIMIT"), []byte("0"), 0))
	path := os.Getenv("LOG")
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(err)
	if watcher, err := newWatcher(); err == nil {
		if _, err := watcher.add(w, unix.IN_CLOSE_WRITE); err == nil {
			panic("there are watches")
		}
	}
	opens := 0
	open := func() (*os.File, error) {
		if opens++; opens == 4 {
			check(w.Close())
		}
		return os.Open(path)
	}
	r := awaitNow(context.Background(), []file{{open, time.Hour}, {open, time.Hour}})
	fmt.Println(r[0].Status)
}

func BenchmarkAwaitReleased(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.log.1")
	must(b, os.WriteFile(path, nil, 0o644))
	files := []file{{reader(path), time.Second}}
	for b.Loop() {
		if r := awaitNow(b.Context(), files); r[0].Status != Released {
			b.Fatal(r)
		}
	}
}
