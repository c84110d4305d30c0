package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rotate/testdata/unpack"
)

// TestPage has docs/services.md show the policies that are tested here.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/services.md")
	must(t, err)
	for unit, policy := range policies {
		if !strings.Contains(string(text), "```toml\n"+policy+"```\n") {
			t.Errorf("the policy of %s is not there:\n%s", unit, policy)
		}
	}
}

func TestMachine(t *testing.T) {
	m := boot(t, files)
	t.Run("real units", func(t *testing.T) {
		for unit, text := range policies {
			t.Run(unit, func(t *testing.T) { m.as(t).realUnit(unit, text) })
		}
	})
	for _, name := range []string{"notify", "crowd"} {
		t.Run(name, func(t *testing.T) { m.as(t).onlyMain(name) })
	}
	t.Run("user", func(t *testing.T) { m.as(t).userUnit() })
	t.Run("not root", func(t *testing.T) { m.as(t).notRoot() })
	t.Run("timer", func(t *testing.T) { m.as(t).timer() })
}

// as is m for a subtest.
func (m *machine) as(t *testing.T) *machine {
	n := *m
	n.TB = t
	return &n
}

const rounds = 3

// realUnit rotates what a service of Debian's writes, as the page says.
func (m *machine) realUnit(unit, text string) {
	m.Helper()
	if state := m.run("systemctl", "is-active", unit); state != "active" {
		m.Fatal(state)
	}
	main := m.run("systemctl", "show", "--property=MainPID", "--value", unit)
	must(m, os.WriteFile(m.path("/etc/policy.toml"), []byte(text), 0o644))
	log := strings.Replace(regexp.MustCompile(`"(/var/log/[^"]*)"`).FindStringSubmatch(text)[1], "*", "access", 1)
	for i := range rounds {
		switch unit {
		case "rsyslog.service":
			m.run("logger", fmt.Sprintf("m%de", i+1))
		case "nginx.service":
			m.ask(fmt.Sprintf("/?m%de", i+1))
		}
		if unit != "php8.2-fpm.service" { // that one writes a line when it opens its log
			m.until("the line is there", func() bool { return m.count(log)[i+1] > 0 })
		}
		m.run("rotate", "--force", "--state", "/var/lib/real."+unit, "/etc/policy.toml")
	}
	if unit != "php8.2-fpm.service" {
		m.whole(log, rounds)
	} else if packed := m.packed(log); packed != rounds {
		m.Errorf("%d archives are compressed, want %d", packed, rounds)
	}
	if now := m.run("systemctl", "show", "--property=MainPID", "--value", unit); now != main {
		m.Errorf("the main process is %s, was %s", now, main)
	}
}

// ask asks the machine's web server for a page.
func (m *machine) ask(path string) {
	m.Helper()
	cmd := exec.Command("nsenter", "--target", m.leader, "--net", "--", "bash", "-c",
		`exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET %s HTTP/1.0\r\n\r\n' "$0" >&3; cat <&3`, path)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.Fatalf("%v: %s", err, out)
	}
}

// onlyMain rotates what a unit of several processes writes: its main process
// opens its log anew, and its others, which would die of the signal, live on.
func (m *machine) onlyMain(name string) {
	m.Helper()
	log := "/var/log/" + name + ".log"
	m.run("systemctl", "start", name)
	var before []string
	m.until("its helpers run", func() bool {
		before = m.helpers(name)
		return len(before) == 3
	})
	for range rounds {
		m.grown(log)
		m.run("rotate", "--force", "--state", "/var/lib/"+name, "/etc/"+name+".toml")
	}
	if after := m.helpers(name); strings.Join(after, " ") != strings.Join(before, " ") {
		m.Errorf("helpers were %s, are %s", before, after)
	}
	m.run("systemctl", "stop", name)
	m.whole(log, rounds)
}

// userUnit rotates what a service of a user's own service manager writes.
func (m *machine) userUnit() {
	m.Helper()
	m.run("install", "-d", "-o", "www-data", "/var/log/mine")
	m.run("systemctl", "start", "user@33.service") // as a login of www-data would
	m.run(asUser("systemctl", "--user", "start", "mine.service")...)
	const log = "/var/log/mine/mine.log"
	for range rounds {
		m.grown(log)
		m.run("rotate", "--force", "--state", "/var/lib/mine", "/etc/mine.toml")
		m.grown(log)
		m.run(asUser("rotate", "--force", "--state", "/var/log/mine/state", "/etc/mine.toml")...)
	}
	m.run(asUser("systemctl", "--user", "stop", "mine.service")...)
	m.whole(log, 2*rounds)
}

// asUser is a command that www-data runs.
func asUser(argv ...string) []string {
	return append([]string{"setpriv", "--reuid=33", "--regid=33", "--clear-groups", "env", "XDG_RUNTIME_DIR=/run/user/33"}, argv...)
}

