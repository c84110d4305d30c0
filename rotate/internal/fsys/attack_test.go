package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// swapForever exchanges two names, again and again.
func swapForever(args []string) error {
	open := stdinOpen()
	n := 0
	for ; open(); n++ {
		err := unix.Renameat2(unix.AT_FDCWD, args[0], unix.AT_FDCWD, args[1], unix.RENAME_EXCHANGE)
		if err != nil && err != unix.ENOENT {
			return err
		}
		if n == 0 {
			fmt.Println("ready")
		}
	}
	fmt.Println(n, "swaps")
	return nil
}

// peekForever tries to open whatever is in a folder, and says what it could.
func peekForever(args []string) error {
	dir, err := os.Open(args[0])
	if err != nil {
		return err
	}
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK)
	if err != nil {
		return err
	}
	if _, err := unix.InotifyAddWatch(watch, args[0], unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ATTRIB); err != nil {
		return err
	}
	seen := map[string]bool{}
	peek := func(name string) {
		fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			unix.Close(fd)
			seen[name] = true
		}
	}
	fmt.Println("ready")
	buf := make([]byte, 64<<10)
	for open, last := stdinOpen(), false; !last; {
		last = !open() // and look once more
		n, _ := unix.Read(watch, buf)
		for event := buf[:max(n, 0)]; len(event) > 0; {
			size := unix.SizeofInotifyEvent + int(event[12]) + int(event[13])<<8
			name, _, _ := strings.Cut(string(event[unix.SizeofInotifyEvent:size]), "\x00")
			peek(name)
			event = event[size:]
		}
		if _, err := dir.Seek(0, 0); err != nil {
			return err
		}
		names, _ := dir.Readdirnames(-1)
		for _, name := range names {
			peek(name)
		}
	}
	for name := range seen {
		fmt.Printf("%q\n", name)
	}
	return nil
}

// outside is a folder of root's that nothing may change.
type outside struct {
	path   string
	before []unix.Stat_t // the time of change too
}

func newOutside(t *testing.T, path string) *outside {
	must(t, os.Mkdir(path, 0o755))
	for _, name := range []string{"app.log", "app.log.1", "status"} {
		write(t, path+"/"+name, "secret")
		must(t, os.Chmod(path+"/"+name, 0o600))
	}
	o := &outside{path: path}
	o.before = o.now(t)
	return o
}

func (o *outside) now(t *testing.T) []unix.Stat_t {
	var all []unix.Stat_t
	for _, name := range append(list(t, o.path), ".") {
		var st unix.Stat_t
		must(t, unix.Lstat(o.path+"/"+name, &st))
		if name == "." {
			st.Atim = unix.Timespec{} // list reads it
		}
		all = append(all, st)
	}
	return all
}

func (o *outside) check(t *testing.T) {
	t.Helper()
	if now := o.now(t); !slices.Equal(now, o.before) {
		t.Fatalf("changed: %q\nfrom %+v\nto   %+v", list(t, o.path), o.before, now)
	}
}

// One turn of a log: everything that is done to a folder.
func turn(d *Dir) error {
	attr := Attr{Mode: 0o640, UID: nobody, GID: nobody}
	created, err := d.Create("app.log", attr)
	if err != nil || !created {
		return fmt.Errorf("created %v: %w", created, err)
	}
	if err := d.Rename("app.log", ID{}, d, "app.log.1"); err != nil {
		return err
	}
	if _, err := d.Create("app.log", attr); err != nil {
		return err
	}
	if err := publish(d, "app.log.1.gz", "text", attr); err != nil {
		return err
	}
	if err := d.Mkdir("old", Attr{Mode: 0o755, UID: nobody, GID: nobody}); err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	return unix.Unlinkat(d.fd, "old", unix.AT_REMOVEDIR)
}

func clean(d *Dir) error {
	for _, name := range []string{"app.log", "app.log.1", "app.log.1.gz"} {
		if err := d.Remove(name, ID{}); err != nil {
			return err
		}
	}
	return nil
}

