// Package host is the machine that runs the tests: what it has, and the
// program as it is shipped, built for it. Only tests import it.
//
// A test that needs what the machine lacks is skipped where somebody develops.
// Where CI is "true" everything is there, or can be installed, and it fails.
package host

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// Lacks ends a test for want of something.
func Lacks(t testing.TB, why ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why...)
	} else {
		t.Skip(why...)
	}
}

// NeedsRoot is for tests that change users, mount or look into the processes of
// others.
func NeedsRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Lacks(t, "needs root")
	}
}

// Needs is for tests that run programs, which are in the PATH.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Lacks(t, "make tools installs what is missing: ", err)
		}
	}
}

// Tmpfs mounts a file system of its own at dir, which it makes if need be, until
// the test ends.
func Tmpfs(t testing.TB, dir, options string) {
	t.Helper()
	NeedsRoot(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
