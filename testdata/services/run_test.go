package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"rotate/testdata/host"
)

// outcome is what a run says of its archives.
type outcome struct {
	status   int
	said     string
	released []time.Duration // after the signal
	held     []string        // names of processes that hold on
}

// rotate runs the program, and tells of the archives of log.
func (w *world) rotate(log string, flags ...string) (o outcome) {
	w.Helper()
	argv := slices.Concat(w.around, []string{host.Program(w), "--json", "-s", w.path("/var/lib/rotate"), w.path("/etc/rotate.toml")}, flags)
	cmd := exec.Command(argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	o.status, o.said = cmd.ProcessState.ExitCode(), stderr.String()
	var report struct {
		Policies []struct {
			Logs []struct {
				Path     string
				Archives []struct {
					Released string
					AfterMS  float64 `json:"after_ms"`
					Holders  []struct{ Name string }
				}
			}
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		w.Fatalf("%v: %s%s", err, &stdout, &stderr)
	}
	for _, p := range report.Policies {
		for _, l := range p.Logs {
			if l.Path != w.path(log) {
				continue
			}
			for _, a := range l.Archives {
				if a.Released == "yes" {
					o.released = append(o.released, time.Duration(a.AfterMS*float64(time.Millisecond)))
				}
				for _, h := range a.Holders {
					o.held = append(o.held, h.Name)
				}
			}
		}
	}
	return o
}

// signal sends what the policy would send, and rotates nothing.
func (w *world) signal(d daemon) {
	w.Helper()
	found := regexp.MustCompile(`pidfile = "(.*)"\nsignal  = "(.*)"`).FindStringSubmatch(d.policy)
	if found == nil {
		return
	}
	text, err := os.ReadFile(w.path(found[1]))
	must(w, err)
	pid := strings.TrimSpace(string(text))
	if out, err := exec.Command("kill", "-s", strings.TrimPrefix(found[2], "SIG"), pid).CombinedOutput(); err != nil {
		w.Fatalf("%v: %s", err, out)
	}
}
