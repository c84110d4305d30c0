package convert_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

// TestShellTellsTheSame runs the scripts by /bin/sh where everything that they
// ask for is there, with programs that only write down how they are called:
// these must be the targets.
func TestShellTellsTheSame(t *testing.T) {
	t.Parallel()
	for i, c := range scriptsThatTell {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			move := playground(t, root)
			script := move.Replace(c.script)
			told, ok := convert.Script(c.script)
			if !ok {
				t.Fatalf("not understood:\n%s", script)
			}
			sh := exec.Command("/bin/sh", "-c", ". "+root+"/functions\n"+script)
			sh.Env = []string{"PATH=" + root + "/bin:/usr/bin:/bin", "CALLS=" + root + "/calls"}
			if out, err := sh.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, script)
			}
			data, err := os.ReadFile(root + "/calls")
			if err != nil {
				t.Fatal(err)
			}
			calls := strings.Split(strings.TrimSpace(string(data)), "\n")
			slices.Sort(calls)
			calls = slices.DeleteFunc(slices.Compact(calls), func(call string) bool { // questions
				return strings.Contains(call, " is-active ") || strings.HasSuffix(call, " status")
			})
			if len(calls) != len(told.Targets) {
				t.Errorf("%d targets, but the shell calls %q in\n%s", len(told.Targets), calls, script)
			}
			for _, target := range told.Targets {
				target.Pidfile = move.Replace(target.Pidfile)
				if !slices.ContainsFunc(calls, func(call string) bool { return tells(call, target, told) }) {
					t.Errorf("%s: the shell calls %q in\n%s", show([]policy.Target{target}), calls, script)
				}
			}
		})
	}
}

// tells reports whether the call of a program does what a target does.
func tells(call string, target policy.Target, told convert.Telling) bool {
	words := strings.Fields(call)
	if target.Unit != "" { // a kill of its main process, or the service is known
		named := slices.Contains(words, target.Unit) || slices.Contains(words, strings.TrimSuffix(target.Unit, ".service"))
		main := strings.Contains(call, " --kill-who=main ") || strings.Contains(call, " --kill-whom main ")
		return named && words[0] == "systemctl" && (main || len(told.Odd) > 0)
	}
	if target.Pidfile == "" {
		want := append([]string{filepath.Base(target.Command[0])}, target.Command[1:]...)
		systemd := words[0] == "systemctl" && want[0] == "service" && slices.Equal(words[1:], []string{want[2], want[1] + ".service"})
		return systemd || strings.Join(want, " ") == call
	}
	if words[0] != "kill" { // it says itself where the pid is, or the service is known
		return slices.Contains(words, target.Pidfile) || len(told.Odd) > 0
	}
	pidfiles, err := filepath.Glob(target.Pidfile)
	if err != nil || len(pidfiles) == 0 {
		return false
	}
	for _, file := range pidfiles {
		pid, err := os.ReadFile(file)
		if err != nil || !slices.Contains(words, strings.TrimSpace(string(pid))) {
			return false
		}
	}
	return slices.ContainsFunc(words[1:], func(w string) bool {
		sig, err := policy.ParseSignal(strings.TrimPrefix(w, "-"))
		return err == nil && sig == target.Signal
	})
}

// playground makes programs and pidfiles below root, and returns what makes a
// script use them.
func playground(t *testing.T, root string) *strings.Replacer {
	t.Helper()
	for _, dir := range []string{"/run/a", "/run/systemd/system", "/var/run", "/bin"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"/run/a.pid", "/run/b.pid", "/run/a/1.pid", "/var/run/a.pid"} {
		put(t, root+name, fmt.Sprintf("%d\n", 1000+i), 0o644)
	}
	const write = `printf '%s\n' "${0##*/} $*" >> "$CALLS"` + "\n"
	for _, name := range []string{
		"kill", "killall", "pkill", "systemctl", "service", "invoke-rc.d", "start-stop-daemon", "a", "rsyslog-rotate", "php8.2-fpm-reopenlogs",
		"squid", "corosync-cfgtool", "zmpkg.pl", "fail2ban-client", "mysqladmin",
	} {
		put(t, root+"/bin/"+name, "#!/bin/sh\n"+write, 0o755)
	}
	for _, name := range []string{"pgrep", "logger"} {
		put(t, root+"/bin/"+name, "#!/bin/sh\nexit 0\n", 0o755)
	}
	put(t, root+"/functions", "kill() { [ \"$1\" = -0 ] || "+strings.Replace(write, "${0##*/}", "kill", 1)+"}\n", 0o644)
	moved := []string{"/bin/cat", "/bin/cat", "/run/", root + "/run/", "/var/run/", root + "/var/run/"}
	for _, dir := range []string{"/etc/init.d/", "/usr/lib/rsyslog/", "/usr/lib/php/", "/usr/sbin/", "/usr/bin/", "/bin/"} {
		moved = append(moved, dir, root+"/bin/")
	}
	return strings.NewReplacer(moved...)
}

func put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
