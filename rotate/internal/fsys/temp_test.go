package fsys

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func TestTempIsInvisibleUntilPublished(t *testing.T) {
	host.NeedsRoot(t)
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		d := openDir(t, &FS{Before: before}, folder)
		tmp, err := d.Temp(Attr{Mode: 0o644, UID: nobody, GID: nobody})
		must(t, err)
		_, err = tmp.File().WriteString("text")
		must(t, err)
		if info, err := tmp.File().Stat(); err != nil || info.Mode() != 0 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		for _, name := range list(t, folder) {
			info, err := d.Stat(name)
			must(t, err)
			if !IsTemp(name) || info.Mode&0o777 != 0 || info.UID != 0 {
				t.Errorf("%q is there: %+v", name, info)
			}
		}
		must(t, tmp.Publish("app.log.1.gz"))
		must(t, tmp.Close())
		must(t, tmp.Close())
		wantNames(t, folder, "app.log.1.gz")
		if read(t, folder+"/app.log.1.gz") != "text" {
			t.Error("another text")
		}

		tmp, err = d.Temp(Attr{Mode: 0o644})
		must(t, err)
		must(t, tmp.Close())
		wantNames(t, folder, "app.log.1.gz")
	})
}

func TestPublishNeverClobbers(t *testing.T) {
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		write(t, folder+"/file", "mine")
		must(t, os.Symlink("nowhere", folder+"/link"))
		must(t, os.Mkdir(folder+"/folder", 0o755))
		d := openDir(t, &FS{Before: before}, folder)
		for _, name := range []string{"file", "link", "folder"} {
			wantErr(t, publish(d, name, "text", Attr{Mode: 0o644, UID: -1, GID: -1}), fs.ErrExist)
		}
		wantNames(t, folder, "file", "folder", "link")
		if read(t, folder+"/file") != "mine" {
			t.Error("clobbered")
		}
	})
}

// Data before name, owner before access.
func TestPublishOrder(t *testing.T) {
	host.NeedsRoot(t)
	attr := Attr{Mode: 0o640, UID: nobody, GID: 4, ACL: aclWith(0o640), Label: []byte("label"), ModTime: time.Unix(1, 0)}
	looks := "chown setxattr setxattr chmod utimes"
	for name, want := range map[string]string{
		"nameless": "tmpfile " + looks + " fsync link fsync close fsync",
		"named":    "tmpfile create " + looks + " fsync rename close fsync",
		"plain":    "tmpfile create " + looks + " fsync rename link unlink close fsync",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := tempDir(t)
			var tr trace
			d := openDir(t, &FS{Before: both(tr.before, variants[name])}, folder)
			must(t, publish(d, "app.log.1.gz", "text", attr))
			must(t, d.Sync())
			if got := tr.calls(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if last := tr.ops[len(tr.ops)-1]; last.Path != folder {
				t.Errorf("last is %v", last)
			}
		})
	}
}

// Whoever takes the name at once does not make us believe that the file is there.
func TestPublishSwapped(t *testing.T) {
	folder := tempDir(t)
	syncs := 0
	d := openDir(t, &FS{Before: func(op Op) error {
		if op.Call == "fsync" {
			syncs++
		}
		if syncs == 2 { // it has its name
			write(t, folder+"/evil", "")
			must(t, os.Rename(folder+"/evil", folder+"/a"))
		}
		return nil
	}}, folder)
	tmp, err := d.Temp(Attr{Mode: 0o600, UID: -1, GID: -1})
	must(t, err)
	defer tmp.Close()
	wantErr(t, tmp.Publish("a"), ErrSwapped)
	wantNames(t, folder, "a")
}

// The way of those who may not link a descriptor itself.
func TestLinkByProc(t *testing.T) {
	eachFS(t, func(t *testing.T, folder string) {
		d := openDir(t, new(FS), folder)
		tmp, err := d.Temp(Attr{})
		must(t, err)
		defer tmp.Close()
		must(t, linkByProc(int(tmp.File().Fd()), d.fd, "a"))
		must(t, tmp.verify("a"))
		wantErr(t, linkByProc(int(tmp.File().Fd()), d.fd, "a"), fs.ErrExist)
	})
}

