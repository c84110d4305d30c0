package fsys

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// hardNames are names that are plain for the kernel and for nobody else.
var hardNames = []string{
	"-rf", "a b", "new\nline", "\xff\xfe", "$(touch x)", "'", "…", ".hidden", "...", "%s", "\\", strings.Repeat("n", 255),
}

var notNames = []string{"", ".", "..", "a/b", "/a", "a\x00b"}

func TestNames(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		d := openDir(t, new(FS), folder)
		for _, name := range hardNames {
			created, err := d.Create(name, Attr{Mode: 0o600, UID: -1, GID: -1})
			if err != nil || !created {
				t.Fatalf("%q: %v %v", name, created, err)
			}
			info, err := d.Stat(name)
			must(t, err)
			f, opened, err := d.OpenWrite(name)
			must(t, err)
			opened.Born = info.Born // only Stat says it
			if opened != info {
				t.Errorf("%q: Stat %v, OpenWrite %v", name, info, opened)
			}
			must(t, f.Close())
			must(t, d.Rename(name, info.ID, d, "moved"))
			must(t, d.Rename("moved", info.ID, d, name))
			must(t, d.Remove(name, info.ID))
		}
		wantNames(t, folder)
	})
}

func TestOnlyPlainNames(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/a", "")
	must(t, os.Mkdir(folder+"/d", 0o755))
	must(t, os.Mkdir(folder+"/d/sub", 0o755))
	var tr trace
	d := openDir(t, &FS{Before: tr.before}, folder+"/d")
	tmp, err := d.Temp(Attr{})
	must(t, err)
	defer tmp.Close()
	for _, name := range notNames {
		for method, call := range map[string]func() error{
			"Stat":        func() error { _, err := d.Stat(name); return err },
			"Open":        func() error { _, _, err := d.Open(name); return err },
			"OpenWrite":   func() error { _, _, err := d.OpenWrite(name); return err },
			"Rename":      func() error { return d.Rename(name, ID{}, d, "x") },
			"Rename to":   func() error { return d.Rename("sub", ID{}, d, name) },
			"Remove":      func() error { return d.Remove(name, ID{}) },
			"Mkdir":       func() error { return d.Mkdir(name, Attr{}) },
			"Create":      func() error { _, err := d.Create(name, Attr{}); return err },
			"Publish":     func() error { return tmp.Publish(name) },
			"Replace":     func() error { return d.fs.Replace(folder+"/d/"+name+"/", 0o600, nil) },
			"Remove file": func() error { return d.fs.RemoveFile(folder + "/d/" + name + "/") },
		} {
			if err := call(); !errors.Is(err, errName) {
				t.Errorf("%s %q: error %v", method, name, err)
			}
		}
	}
	wantNames(t, folder+"/d", "sub")
}

