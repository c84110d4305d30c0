package signaler

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func TestBelieved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		fs               uint32
		granted, refused bool // is it believed
	}{
		{"ext4", unix.EXT4_SUPER_MAGIC, true, true},
		{"overlay", unix.OVERLAYFS_SUPER_MAGIC, true, true},
		{"FUSE", unix.FUSE_SUPER_MAGIC, false, true},
		{"9P", unix.V9FS_MAGIC, false, true},
		{"NFS", unix.NFS_SUPER_MAGIC, false, false},
		{"SMB", unix.SMB2_SUPER_MAGIC, false, false},
		{"one that nobody knows", 0x12345678, false, true},
	} {
		if got := believed(c.fs, true); got != c.granted {
			t.Errorf("%s: a lease is believed: %v", c.name, got)
		}
		if got := believed(c.fs, false); got != c.refused {
			t.Errorf("%s: a refusal is believed: %v", c.name, got)
		}
	}
}

// fuse shows the folder source at the folder mount, through a program.
func fuse(t *testing.T) (source, mount string) {
	t.Helper()
	host.NeedsRoot(t)
	bindfs, err := exec.LookPath("bindfs")
	need(t, err == nil, "bindfs")
	source, mount = folder(t), folder(t)
	out, err := exec.Command(bindfs, source, mount).CombinedOutput()
	need(t, err == nil, "FUSE: "+string(out))
	t.Cleanup(func() { must(t, unix.Unmount(mount, unix.MNT_DETACH)) })
	return source, mount
}

// Behind FUSE others write unseen: nothing is proven there but that somebody
// in front of it does. Not parallel, see TestProbeSeesEveryWriter.
func TestLeasesOnFUSE(t *testing.T) {
	source, mount := fuse(t)
	path := filepath.Join(mount, "app.log.1")
	write(t, path, "a line\n")
	unknown := func() {
		t.Helper()
		r := one(t, awaitNow(t.Context(), []file{{open: reader(path)}}), Unknown)
		if !errors.Is(r.Err, ErrNoLease) {
			t.Errorf("got %v, want %v", r.Err, ErrNoLease)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		defer f.Close()
		if _, ok, err := Claim(f); ok || err == nil {
			t.Errorf("claimed: %v, %v", ok, err)
		}
	}
	unknown()
	behind, err := os.OpenFile(filepath.Join(source, "app.log.1"), os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	unknown()
	must(t, behind.Close())

	probed, err := os.Open(path)
	must(t, err)
	_, err = Probe(probed)
	if !errors.Is(err, ErrNoLease) {
		t.Errorf("got %v, want %v", err, ErrNoLease)
	}
	before, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|unix.O_NONBLOCK, 0) // the lease that proves nothing was given back
	must(t, err)
	must(t, probed.Close())
	one(t, awaitNow(t.Context(), []file{{open: reader(path)}}), Held)
	must(t, before.Close())
	unknown()
}
