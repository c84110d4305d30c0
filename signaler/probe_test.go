package signaler

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// subject is a file to be probed.
func subject(t *testing.T) (path string, f *os.File) {
	t.Helper()
	path = write(t, filepath.Join(folder(t), "app.log.1"), "a line\n")
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return path, f
}

func wantStatus(t *testing.T, f *os.File, want Status) {
	t.Helper()
	if got, err := Probe(f); got != want || err != nil {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
}

// Not parallel: a process that is started meanwhile has copies of all
// descriptors until its exec, and would hold what these tests let go of.
func TestProbeSeesEveryWriter(t *testing.T) {
	// Each begins to hold the file and returns how to let go.
	cases := map[string]func(t *testing.T, path string) (release func()){
		"append": func(t *testing.T, path string) func() {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			return func() { must(t, f.Close()) }
		},
		"read and write": func(t *testing.T, path string) func() {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			return func() { must(t, f.Close()) }
		},
		"duplicate": func(t *testing.T, path string) func() {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			must(t, err)
			fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			must(t, err)
			must(t, f.Close())
			return func() { must(t, unix.Close(fd)) }
		},
		"shared map": func(t *testing.T, path string) func() {
			m := mapFile(t, path, unix.PROT_READ|unix.PROT_WRITE)
			return func() { must(t, unix.Munmap(m)) }
		},
		"map that only reads": func(t *testing.T, path string) func() {
			m := mapFile(t, path, unix.PROT_READ)
			return func() { must(t, unix.Munmap(m)) }
		},
		"in flight over a socket": func(t *testing.T, path string) func() {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			must(t, err)
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			must(t, err)
			must(t, unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(f.Fd())), nil, 0))
			must(t, f.Close())
			must(t, unix.Close(pair[0]))
			return func() { must(t, unix.Close(pair[1])) } // unread
		},
		"registered with io_uring": func(t *testing.T, path string) func() {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			unregister := register(t, f)
			must(t, f.Close())
			return unregister
		},
		"loop device": func(t *testing.T, path string) func() {
			host.NeedsRoot(t)
			must(t, os.Truncate(path, 64<<10))
			out, err := exec.Command("losetup", "--find", "--show", path).CombinedOutput()
			need(t, err == nil, "loop devices: "+string(out))
			return func() { must(t, exec.Command("losetup", "--detach", strings.TrimSpace(string(out))).Run()) }
		},
	}
	for name, hold := range cases {
		t.Run(name, func(t *testing.T) {
			path, f := subject(t)
			wantStatus(t, f, Released)
			release := hold(t, path)
			wantStatus(t, f, Held)
			wantStatus(t, f, Held)
			release()
			one(t, awaitNow(t.Context(), []file{{reader(path), time.Minute}}), Released)
		})
	}
}

// register has a ring of io_uring(7) hold f, which can then write to it without
// a descriptor.
func register(t *testing.T, f *os.File) (unregister func()) {
	t.Helper()
	call := func(number, a, b, c, d uintptr) uintptr {
		t.Helper()
		r, _, errno := unix.Syscall6(number, a, b, c, d, 0, 0)
		need(t, errno == 0, "io_uring: "+errno.Error())
		return r
	}
	const registerFiles, unregisterFiles = 2, 3 // linux/io_uring.h
	var params [120]byte                        // struct io_uring_params
	ring := call(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0, 0)
	fd := int32(f.Fd())
	call(unix.SYS_IO_URING_REGISTER, ring, registerFiles, uintptr(unsafe.Pointer(&fd)), 1)
	return func() {
		call(unix.SYS_IO_URING_REGISTER, ring, unregisterFiles, 0, 0)
		must(t, unix.Close(int(ring)))
	}
}

func mapFile(t *testing.T, path string, prot int) []byte {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	m, err := unix.Mmap(int(f.Fd()), 0, 1, prot, unix.MAP_SHARED)
	must(t, err)
	return m
}

// A program that runs, the folder that a process is in: neither is written.
func TestProgramsDoNotHold(t *testing.T) {
	cat, err := exec.LookPath("cat")
	must(t, err)
	dir := folder(t)
	path := filepath.Join(dir, "app.log.1")
	must(t, exec.Command("cp", cat, path).Run())
	cmd := exec.Command(path)
	cmd.Dir = dir
	start(t, cmd).ping()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	wantStatus(t, f, Released)
	if found, _, err := Holders([]FileID{idOf(t, path), idOf(t, dir)}); len(found) > 0 || err != nil {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestReadersDoNotHold(t *testing.T) {
	path, f := subject(t)
	for _, flags := range []int{os.O_RDONLY, unix.O_PATH} {
		r, err := os.OpenFile(path, flags, 0)
		must(t, err)
		defer r.Close()
	}
	wantStatus(t, f, Released)
	must(t, os.Rename(path, path+".2"))
	wantStatus(t, f, Released)
	w, err := os.OpenFile(path+".2", os.O_WRONLY|unix.O_NONBLOCK, 0) // the lease was given back
	must(t, err)
	must(t, w.Close())
}

func TestProbeThatCannotTell(t *testing.T) {
	t.Parallel()
	_, closed := subject(t)
	must(t, closed.Close())
	device, err := os.Open("/dev/null")
	must(t, err)
	defer device.Close()
	for _, f := range []*os.File{closed, device} {
		if got, err := Probe(f); got != Unknown || err == nil {
			t.Errorf("%s: got %v, %v, want a reason", f.Name(), got, err)
		}
	}
	want := unix.EINVAL // no leases
	if os.Geteuid() != 0 {
		want = unix.EACCES // another's file
	}
	if _, err := Probe(device); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func BenchmarkProbe(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.log.1")
	must(b, os.WriteFile(path, nil, 0o644))
	f, err := os.Open(path)
	must(b, err)
	defer f.Close()
	for b.Loop() {
		if s, err := Probe(f); s != Released {
			b.Fatal(s, err)
		}
	}
}
