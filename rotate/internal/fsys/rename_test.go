package fsys

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// renames are the two ways a file system can move a name.
var renames = map[string]func(Op) error{
	"noreplace": func(Op) error { return nil },
	"link":      refuse("rename", unix.EINVAL),
	"old link":  refuse("rename", unix.ENOSYS),
}

func eachRename(t *testing.T, test func(t *testing.T, folder string, before func(Op) error)) {
	eachFS(t, func(t *testing.T, folder string) { test(t, folder, renames["noreplace"]) })
	for name, before := range renames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, shmDir(t), before)
		})
	}
}

func TestRename(t *testing.T) {
	eachRename(t, func(t *testing.T, folder string, before func(Op) error) {
		must(t, os.Mkdir(folder+"/old", 0o755))
		write(t, folder+"/app.log", "lines")
		s := &FS{Before: before}
		d, old := openDir(t, s, folder), openDir(t, s, folder+"/old")
		id := idOf(t, folder+"/app.log")

		must(t, d.Rename("app.log", id, d, "app.log.1"))
		must(t, d.Rename("app.log.1", ID{}, old, "app.log.2"))
		wantNames(t, folder, "old")
		wantNames(t, folder+"/old", "app.log.2")
		if idOf(t, folder+"/old/app.log.2") != id {
			t.Error("another file")
		}
		wantErr(t, d.Rename("app.log", id, d, "app.log.1"), fs.ErrNotExist)
		wantErr(t, d.Rename("app.log", ID{}, d, "app.log.1"), fs.ErrNotExist)
	})
}

func TestRenameNeverClobbers(t *testing.T) {
	plant := map[string]func(path string) error{
		"file":           func(p string) error { return os.WriteFile(p, []byte("mine"), 0o600) },
		"folder":         func(p string) error { return os.Mkdir(p, 0o755) },
		"link":           func(p string) error { return os.Symlink("app.log", p) },
		"dangling link":  func(p string) error { return os.Symlink("nowhere", p) },
		"fifo":           func(p string) error { return unix.Mkfifo(p, 0o600) },
		"name of itself": func(p string) error { return os.Link(strings.TrimSuffix(p, ".1"), p) },
	}
	eachRename(t, func(t *testing.T, folder string, before func(Op) error) {
		for name, make := range plant {
			folder := folder + "/" + name
			must(t, os.Mkdir(folder, 0o755))
			write(t, folder+"/app.log", "lines")
			must(t, make(folder+"/app.log.1"))
			log, planted := idOf(t, folder+"/app.log"), idOf(t, folder+"/app.log.1")

			d := openDir(t, &FS{Before: before}, folder)
			wantErr(t, d.Rename("app.log", log, d, "app.log.1"), fs.ErrExist)
			wantErr(t, d.Rename("app.log", ID{}, d, "app.log"), fs.ErrExist)
			if idOf(t, folder+"/app.log") != log || idOf(t, folder+"/app.log.1") != planted {
				t.Errorf("%s: moved", name)
			}
			wantNames(t, folder, "app.log", "app.log.1")
		}
	})
}

func TestOnlyTheFileMeant(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/app.log", "lines")
	write(t, folder+"/other", "lines")
	var tr trace
	d := openDir(t, &FS{Before: tr.before}, folder)
	other := idOf(t, folder+"/other")
	wantErr(t, d.Rename("app.log", other, d, "app.log.1"), ErrSwapped)
	wantErr(t, d.Remove("app.log", other), ErrSwapped)
	wantNames(t, folder, "app.log", "other")
	if len(tr.ops) != 0 {
		t.Errorf("tried %s", tr.calls())
	}
}

