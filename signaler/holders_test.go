package signaler

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func idOf(t testing.TB, path string) FileID {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	return FileID{uint64(st.Dev), st.Ino}
}

// holder demands that one process hold the file.
func holder(t *testing.T, path string) Holder {
	t.Helper()
	id := idOf(t, path)
	found, _, err := Holders([]FileID{id})
	must(t, err)
	if len(found[id]) != 1 {
		t.Fatalf("got %+v, want one holder", found)
	}
	return found[id][0]
}

// Not parallel, see TestProbeSeesEveryWriter.
func TestHoldersNamesTheWriter(t *testing.T) {
	path, w := holding(t)
	must(t, w.Close())
	c := heir(t, path, "NODE_UNIQUE_ID=2")
	h := holder(t, path)
	if h.Name != "cat" || h.PID == c.pid() || h.PPID == os.Getpid() || filepath.Base(h.Exe) == "" || h.User != userName(os.Getuid()) {
		t.Errorf("wrong process: %+v", h)
	}
	if h.FD != 3 || !h.Append || !h.Writable || !h.Worker || h.Mapped {
		t.Errorf("wrong use: %+v", h)
	}
	c.ping()
}

func TestHoldersNamesTheMapper(t *testing.T) {
	path := write(t, filepath.Join(folder(t), "app.log.1"), "a line\n")
	c := play(t, "mapper", "LOG="+path)
	c.ping()
	h := holder(t, path)
	if h.PID != c.pid() || h.PPID != os.Getpid() || h.FD != -1 || h.Writable || h.Append || !h.Mapped || h.Worker {
		t.Errorf("got %+v, want %d", h, c.pid())
	}
}

func playMapper() {
	f, err := os.OpenFile(os.Getenv("LOG"), os.O_RDWR, 0)
	check(err)
	_, err = unix.Mmap(int(f.Fd()), 0, 1, unix.PROT_READ, unix.MAP_SHARED)
	check(err)
	check(f.Close())
	echo()
}

// Readers, and those who mapped a file that they can only read, are not writers.
func TestHoldersOfSeveralFiles(t *testing.T) {
	path, w := holding(t)
	must(t, w.Truncate(1))
	plain, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer plain.Close()
	read := write(t, path+".read", "a line\n")
	r, err := os.Open(read)
	must(t, err)
	defer r.Close()
	m, err := unix.Mmap(int(r.Fd()), 0, 1, unix.PROT_READ, unix.MAP_PRIVATE)
	must(t, err)
	defer unix.Munmap(m)
	p, err := os.OpenFile(read, unix.O_PATH, 0)
	must(t, err)
	defer p.Close()

	closed := write(t, path+".closed", "a line\n")

	found, complete, err := Holders([]FileID{idOf(t, path), idOf(t, read), idOf(t, closed)})
	must(t, err)
	if os.Geteuid() == 0 && !complete {
		t.Log("root could not look into every process")
	}
	got := found[idOf(t, path)]
	if len(found) != 1 || len(got) != 1 {
		t.Fatalf("got %+v, want one holder of one file", found)
	}
	low := int(min(w.Fd(), plain.Fd()))
	if h := got[0]; h.PID != os.Getpid() || h.FD != low || h.Append || !h.Writable {
		t.Errorf("got %+v, want descriptor %d", h, low)
	}
	if found, complete, err = Holders(nil); len(found) != 0 || !complete || err != nil {
		t.Errorf("got %v, %v, %v for no files", found, complete, err)
	}
}

// An overlay has devices and counts of its own.
func TestHoldersOnOverlay(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir := folder(t)
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "")) // an overlay cannot be its own upper layer
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	for _, layer := range []string{"lower", "upper"} {
		write(t, filepath.Join(dir, layer, layer+".log.1"), "a line\n")
	}
	err := unix.Mount("overlay", dir+"/merged", "overlay", 0, fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir))
	need(t, err == nil, "overlay file systems")
	t.Cleanup(func() { // before the directory is removed
		must(t, unix.Unmount(dir+"/merged", 0))
		must(t, unix.Unmount(dir, 0))
	})
	for _, layer := range []string{"lower", "upper"} {
		path := filepath.Join(dir, "merged", layer+".log.1")
		c := play(t, "mapper", "LOG="+path)
		c.ping()
		if h := holder(t, path); h.PID != c.pid() || !h.Mapped {
			t.Errorf("%s: got %+v, want the mapper %d", layer, h, c.pid())
		}
		must(t, c.in.Close())
		must(t, c.cmd.Wait())
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(t, err)
		if h := holder(t, path); h.PID != os.Getpid() || h.FD != int(w.Fd()) {
			t.Errorf("%s: got %+v, want this process", layer, h)
		}
		one(t, awaitNow(t.Context(), []file{{open: reader(path)}}), Held)
		must(t, w.Close())
		one(t, awaitNow(t.Context(), []file{{open: reader(path)}}), Released)
	}
}

