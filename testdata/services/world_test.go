package services

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rotate/testdata/host"
	"rotate/testdata/unpack"
)

// world is a folder that a daemon takes for the whole machine: the texts of a
// daemon name its files as Debian does, and place puts them below the folder.
type world struct {
	testing.TB
	dir, port string
	texts     *strings.Replacer
	messages  atomic.Int64  // so far
	around    []string      // a command that runs the program
	end       chan struct{} // closed when the daemon has ended
	cmd       *exec.Cmd
	said      *os.File
}

// debian is where debian.sh unpacks.
func debian(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("../.debian/root")
	must(t, err)
	return root
}

// npm is where npm puts what docs/node.md is about.
func npm(t testing.TB) string {
	t.Helper()
	modules, err := filepath.Abs("../node-cluster/recipes/node_modules")
	must(t, err)
	return modules
}

// newWorld is a folder for d, with its files.
func newWorld(t testing.TB, d daemon) *world {
	t.Helper()
	host.NeedsRoot(t) // daemons change to users of their own
	w := &world{TB: t, dir: t.TempDir(), port: freePort(t)}
	root := debian(t)
	w.texts = strings.NewReplacer(
		"/usr/sbin/", root+"/usr/sbin/", "/usr/lib/", root+"/usr/lib/", "/usr/share/", root+"/usr/share/",
		"/usr/local/lib/node_modules", npm(t),
		"/var/", w.dir+"/var/", "/run/", w.dir+"/run/", "/etc/", w.dir+"/etc/", "/srv/", w.dir+"/srv/", "/home/", w.dir+"/home/",
		"PORT", w.port)
	must(t, os.Chmod(filepath.Dir(w.dir), 0o755)) // daemons have users of their own
	w.folder("/run/")
	w.folder("/var/lib/")
	w.folder(filepath.Dir(d.log) + "/")
	for name, text := range d.files {
		w.file(name, text)
	}
	for _, folder := range d.owns {
		w.folder(folder)
		if out, err := exec.Command("chown", "www-data", w.path(folder)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	w.file("/etc/rotate.toml", d.policy)
	return w
}

// path is where a file is that the daemon takes to be elsewhere.
func (w *world) path(name string) string { return w.texts.Replace(name) }

func (w *world) folder(name string) {
	w.Helper()
	must(w, os.MkdirAll(w.path(name), 0o755))
}

func (w *world) file(name, text string) {
	w.Helper()
	w.folder(filepath.Dir(name) + "/")
	must(w, os.WriteFile(w.path(name), []byte(w.texts.Replace(text)), 0o644))
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() // nothing was sent
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return port
}

// command is a program of Debian's, or else the machine's.
func (w *world) command(argv []string) *exec.Cmd {
	root := debian(w)
	var args []string
	for _, a := range argv {
		args = append(args, w.texts.Replace(a))
	}
	for _, dir := range []string{"/usr/sbin/", "/usr/bin/"} {
		if path := root + dir + argv[0]; executable(path) {
			args[0] = path
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = w.dir
	var libraries []string
	for _, pattern := range []string{"/usr/lib/*-linux-gnu", "/lib/*-linux-gnu", "/usr/lib/syslog-ng"} {
		found, err := filepath.Glob(root + pattern)
		must(w, err)
		libraries = append(libraries, found...)
	}
	cmd.Env = append(os.Environ(),
		"LD_LIBRARY_PATH="+strings.Join(libraries, ":"),
		"PYTHONPATH="+root+"/usr/lib/python3/dist-packages",
		"PYTHONDONTWRITEBYTECODE=1",
		"PM2_HOME="+w.path("/home/api/.pm2"))
	return cmd
}

func executable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// start starts the daemon. It runs until the test ends.
func (w *world) start(d daemon) {
	w.Helper()
	for _, dir := range []string{npm(w), debian(w)} {
		if _, err := os.Stat(dir); err != nil {
			host.Lacks(w, "make tools brings what is missing: ", err)
		}
	}
	w.cmd = w.command(d.argv)
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	var err error
	w.said, err = os.Create(w.dir + "/said")
	must(w, err)
	w.cmd.Stdout, w.cmd.Stderr = w.said, w.said
	if err := w.cmd.Start(); err != nil {
		host.Lacks(w, err)
	}
	w.end = make(chan struct{})
	go func() {
		_ = w.cmd.Wait() // how it ends is not what is asked
		close(w.end)
	}()
	w.Cleanup(w.kill)
}

// kill ends the daemon and all of its processes.
func (w *world) kill() {
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL) // it may be gone
	<-w.end
	w.said.Close() // for messages only
}

// until waits for what the daemon does in its own time.
func (w *world) until(what string, done func() bool) {
	w.Helper()
	patience := time.After(2 * time.Minute)
	for tick := time.NewTicker(5 * time.Millisecond); !done(); {
		why := ""
		select {
		case <-tick.C:
			continue
		case <-w.end:
			why = "the daemon has ended"
		case <-patience:
			why = "this takes too long"
		}
		said, _ := os.ReadFile(w.dir + "/said") // for the message
		w.Fatalf("until %s: %s: %s", what, why, said)
	}
}

// message is in the line that a daemon logs for it.
func message(n int) string { return "m" + strconv.Itoa(n) + "e" }

var messages = regexp.MustCompile(`\bm([0-9]+)e\b`)

// find counts the messages in the log and its archives.
func (w *world) find(log string) (found map[int]int, packed int) {
	w.Helper()
	names, err := filepath.Glob(w.path(log) + "*")
	must(w, err)
	found = map[int]int{}
	for _, name := range names {
		f, err := unpack.Open(name)
		must(w, err)
		if strings.HasSuffix(name, ".zst") {
			packed++
		}
		lines := bufio.NewReader(f)
		for {
			line, err := lines.ReadBytes('\n')
			for _, m := range messages.FindAllSubmatch(line, -1) {
				n, err := strconv.Atoi(string(m[1]))
				must(w, err)
				found[n]++
			}
			if err == io.EOF {
				break
			}
			must(w, err)
		}
		f.Close() // read only: nothing to lose
	}
	return found, packed
}
