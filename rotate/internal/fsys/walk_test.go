package fsys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func TestOpenDirResolves(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		real := filepath.Join(folder, "real", "log")
		must(t, os.MkdirAll(real, 0o755))
		must(t, os.Symlink(real, filepath.Join(folder, "absolute")))
		must(t, os.Symlink("real/log", filepath.Join(folder, "relative")))
		must(t, os.Symlink("../real/./log//", filepath.Join(folder, "real", "up")))
		must(t, os.Symlink("absolute", filepath.Join(folder, "chain")))
		must(t, os.Symlink("real", filepath.Join(folder, "middle")))
		for _, path := range []string{
			real, real + "/", strings.ReplaceAll(real, "/", "//./"),
			folder + "/absolute", folder + "/relative", folder + "/chain/",
			folder + "/real/up", folder + "/middle/log", folder + "/middle/up",
		} {
			d, err := new(FS).OpenDir(path)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if d.ID() != idOf(t, real) {
				t.Errorf("%s: opened another folder", path)
			}
			if want := filepath.Clean(path); d.Path() != want {
				t.Errorf("%s: path %s, want %s", path, d.Path(), want)
			}
			must(t, d.Close())
		}
	})
}

// The walk must find what the kernel's own resolution finds.
func TestWalkAgreesWithOpenat2(t *testing.T) {
	folder := tempDir(t)
	for path := folder; ; path = filepath.Dir(path) {
		fd, err := (&FS{}).walk(split(path))
		must(t, err)
		st, err := fstat(fd)
		must(t, err)
		must(t, unix.Close(fd))
		if infoOf(&st).ID != idOf(t, path) {
			t.Errorf("%s: walked elsewhere", path)
		}
		if path == "/" {
			break
		}
	}
}

func TestOpenDirRefuses(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/file", "")
	must(t, os.Symlink("file", folder+"/tofile"))
	must(t, os.Symlink("loop", folder+"/loop"))
	must(t, os.Symlink("/proc/self/fd", folder+"/magic"))
	must(t, unix.Mkfifo(folder+"/fifo", 0o666))
	fd, err := os.Open(folder)
	must(t, err)
	defer fd.Close()
	for path, want := range map[string]string{
		"":                     "not an absolute path",
		"log":                  "not an absolute path",
		folder + "/../x":       `".." in a path`,
		folder + "/missing/x":  `open "` + folder + `/missing": no such file or directory`,
		folder + "/file":       "not a directory",
		folder + "/file/x":     "not a directory",
		folder + "/tofile":     `open "` + folder + `/file": not a directory`,
		folder + "/loop":       "too many levels of symbolic links",
		folder + "/fifo":       "not a directory",
		folder + "/a\x00b":     "invalid argument",
		folder + "/magic/9999": "no such file or directory",
	} {
		d, err := new(FS).OpenDir(path)
		if err == nil {
			d.Close()
			t.Errorf("%q: opened", path)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
	}
}

func TestOpenDirFollowsAtMostFortyLinks(t *testing.T) {
	folder := tempDir(t)
	must(t, os.Mkdir(folder+"/0", 0o755))
	name := func(n int) string { return strings.Repeat("l", n) }
	must(t, os.Symlink("0", folder+"/l"))
	for n := 1; n <= maxHops; n++ {
		must(t, os.Symlink(name(n), folder+"/"+name(n+1)))
	}
	openDir(t, new(FS), folder+"/"+name(maxHops))
	_, err := new(FS).OpenDir(folder + "/" + name(maxHops+1))
	wantErr(t, err, unix.ELOOP)
}

func TestOpenDirTrustsNobodysLinkButOurs(t *testing.T) {
	host.NeedsRoot(t)
	for name, c := range map[string]struct {
		linkOwner, folderOwner, folderGroup int
		mode                                uint32
		trusted                             bool
	}{
		"root's link in root's folder":           {0, 0, 0, 0o755, true},
		"folder that group root can write":       {0, 0, 0, 0o775, true},
		"folder that another group can write":    {0, 0, 4, 0o775, false},
		"folder that all can write":              {0, 0, 0, 0o777, false},
		"root's link in a sticky folder":         {0, 0, 0, 0o1777, true},
		"another's link in a sticky folder":      {nobody, 0, 0, 0o1777, false},
		"another's link in root's folder":        {nobody, 0, 0, 0o755, false},
		"root's link in another's folder":        {0, nobody, 0, 0o755, false},
		"root's link in another's sticky folder": {0, nobody, 0, 0o1777, false},
		"another's link in another's own folder": {nobody, nobody, nobody, 0o755, false},
		"sticky folder that a group can write":   {0, 0, 4, 0o1775, true},
		"read-only folder":                       {0, 0, 0, 0o555, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := tempDir(t)
			must(t, os.MkdirAll(folder+"/target/sub", 0o755))
			must(t, os.Mkdir(folder+"/holder", 0o755))
			link := folder + "/holder/link"
			must(t, os.Symlink("../target", link))
			must(t, os.Lchown(link, c.linkOwner, 0))
			must(t, os.Chown(folder+"/holder", c.folderOwner, c.folderGroup))
			must(t, unix.Chmod(folder+"/holder", c.mode))

			for _, path := range []string{link, link + "/sub"} {
				d, err := new(FS).OpenDir(path)
				if c.trusted {
					must(t, err)
					must(t, d.Close())
					continue
				}
				wantErr(t, err, ErrUntrusted)
				var e *Error
				if !errors.As(err, &e) || e.Path != link || e.To != "../target" {
					t.Errorf("%v does not name the link", err)
				}
			}
		})
	}
}