// What takes the name between the check and the rename is moved back.
func TestRenameSwapped(t *testing.T) {
	swaps := map[string]func(path string) error{
		"link":      func(p string) error { return os.Symlink("/etc/passwd", p) },
		"fifo":      func(p string) error { return unix.Mkfifo(p, 0o600) },
		"file":      func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"hard link": func(p string) error { return os.Link(strings.TrimSuffix(p, "app.log")+"bait", p) },
		"folder":    func(p string) error { return os.Mkdir(p, 0o700) },
	}
	for name, make := range swaps {
		for way, last := range map[string]string{"noreplace": "rename", "link": "link"} {
			if name == "folder" && way == "link" {
				continue // folders have no hard links
			}
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				folder := tempDir(t)
				write(t, folder+"/app.log", "lines")
				write(t, folder+"/bait", "secret")
				id := idOf(t, folder+"/app.log")
				var planted ID
				s := &FS{Before: func(op Op) error {
					if op.Call == last && planted == (ID{}) {
						must(t, os.Rename(folder+"/app.log", folder+"/aside"))
						must(t, make(folder+"/app.log"))
						planted = idOf(t, folder+"/app.log")
					}
					if way == "link" && op.Call == "rename" {
						return unix.EINVAL
					}
					return nil
				}}
				d := openDir(t, s, folder)
				wantErr(t, d.Rename("app.log", id, d, "app.log.1"), ErrSwapped)
				if idOf(t, folder+"/app.log") != planted {
					t.Error("what took the name was not moved back")
				}
				wantNames(t, folder, "app.log", "aside", "bait")
			})
		}
	}
}

// If the name is taken again, what was moved stays where it is, in sight.
func TestRenameSwappedAndCannotGoBack(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/app.log", "lines")
	n := 0
	d := openDir(t, &FS{Before: func(op Op) error {
		if n++; n == 1 {
			must(t, os.Rename(folder+"/app.log", folder+"/aside"))
			must(t, os.Symlink("/etc/passwd", folder+"/app.log"))
		} else {
			write(t, folder+"/app.log", "new")
		}
		return nil
	}}, folder)
	err := d.Rename("app.log", ID{}, d, "app.log.1")
	wantErr(t, err, ErrSwapped)
	wantErr(t, err, fs.ErrExist)
	wantNames(t, folder, "app.log", "app.log.1", "aside")
}

// Moving by link keeps the file's last name, whatever fails.
func TestMoveByLinkFails(t *testing.T) {
	failures := map[string]struct {
		before func(folder string) func(Op) error
		want   []string
		ok     bool
	}{
		"link": {func(string) func(Op) error { return refuse("link", unix.EMLINK) }, []string{"app.log"}, false},
		"unlink": {func(folder string) func(Op) error {
			return func(op Op) error {
				if op.Call == "unlink" && op.Path == folder+"/app.log" {
					return unix.EIO
				}
				return nil
			}
		}, []string{"app.log"}, false},
		"every unlink": {func(string) func(Op) error { return refuse("unlink", unix.EIO) }, []string{"app.log", "app.log.1"}, false},
		"unlink, done all the same": {func(folder string) func(Op) error {
			return func(op Op) error {
				if op.Call != "unlink" {
					return nil
				}
				os.Remove(op.Path)
				return unix.EIO
			}
		}, []string{"app.log.1"}, true},
		"unlink, after the name was taken": {func(folder string) func(Op) error {
			return func(op Op) error {
				if op.Call != "unlink" {
					return nil
				}
				os.Remove(op.Path)
				os.WriteFile(op.Path, []byte("new"), 0o600)
				return unix.EIO
			}
		}, []string{"app.log", "app.log.1"}, true},
	}
	for name, c := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := tempDir(t)
			write(t, folder+"/app.log", "lines")
			d := openDir(t, &FS{Before: both(refuse("rename", unix.EINVAL), c.before(folder))}, folder)
			err := d.Rename("app.log", ID{}, d, "app.log.1")
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
			wantNames(t, folder, c.want...)
			last := c.want[len(c.want)-1]
			if read(t, folder+"/"+last) != "lines" {
				t.Errorf("%s holds %q", last, read(t, folder+"/"+last))
			}
		})
	}
}

func TestRenameAcrossMounts(t *testing.T) {
	folder, other := tempDir(t), shmDir(t)
	write(t, folder+"/app.log", "lines")
	d, o := openDir(t, new(FS), folder), openDir(t, new(FS), other)
	if d.Mount() == o.Mount() {
		host.Lacks(t, "temporary files are on /dev/shm")
	}
	wantErr(t, d.Rename("app.log", ID{}, o, "app.log.1"), unix.EXDEV)
	wantNames(t, folder, "app.log")
}

func TestRemove(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		write(t, folder+"/a", "")
		write(t, folder+"/b", "")
		d := openDir(t, new(FS), folder)
		must(t, d.Remove("a", idOf(t, folder+"/a")))
		wantNames(t, folder, "b")
		must(t, d.Remove("b", ID{}))
		wantErr(t, d.Remove("b", ID{}), fs.ErrNotExist)
		wantErr(t, d.Remove("b", ID{1, 1}), fs.ErrNotExist)
	})
}
