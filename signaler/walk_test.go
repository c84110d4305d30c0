package signaler

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/testdata/host"
)

// Each case makes a pidfile for a process of the tester, in some hostile or
// harmless way, and says what becomes of it.
func TestPidfilePaths(t *testing.T) {
	t.Parallel()
	const fine = Kind(255)
	cases := []struct {
		name string
		root bool // to set it up
		want Kind
		make func(t *testing.T, dir, pidfile string) string
	}{
		{"plain", false, fine, func(_ *testing.T, _, pidfile string) string { return pidfile }},
		{"doubled slashes and dots", false, fine, func(_ *testing.T, dir, _ string) string { return "/" + dir + "//./x.pid" }},
		{"dot dot", false, fine, func(_ *testing.T, dir, _ string) string { return dir + "/sub/../x.pid" }},
		{"dot dot above the root", false, fine, func(_ *testing.T, _, pidfile string) string { return "/../.." + pidfile }},
		{"relative", false, Unsafe, func(*testing.T, string, string) string { return "x.pid" }},
		{"empty path", false, Unsafe, func(*testing.T, string, string) string { return "" }},
		{"missing", false, NoPidfile, func(_ *testing.T, dir, _ string) string { return dir + "/none.pid" }},
		{"missing directory", false, NoPidfile, func(_ *testing.T, dir, _ string) string { return dir + "/none/x.pid" }},
		{"trailing slash", false, Failed, func(_ *testing.T, _, pidfile string) string { return pidfile + "/" }},
		{"file as directory", false, Failed, func(_ *testing.T, _, pidfile string) string { return pidfile + "/x.pid" }},
		{"name too long", false, Failed, func(_ *testing.T, dir, _ string) string { return dir + "/" + strings.Repeat("x", 256) }},
		{"directory", false, Unsafe, func(_ *testing.T, dir, _ string) string { return dir + "/sub" }},
		{"root directory", false, Unsafe, func(*testing.T, string, string) string { return "/" }},
		{"fifo", false, Unsafe, func(t *testing.T, dir, _ string) string {
			must(t, unix.Mkfifo(dir+"/fifo", 0o644))
			return dir + "/fifo"
		}},
		{"device", true, Unsafe, func(t *testing.T, dir, _ string) string {
			must(t, unix.Mknod(dir+"/tty", unix.S_IFCHR|0o644, int(unix.Mkdev(5, 0))))
			return dir + "/tty"
		}},
		{"hard link", false, Unsafe, func(t *testing.T, dir, pidfile string) string {
			must(t, os.Link(pidfile, dir+"/y.pid"))
			return pidfile
		}},
		{"huge sparse file", false, fine, func(t *testing.T, _, pidfile string) string {
			must(t, os.Truncate(pidfile, 1<<40))
			return pidfile
		}},
		{"huge file of nothing", false, Garbage, func(t *testing.T, dir, _ string) string {
			write(t, dir+"/nul.pid", "")
			must(t, os.Truncate(dir+"/nul.pid", 1<<40))
			return dir + "/nul.pid"
		}},
		{"link", false, fine, func(t *testing.T, dir, pidfile string) string { return link(t, pidfile, dir+"/l.pid") }},
		{"relative link", false, fine, func(t *testing.T, dir, _ string) string { return link(t, "x.pid", dir+"/l.pid") }},
		{"link up, as /var/run to ../run", false, fine, func(t *testing.T, dir, _ string) string {
			return link(t, "../", dir+"/sub/run") + "/x.pid"
		}},
		{"link chain through directories", false, fine, func(t *testing.T, dir, _ string) string {
			link(t, dir, dir+"/sub/a")
			link(t, "a/sub", dir+"/sub/b")
			return link(t, "sub/b/../x.pid", dir+"/c")
		}},
		{"16 links", false, fine, func(t *testing.T, dir, _ string) string { return links(t, dir, 16) }},
		{"17 links", false, Failed, func(t *testing.T, dir, _ string) string { return links(t, dir, 17) }},
		{"link to itself", false, Failed, func(t *testing.T, dir, _ string) string { return link(t, "loop", dir+"/loop") }},
		{"dangling link", false, NoPidfile, func(t *testing.T, dir, _ string) string { return link(t, "none", dir+"/l.pid") }},
		{"through the root of a process", false, Unsafe, func(_ *testing.T, _, pidfile string) string { return "/proc/self/root" + pidfile }},
		{"through a descriptor", false, Unsafe, func(t *testing.T, dir, _ string) string {
			d, err := os.Open(dir)
			must(t, err)
			t.Cleanup(func() { must(t, d.Close()) })
			return fmt.Sprintf("/proc/%d/fd/%d/x.pid", os.Getpid(), d.Fd())
		}},
		{"too deep", false, Failed, func(t *testing.T, dir, _ string) string {
			deep := dir + strings.Repeat("/d", maxDepth)
			must(t, os.MkdirAll(deep, 0o755))
			return deep + "/x.pid"
		}},

		{"file for everybody", false, Unsafe, func(t *testing.T, _, pidfile string) string { return mode(t, pidfile, 0o646) }},
		{"file for another group", true, Unsafe, func(t *testing.T, _, pidfile string) string {
			return own(t, mode(t, pidfile, 0o664), 0, nobody)
		}},
		{"file for root's group", true, fine, func(t *testing.T, _, pidfile string) string { return mode(t, pidfile, 0o664) }},
		{"file for one user by ACL", true, Unsafe, func(t *testing.T, _, pidfile string) string { return grant(t, pidfile) }},
		{"directory for everybody", false, Unsafe, func(t *testing.T, dir, _ string) string { return mode(t, dir, 0o777) + "/x.pid" }},
		{"directory for another group", true, Unsafe, func(t *testing.T, dir, _ string) string {
			return own(t, mode(t, dir, 0o775), 0, nobody) + "/x.pid"
		}},
		{"directory for one user by ACL", true, Unsafe, func(t *testing.T, dir, _ string) string { return grant(t, dir) + "/x.pid" }},
		{"sticky directory", false, fine, func(t *testing.T, dir, _ string) string {
			return mode(t, dir, 0o777|os.ModeSticky) + "/x.pid"
		}},
		{"directory above for everybody", false, Unsafe, func(t *testing.T, dir, _ string) string {
			inner := dir + "/sub"
			must(t, os.Rename(dir+"/x.pid", inner+"/x.pid"))
			mode(t, dir, 0o777)
			return inner + "/x.pid"
		}},

		{"user's file", true, Authority, func(t *testing.T, _, pidfile string) string { return own(t, pidfile, nobody, 0) }},
		{"user's directory", true, Authority, func(t *testing.T, dir, pidfile string) string { own(t, dir, nobody, 0); return pidfile }},
		{"user's sticky directory", true, Authority, func(t *testing.T, dir, pidfile string) string {
			own(t, mode(t, dir, 0o777|os.ModeSticky), nobody, 0)
			return pidfile
		}},
		{"user's link to root's file", true, Authority, func(t *testing.T, dir, pidfile string) string {
			return own(t, link(t, pidfile, dir+"/l.pid"), nobody, 0)
		}},
		{"user's link to root's directory", true, Authority, func(t *testing.T, dir, _ string) string {
			return own(t, link(t, dir, dir+"/sub/l"), nobody, 0) + "/x.pid"
		}},
		{"user's link in a chain of root's", true, Authority, func(t *testing.T, dir, pidfile string) string {
			own(t, link(t, pidfile, dir+"/l1"), nobody, 0)
			return link(t, "l1", dir+"/l2")
		}},
		{"two users", true, Unsafe, func(t *testing.T, dir, pidfile string) string {
			own(t, dir, nobody, 0)
			return own(t, pidfile, nobody-1, 0)
		}},
	}
	target := play(t, "handler")
	target.ping()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				host.NeedsRoot(t)
			}
			dir := folder(t)
			must(t, os.Mkdir(dir+"/sub", 0o755))
			pidfile := write(t, dir+"/x.pid", fmt.Sprintln(target.pid()))
			p, err := Find(c.make(t, dir, pidfile))
			if err == nil {
				defer p.Close()
			}
			if c.want != fine {
				refuses(t, err, c.want)
				return
			}
			must(t, err)
			if p.PID() != target.pid() {
				t.Errorf("found %d, want %d", p.PID(), target.pid())
			}
		})
	}
	target.ping()
}

