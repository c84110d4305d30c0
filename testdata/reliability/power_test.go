package reliability

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPowerCut takes snapshots of a disk while a run is at work on it: what is
// on the disk at that moment, and nothing that is only in memory. Each is then
// mounted, as after a power cut, and a normal run follows. Lines that were on
// the disk before are counted; a service's newest may be lost with its own
// memory.
//
// The disk is a file on a file system that can share blocks between files, so
// a snapshot takes a millisecond and is of one moment. It loses nothing that it
// said it had written.
func TestPowerCut(t *testing.T) {
	some, systems := 6, fileSystems[:1]
	if *whole {
		some, systems = 30, fileSystems
	}
	for _, fs := range systems {
		t.Run(fs.name, func(t *testing.T) {
			for _, s := range strategies() {
				if s.dir != "" || !*whole && s.name != "gzip" && s.name != "copytruncate" {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					score := cutPower(t, fs, ours(t), s, some)
					scores.add("power cut on "+fs.name, "rotate", score)
					if !score.clean() {
						t.Error(score)
					}
				})
			}
			// What this test is worth: a program that renames and compresses
			// without a care must not pass it.
			t.Run("careless", func(t *testing.T) {
				s := strategies()[2]
				score := cutPower(t, fs, careless(), s, some)
				scores.add("power cut on "+fs.name, "mv and gzip", score)
				if score.clean() {
					t.Error("it lost nothing: the disk is not cut off")
				}
			})
			if *whole {
				for _, s := range strategies() {
					if s.dir == "" && s.conf != "-" {
						t.Run("logrotate/"+s.name, func(t *testing.T) {
							scores.add("power cut on "+fs.name, "logrotate", cutPower(t, fs, logrotate(t), s, some))
						})
					}
				}
			}
		})
	}
}

// careless rotates as a script would that thinks of no crash. That it syncs what
// it remembers lets the disk know of the removal, but not of what was packed.
func careless() rotator {
	return rotator{"careless", func(w *world) []string {
		return []string{"sh", "-c", `
			cd "$0/log" || exit
			[ -s app.log ] || exit 0
			for i in 5 4 3 2 1; do mv app.log.$i.gz app.log.$((i + 1)).gz 2>/dev/null; done
			mv app.log app.log.1 && kill -USR2 $(cat ../pid) && gzip app.log.1
			echo done >../state && sync ../state`, w.dir}
	}}
}

// cutPower takes some snapshots of runs, and counts what each has.
func cutPower(t *testing.T, fs fileSystem, r rotator, s strategy, some int) (sum score) {
	_, back := fileSystem{"xfs", []string{"mkfs.xfs", "-q", "-f", "-m", "reflink=1"}, 1200}.image(t, t.TempDir(), 0)
	disk, folder := fs.image(t, back, 64)
	s.dir = folder
	for sum.tries < some {
		w := newWorld(t, s, 2)
		service := start(t, "durable", w.path("log/app.log"), w.path("pid"))
		written := service.more(100)
		must(t, syncfs(folder))

		snapshots := w.thin(w.during(r, service, disk))
		service.stop()
		must(t, exec.Command("umount", folder).Run())
		spare, exit := command(t, "losetup", "--find", "--show", disk) // a device has another number after a boot
		if exit != 0 {
			t.Fatalf("losetup: %s", spare)
		}
		for _, snapshot := range snapshots {
			options := "loop"
			if fs.name == "xfs" {
				options += ",nouuid"
			}
			if out, exit := command(t, "mount", "-o", options, snapshot, folder); exit != 0 {
				t.Fatalf("mount after the cut: %s", out)
			}
			w.configure(false)
			var out string
			var exit int
			if r.name == "careless" {
				must(t, os.WriteFile(w.path("pid"), []byte("0"), 0o644)) // nobody
			} else {
				out, exit = command(t, r.argv(w)...)
			}
			score := w.count(written)
			score.tries = 1
			sum.add(score)
			if r.name == "rotate" && (!score.clean() || exit != 0) {
				t.Errorf("%s: %s (exit %d)\n%s\n%s", filepath.Base(snapshot), score, exit, out, w.tree())
			}
			must(t, exec.Command("umount", folder).Run())
			must(t, os.Remove(snapshot))
		}
		must(t, exec.Command("losetup", "--detach", strings.TrimSpace(spare)).Run())
		if out, exit := command(t, "mount", "-o", "loop", disk, folder); exit != 0 {
			t.Fatalf("mount: %s", out)
		}
		must(t, os.RemoveAll(w.dir))
	}
	return sum
}

// during runs the program and takes snapshots of the disk meanwhile.
func (w *world) during(r rotator, s *service, disk string) (snapshots []string) {
	w.Helper()
	argv := r.argv(w)
	c := exec.Command(argv[0], argv[1:]...)
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	must(w, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		snapshot := fmt.Sprintf("%s.%d", disk, len(snapshots))
		must(w, clone(disk, snapshot))
		snapshots = append(snapshots, snapshot)
		select {
		case err := <-ended:
			if err != nil && r.name == "rotate" {
				w.Errorf("the run failed: %v: %s", err, said.String())
			}
			// What it said it had done must be there, too.
			s.more(20)
			last := fmt.Sprintf("%s.%d", disk, len(snapshots))
			must(w, clone(disk, last))
			return append(snapshots, last)
		default:
		}
	}
}

// thin leaves a few of many snapshots, the last of them for sure.
func (w *world) thin(all []string) (kept []string) {
	const few = 12
	every := len(all)/few + 1
	for i, snapshot := range all {
		if (len(all)-1-i)%every == 0 {
			kept = append(kept, snapshot)
			continue
		}
		must(w, os.Remove(snapshot))
	}
	return kept
}

// clone makes to share all blocks of from as they are now.
func clone(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}

func syncfs(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}
