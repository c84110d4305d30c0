package rotate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/testdata/host"
)

// mountDead mounts a file system whose server never answers.
func (w *world) mountDead(name string) {
	w.Helper()
	w.must(os.Mkdir(w.path(name), 0o755))
	fuse, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		host.Lacks(w, err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse.Fd())
	if err := unix.Mount("dead", w.path(name), "fuse", 0, options); err != nil {
		host.Lacks(w, err)
	}
	w.Cleanup(func() {
		fuse.Close() // whoever waits gets an error
		w.must(unix.Unmount(w.path(name), unix.MNT_DETACH))
	})
}

// TestDeadFileServer has a policy with logs on a server that does not answer, and
// archives there that are owed, of a log that no policy has and of one that is
// elsewhere.
func TestDeadFileServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mountDead("dead")
	w.write("log/a.log", "a")
	w.mkdir("here")
	w.write("here/c.log", "c")
	w.seen("log/a.log", "here/c.log")
	owed := `{"format":"rotate owed","version":1}` + "\n" +
		fmt.Sprintf(`{"policy":"gone","log":%q,"archive":%q,"ino":7,"turned":"2026-01-01T00:00:00Z"}`, w.path("dead/gone/x.log"), w.path("dead/gone/x.log.1")) + "\n" +
		fmt.Sprintf(`{"policy":"c","log":%q,"archive":%q,"ino":9,"turned":"2026-01-01T00:00:00Z"}`, w.path("here/c.log"), w.path("dead/old/c.log.1")) + "\n"
	w.write("state.owed", owed)
	toml := daily + "[log.dead]\npaths=['DIR/dead/b.log', 'DIR/dead/sub/*.log']\nfrequency='daily'\nrotate=3\nmissingok=true\n" +
		"[log.c]\npaths=['DIR/here/*.log']\nfrequency='daily'\nrotate=3\nolddir='DIR/dead/old'\n"
	r := w.run(toml, func(o *Options) { o.patience = 5 * time.Second })
	w.want("log", map[string]string{"a.log.1": "a"})
	var unanswered []string
	for _, p := range r.Plan.Policies {
		for _, problem := range p.Problems {
			if problem.Reason.Code == plan.Unreadable && strings.Contains(problem.Detail, "no answer within") {
				unanswered = append(unanswered, problem.Path)
			}
		}
	}
	if len(unanswered) != 2 || !r.Failed() {
		t.Errorf("no answer from %q; %v", unanswered, said(r))
	}
	if left := w.read(w.path("state.owed")); left != owed {
		t.Errorf("it has forgotten what is owed: %s", left)
	}
}

// TestInterruptedByADeadFileServer has a signal come while a folder does not
// answer.
func TestInterruptedByADeadFileServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mountDead("dead")
	ctx, stop := context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, stop)
	_, err := Prepare(ctx, w.policies("[log.dead]\npaths=['DIR/dead/*.log']\nfrequency='daily'\nrotate=3\n"), Options{State: w.path("state"), Now: w.now, patience: time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestDeadFolderIsAskedOnce looks at it again, for a policy with su.
func TestDeadFolderIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mountDead("dead")
	tree := newTree(context.Background(), &fsys.FS{}, &state.State{}, nil, time.Millisecond)
	first := tree.folder(w.path("dead/sub"))
	tree.patience, tree.su = time.Hour, &fsys.FS{}
	if again := tree.folder(w.path("dead/sub")); again != first || !errors.Is(first.err, errNoAnswer) {
		t.Errorf("%v, then %v", first.err, again.err)
	}
}