func link(t *testing.T, target, path string) string {
	t.Helper()
	must(t, os.Symlink(target, path))
	return path
}

// links makes a chain of n links that ends at x.pid.
func links(t *testing.T, dir string, n int) string {
	t.Helper()
	target := "x.pid"
	for i := range n {
		name := fmt.Sprint("l", i)
		link(t, target, filepath.Join(dir, name))
		target = name
	}
	return filepath.Join(dir, target)
}

func mode(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	must(t, os.Chmod(path, mode))
	return path
}

func own(t *testing.T, path string, uid, gid int) string {
	t.Helper()
	must(t, os.Lchown(path, uid, gid))
	return path
}

// grant lets nobody write by an access list; the group stays root's.
func grant(t *testing.T, path string) string {
	t.Helper()
	const (
		owner, namedUser, group, mask, other = 0x01, 0x02, 0x04, 0x10, 0x20
		none                                 = 0xffffffff
	)
	acl := binary.LittleEndian.AppendUint32(nil, 2) // version; posix_acl_xattr.h
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{owner, 7, none}, {namedUser, 7, nobody}, {group, 5, none}, {mask, 7, none}, {other, 5, none}} {
		acl = binary.LittleEndian.AppendUint16(acl, e.tag)
		acl = binary.LittleEndian.AppendUint16(acl, e.perm)
		acl = binary.LittleEndian.AppendUint32(acl, e.id)
	}
	err := unix.Setxattr(path, "system.posix_acl_access", acl, 0)
	need(t, err == nil, "a file system with access lists")
	return path
}

// A user swaps names while root looks. Root never takes the user's word for a
// process that is not theirs.
func TestSwappedPathsGainNothing(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	target := play(t, "handler")
	target.ping()
	dir := folder(t)
	must(t, os.Mkdir(dir+"/root", 0o755))
	own(t, write(t, dir+"/mine.pid", "4\n"), nobody, nobody)
	write(t, dir+"/root/x.pid", fmt.Sprintln(target.pid()))
	own(t, link(t, dir+"/root", dir+"/evil"), nobody, nobody)
	must(t, os.Mkdir(dir+"/run", 0o755))
	must(t, os.Rename(dir+"/mine.pid", dir+"/run/x.pid"))
	own(t, dir+"/run", nobody, nobody)

	stop, done := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
				check(unix.Renameat2(unix.AT_FDCWD, dir+"/run", unix.AT_FDCWD, dir+"/evil", unix.RENAME_EXCHANGE))
			}
		}
	}()
	kinds := map[Kind]int{}
	for range 2000 {
		p, err := Find(dir + "/run/x.pid")
		if err == nil {
			t.Fatalf("found %d by a path that a user controls", p.PID())
		}
		kinds[err.(*Error).Kind]++
	}
	close(stop)
	t.Logf("%d swaps, refused as %v", <-done, kinds)
	target.ping()
}
