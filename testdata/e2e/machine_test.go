// Package e2e boots a Debian with systemd in a container and has the real
// program rotate the logs of real units there.
//
//	go test ./testdata/e2e
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rotate/testdata/host"
)

// packages of the machine. What else they need, debootstrap finds.
const packages = "dbus,nginx-light,php8.2-fpm,rsyslog,systemd,systemd-sysv"

// machine is a booted Debian. What it writes is gone when it ends.
type machine struct {
	testing.TB
	leader string // its process 1, seen from here
	ended  chan struct{}
}

// debian is where debian.sh unpacks, and where the machine is kept.
func debian(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../.debian")
	must(t, err)
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// made returns the root of the machine, which is made once.
func made(t testing.TB) string {
	t.Helper()
	root, tools := debian(t)+"/machine", debian(t)+"/root"
	kept := debian(t) + "/machine.packages"
	if text, err := os.ReadFile(kept); err == nil && string(text) == packages {
		return root
	}
	must(t, os.RemoveAll(root))
	strap := exec.Command(tools+"/usr/sbin/debootstrap", "--variant=minbase", "--include="+packages, "bookworm", root, "http://deb.debian.org/debian")
	strap.Env = append(os.Environ(), "DEBOOTSTRAP_DIR="+tools+"/usr/share/debootstrap")
	if out, err := strap.CombinedOutput(); err != nil {
		host.Lacks(t, "debootstrap: ", err, ": ", string(out[max(0, len(out)-1000):]))
	}
	must(t, os.WriteFile(kept, []byte(packages), 0o644))
	return root
}

// boot boots the machine with files beside its own.
func boot(t testing.TB, files map[string]string) *machine {
	t.Helper()
	host.NeedsRoot(t)
	tools := debian(t) + "/root"
	if _, err := os.Stat(tools); err != nil {
		host.Lacks(t, "make tools brings what is missing: ", err)
	}
	root, dir := made(t), t.TempDir()
	install := exec.Command("make", "--directory=../..", "build", "install", "DESTDIR="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	argv := []string{
		tools + "/usr/bin/systemd-nspawn", "--quiet", "--directory=" + root, "--volatile=overlay", "--boot", "--console=pipe",
		"--register=no", "--keep-unit", "--private-network", "--machine=rotate-e2e", "--bind-ro=" + dir + "/usr/local:/usr/local",
	}
	libraries, err := filepath.Glob(tools + "/usr/lib/*-linux-gnu/systemd")
	must(t, err)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	console, err := os.Create(dir + "/console")
	must(t, err)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	m := &machine{TB: t, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ends is not what is asked
		close(m.ended)
	}()
	t.Cleanup(func() {
		if pid, err := strconv.Atoi(m.leader); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // all others go with it; it may be gone
		}
		_ = cmd.Process.Kill() // the same
		<-m.ended
		if said, err := os.ReadFile(dir + "/console"); err == nil && t.Failed() {
			t.Logf("console: %s", said)
		}
		console.Close() // for messages only
	})
	m.until("systemd runs", func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil {
			return false
		}
		for _, pid := range strings.Fields(string(children)) {
			name, err := os.ReadFile("/proc/" + pid + "/comm")
			if err == nil && string(name) == "systemd\n" {
				m.leader = pid
			}
		}
		return m.leader != ""
	})
	state := ""
	m.until("the machine is up", func() bool {
		out, _ := m.command("systemctl", "is-system-running").CombinedOutput() // it fails when something did
		state = strings.TrimSpace(string(out))
		return state == "running" || state == "degraded"
	})
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
		must(t, os.WriteFile(m.path(name), []byte(text), 0o755))
	}
	m.run("systemctl", "daemon-reload")
	return m
}

// until waits for what the machine does in its own time.
func (m *machine) until(what string, done func() bool) {
	m.Helper()
	patience := time.After(2 * time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !done(); {
		select {
		case <-tick.C:
		case <-m.ended:
			m.Fatalf("until %s: the machine has ended", what)
		case <-patience:
			m.Fatalf("until %s: this takes too long", what)
		}
	}
}

// path is where a file of the machine is, seen from here.
func (m *machine) path(name string) string { return "/proc/" + m.leader + "/root" + name }

// command runs in the machine, as a child of nobody there.
func (m *machine) command(argv ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--target", m.leader, "--all", "--wd=/", "--"}, argv...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL=C"}
	return cmd
}

// run runs a command in the machine and returns what it prints.
func (m *machine) run(argv ...string) string {
	m.Helper()
	out, err := m.command(argv...).CombinedOutput()
	if err != nil {
		m.Fatalf("%s: %v: %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}