// An attacker exchanges his folder for a link to another, all the time.
func TestFolderSwapped(t *testing.T) {
	host.NeedsRoot(t)
	const rounds = 600
	for name, before := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := shmDir(t) // memory: no fsync to wait for
			trap := newOutside(t, base+"/outside")
			home := base + "/home"
			must(t, os.MkdirAll(home+"/log", 0o755))
			must(t, os.Symlink(trap.path, home+"/evil"))
			for _, path := range []string{home, home + "/log", home + "/evil"} {
				must(t, os.Lchown(path, nobody, nobody))
			}
			end := child(t, "swap", home+"/log", home+"/evil")
			s := &FS{Before: before}
			turned, refused := 0, 0
			for range rounds {
				d, err := s.OpenDir(home + "/log")
				if err != nil {
					if !errors.Is(err, ErrUntrusted) && !errors.Is(err, unix.ENOTDIR) {
						t.Fatal(err)
					}
					refused++
				} else {
					must(t, turn(d))
					must(t, clean(d))
					must(t, d.Close())
					turned++
				}
				// Errors are the attacker's doing; what counts is the trap.
				_ = new(FS).Replace(home+"/log/status", 0o600, writer("new"))
				_ = new(FS).RemoveFile(home + "/log/status")
				trap.check(t)
			}
			t.Logf("%d rounds turned, %d refused, %s", turned, refused, end())
		})
	}
}

// An attacker exchanges his log for something else, all the time.
func TestLogSwapped(t *testing.T) {
	host.NeedsRoot(t)
	const rounds = 600
	evils := map[string]func(path, trap string) error{
		"link":   func(p, trap string) error { return os.Symlink(trap+"/app.log", p) },
		"fifo":   func(p, _ string) error { return unix.Mkfifo(p, 0o666) },
		"folder": func(p, _ string) error { return os.Mkdir(p, 0o777) },
		"file":   func(p, _ string) error { return os.WriteFile(p, []byte("evil"), 0o666) },
	}
	for name, evil := range evils {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := shmDir(t)
			trap := newOutside(t, base+"/outside")
			log := base + "/log"
			must(t, os.Mkdir(log, 0o755))
			must(t, evil(log+"/evil", trap.path))
			for _, path := range []string{log, log + "/evil"} {
				must(t, os.Lchown(path, nobody, nobody))
			}
			d := openDir(t, new(FS), log)
			_, err := d.Create("app.log", Attr{Mode: 0o644, UID: nobody, GID: nobody})
			must(t, err)
			end := child(t, "swap", log+"/app.log", log+"/evil")
			results := map[string]int{}
			for range rounds {
				err := turnBack(d)
				trap.check(t)
				known := "done"
				for _, e := range []error{ErrSwapped, ErrNotRegular, fs.ErrNotExist, fs.ErrExist} {
					if errors.Is(err, e) {
						known, err = e.Error(), nil
					}
				}
				must(t, err)
				results[known]++
			}
			t.Logf("%v, %s", results, end())
		})
	}
}

// turnBack does to a log, by name, all that can be done to one, and undoes it.
func turnBack(d *Dir) error {
	if f, _, err := d.OpenWrite("app.log"); err == nil {
		err = errors.Join(d.fs.Truncate(f, 0), f.Close())
		if err != nil {
			return err
		}
	}
	if err := d.Rename("app.log", ID{}, d, "app.log.1"); err != nil {
		return err
	}
	_, created := d.Create("app.log", Attr{Mode: 0o666, UID: nobody, GID: nobody})
	if created == nil {
		created = d.Remove("app.log", ID{})
	}
	return errors.Join(created, d.Rename("app.log.1", ID{}, d, "app.log"))
}

// CVE-2011-1098: nobody reads a new file that is not for him, at any moment.
func TestNobodyOpensANewFile(t *testing.T) {
	host.NeedsRoot(t)
	for name, before := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := shmDir(t)
			must(t, os.Chown(folder, nobody, nobody)) // he may even list it
			end := child(t, "peek", folder)
			d := openDir(t, &FS{Before: before}, folder)
			attr := Attr{Mode: 0o640, UID: 0, GID: 4, ACL: aclWith(0o640)}
			for range 500 {
				_, err := d.Create("app.log", attr)
				must(t, err)
				must(t, publish(d, "app.log.1.gz", "secret", attr))
				must(t, d.Remove("app.log", ID{}))
				must(t, d.Remove("app.log.1.gz", ID{}))
			}
			if got := end(); got != "" {
				t.Errorf("nobody opened %s", got)
			}
			// What is for all he does open, some by the name that it has before.
			end = child(t, "peek", folder)
			must(t, publish(d, "control", "for all", Attr{Mode: 0o644, UID: 0, GID: 0}))
			if got := end(); !strings.Contains(got, "\"control\"\n") {
				t.Errorf("nobody opened %q, not the control", got)
			}
		})
	}
}
