package fsys

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

func eachVariant(t *testing.T, test func(t *testing.T, folder string, before func(Op) error)) {
	eachFS(t, func(t *testing.T, folder string) { test(t, folder, variants["nameless"]) })
	for name, before := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, shmDir(t), before)
		})
	}
}

func TestCreate(t *testing.T) {
	host.NeedsRoot(t)
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		d := openDir(t, &FS{Before: before}, folder)
		created, err := d.Create("app.log", Attr{Mode: 0o4640, UID: nobody, GID: 4})
		if err != nil || !created {
			t.Fatalf("created %v, error %v", created, err)
		}
		info, err := d.Stat("app.log")
		must(t, err)
		if info.Mode != unix.S_IFREG|0o640 || info.UID != nobody || info.GID != 4 || info.Links != 1 || info.Size != 0 {
			t.Errorf("created as %+v", info)
		}
		wantNames(t, folder, "app.log")
	})
}

// A file that a service made meanwhile stays. Its owner and mode are put right
// where that cannot open up somebody else's file.
func TestCreateAdopts(t *testing.T) {
	host.NeedsRoot(t)
	for name, c := range map[string]struct {
		folderOwner, folderGroup int
		folderMode               uint32
		owner                    int
		links                    int
		adopted                  bool
	}{
		"service in root's folder":                   {0, 0, 0o755, nobody, 1, true},
		"root in root's folder":                      {0, 0, 0o755, 0, 1, true},
		"service in its own folder":                  {nobody, nobody, 0o755, nobody, 1, true},
		"root in the service's folder":               {nobody, nobody, 0o755, 0, 1, false},
		"another in the service's folder":            {nobody, nobody, 0o755, 1, 1, false},
		"service in a folder that a group can write": {0, 4, 0o775, nobody, 1, false},
		"service in a folder that all can write":     {0, 0, 0o1777, nobody, 1, false},
		"a file with another name":                   {0, 0, 0o755, nobody, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
				log := folder + "/app.log"
				write(t, log, "first line")
				must(t, os.Chmod(log, 0o604))
				must(t, os.Chown(log, c.owner, 1))
				if c.links > 1 {
					must(t, os.Link(log, folder+"/other"))
				}
				must(t, os.Chown(folder, c.folderOwner, c.folderGroup))
				must(t, unix.Chmod(folder, c.folderMode))
				id, n := idOf(t, log), len(list(t, folder))

				d := openDir(t, &FS{Before: before}, folder)
				created, err := d.Create("app.log", Attr{Mode: 0o640, UID: 2, GID: 4})
				if err != nil || created {
					t.Fatalf("created %v, error %v", created, err)
				}
				info, err := d.Stat("app.log")
				must(t, err)
				if info.ID != id || read(t, log) != "first line" || len(list(t, folder)) != n {
					t.Fatal("the service's file did not stay")
				}
				adopted := info.UID == 2 && info.GID == 4 && info.Mode&0o777 == 0o640
				same := info.UID == uint32(c.owner) && info.GID == 1 && info.Mode&0o777 == 0o604
				if adopted != c.adopted || same == c.adopted {
					t.Errorf("now %d:%d %04o", info.UID, info.GID, info.Mode)
				}
			})
		})
	}
}

func TestCreateNeverFollows(t *testing.T) {
	eachVariant(t, func(t *testing.T, folder string, before func(Op) error) {
		must(t, os.Mkdir(folder+"/log", 0o755))
		must(t, os.Symlink("../new", folder+"/log/dangling"))
		write(t, folder+"/bait", "secret")
		must(t, os.Chmod(folder+"/bait", 0o600))
		must(t, os.Symlink("../bait", folder+"/log/link"))
		must(t, unix.Mkfifo(folder+"/log/fifo", 0o600))
		d := openDir(t, &FS{Before: before}, folder+"/log")
		for _, name := range []string{"dangling", "link", "fifo"} {
			created, err := d.Create(name, Attr{Mode: 0o666, UID: -1, GID: -1})
			if created {
				t.Error("created")
			}
			wantErr(t, err, ErrNotRegular)
		}
		wantNames(t, folder, "bait", "log")
		wantNames(t, folder+"/log", "dangling", "fifo", "link")
		if info, err := os.Stat(folder + "/bait"); err != nil || info.Mode() != 0o600 {
			t.Errorf("bait: %v, %v", info.Mode(), err)
		}
	})
}

func TestMkdir(t *testing.T) {
	host.NeedsRoot(t)
	eachFS(t, func(t *testing.T, folder string) {
		var tr trace
		d := openDir(t, &FS{Before: tr.before}, folder)
		must(t, d.Mkdir("old", Attr{Mode: 0o2750, UID: nobody, GID: 4}))
		info, err := d.Stat("old")
		must(t, err)
		if info.Mode != unix.S_IFDIR|0o2750 || info.UID != nobody || info.GID != 4 {
			t.Errorf("made as %+v", info)
		}
		if got := tr.calls(); got != "mkdir chown chmod" {
			t.Errorf("calls: %s", got)
		}
		wantErr(t, d.Mkdir("old", Attr{Mode: 0o777}), fs.ErrExist)
		must(t, os.Symlink("nowhere", folder+"/link"))
		wantErr(t, d.Mkdir("link", Attr{Mode: 0o777}), fs.ErrExist)
		wantNames(t, folder, "link", "old")
	})
}

func TestMkdirInAFolderWithADefaultACL(t *testing.T) {
	folder := tempDir(t)
	must(t, unix.Setxattr(folder, "system.posix_acl_default", aclWith(0o777), 0))
	must(t, openDir(t, new(FS), folder).Mkdir("old", Attr{Mode: 0o750, UID: -1, GID: -1}))
	if a := attrOf(t, folder+"/old"); a.Mode != 0o750 || a.ACL != nil {
		t.Errorf("mode %04o, ACL %x", a.Mode, a.ACL)
	}
}

func TestMkdirLeavesNothingUnfinished(t *testing.T) {
	host.NeedsRoot(t)
	for _, call := range []string{"mkdir", "chown", "chmod"} {
		folder := tempDir(t)
		d := openDir(t, &FS{Before: refuse(call, unix.EIO)}, folder)
		wantErr(t, d.Mkdir("old", Attr{Mode: 0o755, UID: nobody, GID: 4}), unix.EIO)
		wantNames(t, folder)
	}
}

// A folder that was swapped in for the one just made is not given away.
func TestMkdirSwapped(t *testing.T) {
	host.NeedsRoot(t)
	for name, c := range map[string]struct {
		make func(path string) error
		want error
	}{
		"as made":  {func(p string) error { return os.Mkdir(p, 0o700) }, nil},
		"full":     {func(p string) error { return os.MkdirAll(p+"/secret", 0o700) }, ErrSwapped},
		"open":     {func(p string) error { return os.Mkdir(p, 0o755) }, ErrSwapped},
		"not ours": {func(p string) error { return errors.Join(os.Mkdir(p, 0o700), os.Chown(p, 1, 1)) }, ErrSwapped},
		"link":     {func(p string) error { return os.Symlink("/", p) }, unix.ENOTDIR},
		"gone":     {func(p string) error { return nil }, unix.ENOENT},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := tempDir(t)
			must(t, c.make(folder+"/old"))
			d := openDir(t, new(FS), folder)
			err := d.furnish("old", Attr{Mode: 0o777, UID: nobody, GID: nobody})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			info, err := d.Stat("old")
			if given := err == nil && info.UID == nobody; given != (c.want == nil) {
				t.Errorf("given away: %v", given)
			}
		})
	}
}
