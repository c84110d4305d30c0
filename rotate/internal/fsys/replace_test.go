package fsys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func writer(text string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

func TestReplace(t *testing.T) {
	host.NeedsRoot(t)
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		s := &FS{Before: func(op Op) error {
			if op.Call == "rename" {
				return nil // to replace, a plain rename is enough
			}
			return before(op)
		}}
		state := folder + "/status"
		must(t, s.Replace(state, 0o640, writer("first")))
		if a := attrOf(t, state); a.Mode != 0o640 || a.UID != 0 || a.GID != 0 {
			t.Errorf("made %d:%d %04o", a.UID, a.GID, a.Mode)
		}
		must(t, os.Chown(state, nobody, 4))
		big := string(bytes.Repeat([]byte("line\n"), 100_000))
		must(t, s.Replace(state, 0o600, writer(big)))
		if a := attrOf(t, state); a.Mode != 0o600 || a.UID != nobody || a.GID != 4 {
			t.Errorf("replaced %d:%d %04o", a.UID, a.GID, a.Mode)
		}
		if read(t, state) != big {
			t.Error("another text")
		}
		must(t, s.Replace(state, 0o600, writer("")))
		wantNames(t, folder, "status")

		must(t, s.RemoveFile(state))
		wantErr(t, s.RemoveFile(state), fs.ErrNotExist)
		wantNames(t, folder)
	})
}

func TestReplaceKeepsTheAccessControlList(t *testing.T) {
	state := tempDir(t) + "/status"
	write(t, state, "old")
	must(t, unix.Setxattr(state, aclName, aclWith(0o660), 0))
	must(t, new(FS).Replace(state, 0o640, writer("new")))
	if a := attrOf(t, state); a.Mode != 0o640 || !bytes.Equal(a.ACL, aclWith(0o640)) {
		t.Errorf("%04o with list %x, want %x", a.Mode, a.ACL, aclWith(0o640))
	}
}

func TestReplaceTakesThePlaceOfALink(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/bait", "secret")
	must(t, os.Symlink("bait", folder+"/status"))
	must(t, new(FS).Replace(folder+"/status", 0o600, writer("new")))
	if read(t, folder+"/bait") != "secret" || read(t, folder+"/status") != "new" {
		t.Error("followed")
	}
	if info, err := os.Lstat(folder + "/status"); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
	wantNames(t, folder, "bait", "status")
}

func TestReplaceFailsWithItsWriter(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/status", "old")
	sorry := errors.New("sorry")
	err := new(FS).Replace(folder+"/status", 0o600, func(f *os.File) error {
		_, err := f.WriteString("half")
		return errors.Join(err, sorry)
	})
	wantErr(t, err, sorry)
	wantNames(t, folder, "status")
	if read(t, folder+"/status") != "old" {
		t.Error("not the old one")
	}
}

func TestReplaceRefuses(t *testing.T) {
	folder := tempDir(t)
	must(t, os.Mkdir(folder+"/status", 0o700))
	if err := new(FS).Replace(folder+"/status", 0o600, writer("new")); err == nil {
		t.Error("replaced a folder")
	}
	wantErr(t, new(FS).RemoveFile(folder+"/status"), ErrNotRegular)
	wantErr(t, new(FS).Replace(folder+"/missing/status", 0o600, writer("new")), fs.ErrNotExist)
	wantErr(t, new(FS).RemoveFile(folder+"/missing/status"), fs.ErrNotExist)
	wantNames(t, folder, "status")
}

func TestReplaceOrder(t *testing.T) {
	for name, want := range map[string]string{
		"nameless": "tmpfile write chmod fsync link fsync rename close fsync",
		"named":    "tmpfile create write chmod fsync rename close fsync",
	} {
		var tr trace
		s := &FS{Before: both(tr.before, variants[name])}
		must(t, s.Replace(tempDir(t)+"/status", 0o600, writer("new")))
		if got := tr.calls(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestReplaceFails(t *testing.T) {
	for name, before := range map[string]func(Op) error{
		"nameless": variants["nameless"],
		"named":    variants["named"],
	} {
		for _, old := range []string{"old", ""} {
			t.Run(name+" "+old, func(t *testing.T) {
				t.Parallel()
				eachFault(t, before, func(folder string) {
					if old != "" {
						write(t, folder+"/status", old)
					}
				}, func(s *FS, folder string) error {
					return s.Replace(folder+"/status", 0o600, writer("new"))
				}, func(t *testing.T, folder string, op Op, killed bool) {
					b, err := os.ReadFile(folder + "/status")
					if err != nil && old != "" || err == nil && string(b) != old && string(b) != "new" {
						t.Errorf("%s failed: %q, %v", op.Call, b, err)
					}
					tidy(t, folder, op, killed, "status")
				})
			})
		}
	}
}

func TestReplaceSwapped(t *testing.T) {
	folder := tempDir(t)
	s := &FS{Before: func(op Op) error {
		if op.Call == "close" { // it has its name
			must(t, os.Remove(folder+"/status"))
		}
		return nil
	}}
	wantErr(t, s.Replace(folder+"/status", 0o600, writer("new")), ErrSwapped)
}

func TestRemoveFileFails(t *testing.T) {
	folder := tempDir(t)
	write(t, folder+"/status", "old")
	for _, call := range []string{"unlink", "fsync"} {
		wantErr(t, (&FS{Before: refuse(call, unix.EIO)}).RemoveFile(folder+"/status"), unix.EIO)
	}
	wantNames(t, folder)
}

// TestReplaceAfterAKill finds what a run left that died before its rename.
func TestReplaceAfterAKill(t *testing.T) {
	for _, variant := range []string{"nameless", "named"} {
		folder := tempDir(t)
		dead := false
		s := &FS{Before: both(variants[variant], func(op Op) error {
			if dead && (op.Call == "rename" || op.Call == "unlink") {
				return unix.EIO // and nobody to clean up
			}
			return nil
		})}
		for range 2 {
			dead = true
			if err := s.Replace(folder+"/status", 0o600, writer("first")); err == nil {
				t.Fatal("nothing failed")
			}
			dead = false
		}
		must(t, s.Replace(folder+"/status", 0o600, writer("second")))
		wantNames(t, folder, "status")
		if got := read(t, folder+"/status"); got != "second" {
			t.Errorf("%s: got %q", variant, got)
		}
	}
}