func TestOpenOnlyRegularFiles(t *testing.T) {
	host.NeedsRoot(t)
	eachFS(t, func(t *testing.T, folder string) {
		write(t, folder+"/file", "text")
		must(t, os.Symlink("file", folder+"/link"))
		must(t, os.Symlink("nowhere", folder+"/dangling"))
		must(t, os.Mkdir(folder+"/folder", 0o755))
		must(t, unix.Mkfifo(folder+"/fifo", 0o666))
		must(t, unix.Mknod(folder+"/device", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		must(t, unix.Mknod(folder+"/nodriver", unix.S_IFCHR|0o666, int(unix.Mkdev(240, 77))))
		must(t, unix.Mknod(folder+"/socket", unix.S_IFSOCK|0o666, 0))
		d := openDir(t, new(FS), folder)
		for _, name := range []string{"link", "dangling", "folder", "fifo", "device", "nodriver", "socket"} {
			_, _, err := d.Open(name)
			wantErr(t, err, ErrNotRegular)
			_, _, err = d.OpenWrite(name)
			wantErr(t, err, ErrNotRegular)
			wantErr(t, d.Remove(name, ID{}), ErrNotRegular)
			wantErr(t, d.Rename(name, ID{}, d, "moved"), ErrNotRegular)
		}
		_, _, err := d.Open("missing")
		wantErr(t, err, fs.ErrNotExist)
		_, _, err = d.OpenWrite("missing")
		wantErr(t, err, fs.ErrNotExist)
		f, _, err := d.OpenWrite("file")
		must(t, err)
		defer f.Close()
		_, err = f.WriteAt([]byte("T"), 0)
		must(t, err)
		if f.Name() != folder+"/file" || read(t, folder+"/file") != "Text" {
			t.Errorf("%s holds %q", f.Name(), read(t, folder+"/file"))
		}
		wantNames(t, folder, "dangling", "device", "fifo", "file", "folder", "link", "nodriver", "socket")
	})
}

func TestStat(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/file", "text")
	must(t, os.Link(folder+"/file", folder+"/other"))
	must(t, os.Chmod(folder+"/file", 0o640))
	must(t, os.Symlink("file", folder+"/link"))
	at := time.Unix(1234567890, 123456789)
	must(t, os.Chtimes(folder+"/file", at.Add(time.Hour), at))
	d := openDir(t, new(FS), folder)
	info, err := d.Stat("file")
	must(t, err)
	want := Info{
		ID: idOf(t, folder+"/file"), Mode: unix.S_IFREG | 0o640, Links: 2, Size: 4,
		UID: uint32(os.Getuid()), GID: uint32(os.Getgid()), ModTime: at, AccessTime: at.Add(time.Hour),
	}
	want.ChangeTime = info.ChangeTime // of the chtimes a moment ago
	want.Born = info.Born             // and of the write before; 0 where nothing keeps it
	want.Allocated = info.Allocated   // as the file system has it, which may be later
	if info != want || !info.Regular() || !info.ChangeTime.After(at.Add(time.Hour)) {
		t.Errorf("got %v, want %v", info, want)
	}
	link, err := d.Stat("link")
	must(t, err)
	if link.ID != idOf(t, folder+"/link") || link.Regular() {
		t.Errorf("a link is described as %v", link)
	}
	_, err = d.Stat("missing")
	wantErr(t, err, fs.ErrNotExist)
}

func TestMountTellsMountsApart(t *testing.T) {
	folder := tempDir(t)
	must(t, os.Mkdir(folder+"/sub", 0o755))
	a, b := openDir(t, new(FS), folder), openDir(t, new(FS), folder+"/sub")
	if a.Mount() != b.Mount() || a.ID() == b.ID() {
		t.Errorf("two folders of one mount: %v %v, %v %v", a.Mount(), b.Mount(), a.ID(), b.ID())
	}
	if c := openDir(t, new(FS), "/proc"); c.Mount() == a.Mount() {
		t.Errorf("/proc has the mount of %s", folder)
	}
}

func TestFree(t *testing.T) {
	folder := tempDir(t)
	free, err := openDir(t, new(FS), folder).Free()
	must(t, err)
	var st unix.Statfs_t
	must(t, unix.Statfs(folder, &st))
	total := int64(st.Blocks) * st.Bsize
	if free <= 0 || free > total || free == math.MaxInt64 {
		t.Errorf("%d bytes free of %d", free, total)
	}
}

// A handle stays with the folder it was opened on.
func TestHandleIsPinned(t *testing.T) {
	folder := tempDir(t)
	must(t, os.Mkdir(folder+"/log", 0o755))
	must(t, os.Mkdir(folder+"/trap", 0o755))
	write(t, folder+"/log/app.log", "line")
	d := openDir(t, new(FS), folder+"/log")
	must(t, os.Rename(folder+"/log", folder+"/away"))
	must(t, os.Symlink("trap", folder+"/log"))
	must(t, d.Rename("app.log", ID{}, d, "app.log.1"))
	_, err := d.Create("app.log", Attr{Mode: 0o600, UID: -1, GID: -1})
	must(t, err)
	must(t, d.Sync())
	wantNames(t, folder+"/trap")
	wantNames(t, folder+"/away", "app.log", "app.log.1")
}