// Those who may not look everywhere are told so, and find what is theirs.
func TestHoldersIncomplete(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir := folder(t)
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	path := own(t, write(t, filepath.Join(dir, "app.log.1"), "a line\n"), nobody, nobody)
	for _, hide := range []string{"hidepid=0", "hidepid=2"} { // no access, no sight
		must(t, unix.Mount("proc", "/proc", "proc", unix.MS_REMOUNT, hide))
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "SIGNALER_ROLE=stranger", "LOG="+path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != "complete: false, mapped: true\n" {
			t.Errorf("%s: %v\n%s", hide, err, out)
		}
	}
}

func playStranger() {
	f, err := os.OpenFile(os.Getenv("LOG"), os.O_RDWR, 0)
	check(err)
	var st unix.Stat_t
	check(unix.Fstat(int(f.Fd()), &st))
	id := FileID{uint64(st.Dev), st.Ino}
	_, err = unix.Mmap(int(f.Fd()), 0, 1, unix.PROT_READ, unix.MAP_SHARED)
	check(err)
	check(f.Close())
	found, complete, err := Holders([]FileID{id})
	check(err)
	fmt.Printf("complete: %v, mapped: %v\n", complete, len(found[id]) == 1 && found[id][0].Mapped)
}

func TestUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0::/system.slice/nginx.service\n":                                       "nginx.service",
		"0::/system.slice/system-getty.slice/getty@tty1.service\n":               "getty@tty1.service",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/api.service": "user@1000.service",
		"0::/user.slice/user-1000.slice/session-3.scope":                         "session-3.scope",
		"0::/system.slice/docker.service/payload\n":                              "docker.service",
		"12:memory:/x.service\n1:name=systemd:/system.slice/cron.service\n0::/":  "cron.service",
		"0::/":                               "",
		"":                                   "",
		"garbage":                            "",
		"0::/_x.service":                     "x.service",
		"0::/a:b.service":                    "a:b.service",
		"0::/system.slice/\x1b[2J.service\n": "?[2J.service",
	} {
		if got := unit(cgroupOf(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseMapping(t *testing.T) {
	t.Parallel()
	m, ok := parseMapping([]byte("7f00aa000000-7f00aa001000 r--s 00000000 fd:102 1234                     /var/log/a b.log (deleted)\n"))
	if want := (mapping{"7f00aa000000-7f00aa001000", unix.Mkdev(0xfd, 0x102), 1234}); !ok || m != want {
		t.Errorf("got %+v, %v, want %+v", m, ok, want)
	}
	for _, line := range []string{"", "a b c", "a b c d e", "a b c 1:2 x", "a b c 1 2"} {
		if m, ok := parseMapping([]byte(line)); ok {
			t.Errorf("%q: got %+v", line, m)
		}
	}
}

func TestProcessesListsThisOne(t *testing.T) {
	t.Parallel()
	pids, err := processes()
	must(t, err)
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	var text []string
	for _, pid := range pids {
		text = append(text, strconv.Itoa(pid))
	}
	if !strings.Contains(" "+strings.Join(text, " ")+" ", fmt.Sprintf(" %d ", os.Getpid())) || len(entries) == 0 {
		t.Errorf("got %v", text)
	}
}

func BenchmarkHolders(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.log.1")
	w, err := os.Create(path)
	must(b, err)
	defer w.Close()
	files := []FileID{idOf(b, path)}
	for b.Loop() {
		if found, _, err := Holders(files); len(found) != 1 || err != nil {
			b.Fatal(found, err)
		}
	}
}