// notRoot has www-data ask the system's manager, over the message bus: its own
// service gets the signal, root's does not, and without the bus nobody does.
func (m *machine) notRoot() {
	m.Helper()
	m.run("install", "-d", "-o", "www-data", "/var/log/own")
	m.run("systemctl", "start", "own", "crowd")
	const log = "/var/log/own/own.log"
	for range rounds {
		m.grown(log)
		m.run(asUser("rotate", "--force", "--state", "/var/log/own/state", "/etc/own.toml")...)
	}

	refused := func(why string) {
		m.Helper()
		m.run("install", "-o", "www-data", "/etc/hostname", "/var/log/own/theirs.log")
		for _, argv := range [][]string{{"check"}, {"--force"}} {
			cmd := m.command(asUser(append([]string{"rotate"}, append(argv, "--state", "/var/log/own/state", "/etc/theirs.toml")...)...)...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), `unit "crowd.service": `) || !strings.Contains(string(out), why) {
				m.Errorf("rotate %s as www-data: %v: %s", argv, err, out)
			}
		}
	}
	refused("may not be signalled by www-data")
	m.run("systemctl", "stop", "dbus.socket", "dbus.service")
	refused("may not be asked for by www-data")
	m.run("systemctl", "start", "dbus.socket")

	m.run("systemctl", "stop", "own", "crowd")
	m.whole(log, rounds)
}

// timer has systemd itself run the program as it is installed, but every
// second.
func (m *machine) timer() {
	m.Helper()
	m.run("sh", "-c", "rm -f /var/log/notify.log* /var/log/crowd.log*") // lines are numbered from 1 again
	const units = "/usr/local/lib/systemd/system/"
	m.run("systemd-analyze", "verify", "--man=no", units+"rotate.service", units+"rotate.timer")
	m.run("systemctl", "start", "notify", "crowd", "rotate.timer")
	m.until("runs were made", func() bool {
		return m.packed("/var/log/notify.log") >= 2*rounds && m.packed("/var/log/crowd.log") >= 2*rounds
	})
	m.run("systemctl", "stop", "rotate.timer")
	m.until("the last run is over", func() bool {
		return m.run("systemctl", "show", "--property=ActiveState", "--value", "rotate.service") != "activating"
	})
	if result := m.run("systemctl", "show", "--property=Result", "--value", "rotate.service"); result != "success" {
		m.Errorf("the last run: %s\n%s", result, m.run("journalctl", "--unit=rotate.service", "--no-pager"))
	}
	m.run("systemctl", "stop", "notify", "crowd")
	for _, log := range []string{"/var/log/notify.log", "/var/log/crowd.log"} {
		m.whole(log, m.packed(log))
	}
	if _, err := os.Stat(m.path("/var/lib/rotate/status")); err != nil {
		m.Error(err)
	}
}

// helpers are the pids of the writer's helpers, as its unit has them.
func (m *machine) helpers(unit string) (pids []string) {
	m.Helper()
	main := m.run("systemctl", "show", "--property=MainPID", "--value", unit)
	for _, pid := range strings.Fields(m.run("sh", "-c", "cat /proc/"+main+"/task/"+main+"/children")) {
		text, err := os.ReadFile(m.path("/proc/" + pid + "/cmdline"))
		if err == nil && strings.Contains(string(text), "sleep 1000") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// grown waits until a log has some lines.
func (m *machine) grown(log string) {
	m.Helper()
	m.until(log+" grows", func() bool {
		info, err := os.Stat(m.path(log))
		return err == nil && info.Size() > 100
	})
}

func (m *machine) packed(log string) int {
	m.Helper()
	names, err := filepath.Glob(m.path(log) + ".*.zst")
	must(m, err)
	return len(names)
}

// whole checks that each line is there once, and that all archives are
// compressed.
func (m *machine) whole(log string, archives int) {
	m.Helper()
	found := m.count(log)
	for n := 1; n <= len(found); n++ {
		if found[n] != 1 {
			m.Errorf("line %d is there %d times", n, found[n])
		}
	}
	if packed := m.packed(log); packed != archives {
		m.Errorf("%d archives are compressed, want %d", packed, archives)
	}
	m.Logf("%d lines", len(found))
}

var numbered = regexp.MustCompile(`\bm([0-9]+)e\b`)

// count counts the lines in a log and its archives, by number.
func (m *machine) count(log string) map[int]int {
	m.Helper()
	names, err := filepath.Glob(m.path(log) + "*")
	must(m, err)
	found := map[int]int{}
	for _, name := range names {
		f, err := unpack.Open(name)
		must(m, err)
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if is := numbered.FindStringSubmatch(lines.Text()); is != nil {
				n, err := strconv.Atoi(is[1])
				must(m, err)
				found[n]++
			}
		}
		must(m, lines.Err())
		f.Close() // read only: nothing to lose
	}
	return found
}
