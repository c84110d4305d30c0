package fsys

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// disk is a file system in a file, whose power can be cut.
type disk struct {
	image string
	mnt   string
	kind  string
}

// newDisk makes a file system with mkfs.KIND.
func newDisk(t *testing.T, kind string, options ...string) *disk {
	t.Helper()
	host.NeedsRoot(t)
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		host.Lacks(t, err)
	}
	folder := shmDir(t)
	d := &disk{image: folder + "/image", kind: kind}
	must(t, os.WriteFile(d.image, nil, 0o600))
	must(t, os.Truncate(d.image, 320<<20))
	small := map[string][]string{ // quick to copy
		"ext4":  {"-qF", "-J", "size=4"},
		"xfs":   {"-q"},
		"btrfs": {"-q", "-m", "single"},
	}[kind]
	run(t, mkfs, slices.Concat(small, options, []string{d.image})...)
	d.mnt = d.mount(t, d.image)
	return d
}

// mount mounts an image until the test ends.
func (d *disk) mount(t *testing.T, image string) string {
	t.Helper()
	mnt := image + ".mnt"
	must(t, os.Mkdir(mnt, 0o755))
	options := "loop"
	if d.kind == "xfs" {
		options += ",nouuid" // the same disk twice
	}
	run(t, "mount", "-o", options, "-t", d.kind, image, mnt)
	t.Cleanup(func() { run(t, "umount", "--detach-loop", mnt) })
	return mnt
}

// cut returns what a power cut would leave: the disk as it is now, mounted.
func (d *disk) cut(t *testing.T, name string) string {
	t.Helper()
	image := d.image + "." + name
	run(t, "cp", "--sparse=always", d.image, image)
	return d.mount(t, image)
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// At every operation, a power cut leaves the archive or its successor, whole;
// once both are durable, the successor; and the old or the new state.
func TestPowerCut(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			disk := newDisk(t, kind)
			folder := disk.mnt + "/log"
			must(t, os.Mkdir(folder, 0o755))
			text := string(slices.Repeat([]byte("line\n"), 50_000))
			write(t, folder+"/log.1", text)
			write(t, folder+"/status", "old")
			mnt, err := os.Open(disk.mnt)
			must(t, err)
			must(t, unix.Syncfs(int(mnt.Fd())))
			must(t, mnt.Close())

			cuts := 0
			check := func(when string) string {
				cuts++
				left := disk.cut(t, fmt.Sprint(cuts)) + "/log"
				archive, _ := os.ReadFile(left + "/log.1")
				packed, _ := os.ReadFile(left + "/log.1.gz")
				if string(archive) != text && string(packed) != text {
					t.Errorf("%s: archive of %d bytes, successor of %d", when, len(archive), len(packed))
				}
				if state := read(t, left+"/status"); state != "old" && state != "new" {
					t.Errorf("%s: state %q", when, state)
				}
				return left
			}
			s := &FS{Before: func(op Op) error {
				check("before " + op.Call)
				return nil
			}}
			d := openDir(t, s, folder)
			must(t, publish(d, "log.1.gz", text, Attr{Mode: 0o640, UID: -1, GID: -1}))
			must(t, d.Sync())
			write(t, folder+"/naive", text) // shows that unsynced data are lost
			must(t, d.Remove("log.1", ID{}))
			must(t, d.Sync())
			must(t, s.Replace(folder+"/status", 0o600, writer("new")))

			left := check("in the end")
			if read(t, left+"/log.1.gz") != text || read(t, left+"/status") != "new" {
				t.Error("lost in the end")
			}
			if naive, _ := os.ReadFile(left + "/naive"); string(naive) == text {
				t.Error("the cut lost nothing at all")
			}
			must(t, d.Close())
		})
	}
}

// A file system may not say what its names stand for.
func TestEntriesWithoutTypes(t *testing.T) {
	folder := newDisk(t, "ext4", "-O", "^filetype").mnt
	write(t, folder+"/file", "")
	must(t, os.Symlink("x", folder+"/link"))
	must(t, unix.Mkfifo(folder+"/fifo", 0o600))
	d, err := new(FS).OpenDir(folder)
	must(t, err)
	defer d.Close()
	chunks, err := d.dirents()
	must(t, err)
	for r := range all(chunks) {
		if r.kind() != unix.DT_UNKNOWN {
			t.Fatalf("%s has type %d: not the file system wanted", r.name(), r.kind())
		}
	}
	entries, err := d.Entries()
	must(t, err)
	got := map[string]uint8{}
	for _, e := range entries {
		got[e.Name] = e.Type
	}
	want := map[string]uint8{"fifo": unix.DT_FIFO, "file": unix.DT_REG, "link": unix.DT_LNK, "lost+found": unix.DT_DIR}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