// Where a new file needs a name, an attacker can move something else there.
func TestTempSwapped(t *testing.T) {
	folder := tempDir(t)
	d := openDir(t, &FS{Before: variants["named"]}, folder)
	tmp, err := d.Temp(Attr{Mode: 0o600, UID: -1, GID: -1})
	must(t, err)
	name := list(t, folder)[0]
	must(t, os.Rename(folder+"/"+name, folder+"/aside"))
	write(t, folder+"/"+name, "evil")
	wantErr(t, tmp.Publish("a"), ErrSwapped)
	wantErr(t, tmp.Close(), ErrSwapped)
	wantNames(t, folder, name, "aside") // nothing of ours is removed by its name alone
}

func TestIsTemp(t *testing.T) {
	for range 100 {
		if name := tempName(); !IsTemp(name) {
			t.Errorf("%q is none", name)
		}
	}
	for _, name := range []string{
		"", ".rotate-", ".rotate-0123456789abcde", ".rotate-0123456789abcdef0", ".rotate-0123456789abcdeF",
		"rotate-0123456789abcdef", ".rotate-0123456789abcde/", "x.rotate-0123456789abcdef", ".rotate-0123456789abcdef.gz",
	} {
		if IsTemp(name) {
			t.Errorf("%q is one", name)
		}
	}
}

// eachFault runs an action that fails, and then one that is killed, at each of
// its operations.
func eachFault(t *testing.T, before func(Op) error, prepare func(folder string), act func(s *FS, folder string) error,
	check func(t *testing.T, folder string, op Op, killed bool),
) {
	t.Helper()
	parent := shmDir(t)
	fresh := func(name string) string {
		folder := parent + "/" + name
		must(t, os.Mkdir(folder, 0o755))
		prepare(folder)
		return folder
	}
	var tr trace
	must(t, act(&FS{Before: both(tr.before, before)}, fresh("count")))
	if len(tr.ops) < 5 {
		t.Fatalf("only %s", tr.calls())
	}
	for _, killed := range []bool{false, true} {
		for k := range tr.ops {
			folder := fresh(strings.Repeat("k", k+1) + map[bool]string{true: "illed"}[killed])
			n := 0
			var at Op
			err := act(&FS{Before: func(op Op) error {
				if n++; n == k+1 {
					at = op
				}
				if n == k+1 || killed && n > k {
					return unix.EIO
				}
				return before(op)
			}}, folder)
			if err == nil {
				t.Errorf("k=%d %s: no error", k, at.Call)
			}
			check(t, folder, at, killed)
		}
	}
}

// tidy fails if anything but want and what a dead run may leave is in a folder.
func tidy(t *testing.T, folder string, op Op, killed bool, want ...string) {
	t.Helper()
	for _, name := range list(t, folder) {
		if !slices.Contains(want, name) && !(killed && IsTemp(name)) {
			t.Errorf("%s failed: %q is left", op.Call, name)
		}
	}
}

func TestPublishFails(t *testing.T) {
	host.NeedsRoot(t)
	for name, before := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFault(t, before, func(string) {}, func(s *FS, folder string) error {
				d, err := s.OpenDir(folder)
				must(t, err)
				defer d.Close()
				err = publish(d, "a", "text", Attr{Mode: 0o640, UID: nobody, GID: 4, ModTime: time.Unix(1, 0)})
				if err != nil {
					return err
				}
				return d.Sync()
			}, func(t *testing.T, folder string, op Op, killed bool) {
				b, err := os.ReadFile(folder + "/a")
				published := op.Call == "close" || op.Path == folder // Publish was through
				switch {
				case err == nil && string(b) != "text":
					t.Errorf("%s failed: %q", op.Call, b)
				case err == nil && !killed && !published:
					t.Errorf("%s failed: published", op.Call)
				case err != nil && published:
					t.Errorf("%s failed: %v", op.Call, err)
				}
				tidy(t, folder, op, killed, "a")
			})
		})
	}
}
