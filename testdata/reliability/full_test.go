package reliability

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rotate/testdata/host"
)

// TestFullDisk fills a file system to its last block before a run, for every
// strategy, and makes room again for the next one.
func TestFullDisk(t *testing.T) {
	ext4 := fileSystems[0]
	_, folder := ext4.image(t, t.TempDir(), ext4.least)
	crammed(t, "full disk", folder, func() (room func()) {
		ballast := fill(t, folder+"/ballast")
		return func() { must(t, os.Remove(ballast)) }
	})
}

// TestQuota takes the space away by a quota: writing is EDQUOT, and so is much
// else that needs a block.
func TestQuota(t *testing.T) {
	host.Needs(t, "btrfs")
	_, disk := fileSystems[2].image(t, t.TempDir(), 0)
	folder := disk + "/volume"
	btrfs := func(args ...string) {
		t.Helper()
		if out, exit := command(t, append([]string{"btrfs"}, args...)...); exit != 0 {
			t.Fatalf("btrfs %q: %s", args, out)
		}
	}
	btrfs("quota", "enable", disk)
	btrfs("subvolume", "create", folder)
	const group = "0/256" // of the first volume
	crammed(t, "quota", folder, func() (room func()) {
		must(t, syncfs(disk)) // what is written counts when it is on the disk
		btrfs("qgroup", "limit", "16K", group, disk)
		return func() { btrfs("qgroup", "limit", "none", group, disk) }
	})
}

// crammed has both programs rotate in a folder without room, and again with
// room.
func crammed(t *testing.T, test, folder string, cram func() (room func())) {
	for _, r := range []rotator{ours(t), logrotate(t)} {
		for _, s := range strategies() {
			if s.conf == "-" && r.name == "logrotate" || s.dir != "" {
				continue
			}
			s.dir = folder
			for _, state := range []string{"there too", "elsewhere"} {
				t.Run(r.name+"/"+s.name+"/state "+state, func(t *testing.T) {
					full(t, test, r, s, state == "elsewhere", cram)
				})
			}
		}
	}
}

func full(t *testing.T, test string, r rotator, s strategy, elsewhere bool, cram func() (room func())) {
	w := newWorld(t, s, 2)
	defer os.RemoveAll(w.dir) // the next one needs the room
	w.configure(false)
	if elsewhere {
		state := filepath.Join(t.TempDir(), "state")
		must(t, os.WriteFile(state, []byte("logrotate state -- version 2\n"), 0o640))
		must(t, os.Symlink(state, w.path("state")))
	}
	const written = 700
	text := new(strings.Builder)
	for i := range written {
		fmt.Fprintln(text, line(i, 0))
	}
	must(t, os.WriteFile(w.path("log/app.log"), []byte(text.String()), 0o640))

	room := cram()
	if f, err := os.Create(w.path("more")); err == nil {
		_, err = f.Write(make([]byte, 1<<20))
		if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
			t.Fatal("there is room")
		}
		must(t, os.Remove(f.Name()))
	}
	out, exit := command(t, r.argv(w)...)
	room()
	again, failed := command(t, r.argv(w)...)
	score := w.count(written)
	score.tries = 1
	scores.add(test, r.name, score)
	if r.name == "rotate" && (!score.clean() || failed != 0) {
		t.Errorf("%s\nfull (exit %d): %s\nafterwards (exit %d): %s\n%s", score, exit, out, failed, again, w.tree())
	}
}

// fill takes all the space there is.
func fill(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err = f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
			err = nil
		}
		must(t, err)
	}
	must(t, f.Sync())
	must(t, f.Close())
	return path
}
