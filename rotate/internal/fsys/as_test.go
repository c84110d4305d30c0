package fsys

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

var (
	someone = User{UID: 65534, GID: 65534}
	daemon  = User{UID: 1, GID: 1, Groups: []int{4}}
)

// ownedBy is a folder of a user that he alone can use.
func ownedBy(t *testing.T, u User) string {
	t.Helper()
	host.NeedsRoot(t)
	dir, err := os.MkdirTemp("", "rotate-as-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o700))
	must(t, os.Chown(dir, u.UID, u.GID))
	return dir
}

func actAs(t *testing.T, s *FS, u User) *FS {
	t.Helper()
	as, err := s.As(u)
	must(t, err)
	t.Cleanup(as.Close)
	return as
}

// TestAs makes, renames and removes as another user, who is asked about
// everything and owns what is new.
func TestAs(t *testing.T) {
	own, other := ownedBy(t, someone), ownedBy(t, daemon)
	var calls []string
	s := &FS{Before: func(op Op) error { calls = append(calls, op.Call); return nil }}
	as := actAs(t, s, someone)

	d, err := as.OpenDir(own)
	must(t, err)
	defer d.Close()
	_, err = d.Create("a", Attr{Mode: 0o640, UID: -1, GID: -1})
	must(t, err)
	info, err := d.Stat("a")
	must(t, err)
	if info.UID != 65534 || info.GID != 65534 || info.Mode&0o777 != 0o640 {
		t.Errorf("made for uid %d, gid %d, mode %o", info.UID, info.GID, info.Mode)
	}
	must(t, d.Rename("a", ID{}, d, "b"))
	must(t, d.Mkdir("sub", Attr{Mode: 0o755, UID: -1, GID: -1}))
	tmp, err := d.Temp(Attr{Mode: 0o600, UID: 0, GID: 0})
	must(t, err)
	must(t, tmp.Publish("c")) // root is no owner that nobody can give
	must(t, tmp.Close())
	if info, err = d.Stat("c"); err != nil || info.UID != 65534 || info.Mode&0o777 != 0o600 {
		t.Errorf("uid %d, mode %o, %v", info.UID, info.Mode, err)
	}
	must(t, d.Remove("b", ID{}))
	if len(calls) == 0 {
		t.Error("Before was not asked")
	}

	if _, err := as.OpenDir(other); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("opened a folder of another: %v", err)
	}
	must(t, os.Chmod(other, 0o755))
	must(t, os.WriteFile(filepath.Join(other, "x"), nil, 0o600))
	must(t, os.Chmod(filepath.Join(other, "x"), 0o600))
	theirs, err := as.OpenDir(other)
	must(t, err)
	defer theirs.Close()
	if _, _, err := theirs.Open("x"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("opened a file of another: %v", err)
	}
	for name, err := range map[string]error{
		"remove": theirs.Remove("x", ID{}),
		"rename": theirs.Rename("x", ID{}, theirs, "y"),
		"mkdir":  theirs.Mkdir("z", Attr{Mode: 0o755, UID: -1, GID: -1}),
	} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s in a folder of another: %v", name, err)
		}
	}
}

// TestAsGroup uses the further groups of a user, and none of the caller's.
func TestAsGroup(t *testing.T) {
	dir := ownedBy(t, User{UID: 2, GID: 4})
	must(t, os.Chmod(dir, 0o770))
	d, err := actAs(t, &FS{}, daemon).OpenDir(dir)
	must(t, err)
	must(t, d.Close())
	if _, err := actAs(t, &FS{}, User{UID: 1, GID: 1}).OpenDir(dir); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without the group: %v", err)
	}
	actAs(t, actAs(t, &FS{}, User{UID: 1, GID: 1}), someone) // the caller is root
}

// TestAsRefused runs itself as a user who may be nobody else.
func TestAsRefused(t *testing.T) {
	if os.Getenv("ROTATE_AS_NOBODY") != "" {
		if as, err := (&FS{}).As(someone); err != nil || as.actor != nil {
			t.Errorf("as himself: %v", err)
		}
		if _, err := (&FS{}).As(daemon); !errors.Is(err, ErrUser) {
			t.Errorf("as another: %v", err)
		}
		return
	}
	ownedBy(t, someone)
	c := exec.Command("/proc/self/exe", "-test.run=^TestAsRefused$")
	c.Dir, c.Env = "/", []string{"ROTATE_AS_NOBODY=1"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(someone.UID), Gid: uint32(someone.GID)}}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestAsTrusts follows the user's own links, and nobody else's.
func TestAsTrusts(t *testing.T) {
	own := ownedBy(t, someone)
	must(t, os.Chmod(own, 0o755))
	link := filepath.Join(own, "link")
	must(t, os.Symlink("/tmp", link))
	must(t, os.Lchown(link, someone.UID, someone.GID))
	d, err := actAs(t, &FS{}, someone).OpenDir(link)
	must(t, err)
	must(t, d.Close())
	for _, s := range []*FS{{}, actAs(t, &FS{}, daemon)} {
		if _, err := s.OpenDir(link); !errors.Is(err, ErrUntrusted) {
			t.Errorf("followed the link of another: %v", err)
		}
	}
}

// TestAsLeavesThreadsAlone acts as several users beside goroutines that act as
// root, and then looks at every thread.
func TestAsLeavesThreadsAlone(t *testing.T) {
	own := ownedBy(t, someone)
	before := identity(t, "/proc/self/status")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			as, err := (&FS{}).As(someone)
			if err != nil {
				t.Error(err)
				return
			}
			defer as.Close()
			var many sync.WaitGroup
			for range 20 {
				many.Go(func() {
					d, err := as.OpenDir(own)
					if err != nil {
						t.Error(err)
						return
					}
					defer d.Close()
					if tmp, err := d.Temp(Attr{Mode: 0o600, UID: -1, GID: -1}); err != nil {
						t.Error(err)
					} else if err := tmp.Close(); err != nil {
						t.Error(err)
					}
					if got := identity(t, "/proc/thread-self/status"); got != before {
						t.Errorf("a thread is %s, was %s", got, before)
					}
				})
			}
			many.Wait()
		})
	}
	all.Wait()
	var odd []string
	for range 10_000 { // threads end by themselves
		odd = nil
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		must(t, err)
		for _, task := range tasks {
			if got := identity(t, task); got != "" && got != before {
				odd = append(odd, got)
			}
		}
		if len(odd) == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("threads are left that are %q", odd)
}

// identity is whom the kernel takes a thread for; "" if it has ended.
func identity(t *testing.T, status string) string {
	t.Helper()
	text, err := os.ReadFile(status)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return ""
	}
	must(t, err)
	var all []string
	for line := range strings.Lines(string(text)) {
		for _, key := range []string{"Uid:", "Gid:", "Groups:", "CapEff:"} {
			if strings.HasPrefix(line, key) {
				all = append(all, strings.Join(strings.Fields(line), " "))
			}
		}
	}
	return strings.Join(all, ", ")
}
