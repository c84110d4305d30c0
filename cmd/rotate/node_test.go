package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"rotate/testdata/host"
	"rotate/testdata/unpack"
)

// cluster is the Node.js service of testdata/node-cluster, under load.
type cluster struct {
	*testing.T
	dir    string
	cmd    *exec.Cmd
	ended  bool
	policy string
}

// clusterSummary is what the service says it wrote.
type clusterSummary struct {
	Reopens int `json:"reopens"`
	Writers []struct {
		ID, PID, Sent int
	} `json:"writers"`
}

func startCluster(t *testing.T, notify string, flags ...string) *cluster {
	t.Helper()
	sample, err := filepath.Abs("../../testdata/node-cluster")
	if err != nil {
		t.Fatal(err)
	}
	host.Needs(t, "node")
	if _, err := os.Stat(filepath.Join(sample, "node_modules/log4js")); err != nil {
		host.Lacks(t, "make tools installs what is missing: ", err)
	}
	c := &cluster{T: t, dir: t.TempDir()}
	c.policy = c.write("rotate.toml", fmt.Sprintf(`[log.api]
paths     = [%q]
frequency = "daily"
rotate    = 100
compress  = "gzip"
[[log.api.notify]]
pidfile = %q
%s
`, c.path("log/api.log"), c.path("pid"), notify))
	c.write("log/.keep", "")
	c.cmd = exec.Command("node", append([]string{
		filepath.Join(sample, "server.js"),
		"--log", c.path("log/api.log"), "--pidfile", c.path("pid"), "--summary", c.path("summary"),
	}, flags...)...)
	c.cmd.Stdout, c.cmd.Stderr = os.Stderr, os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.ended {
			c.cmd.Process.Kill()
			c.cmd.Wait() // killed a moment ago
		}
	})
	c.until("the service is ready", func() bool {
		_, err := os.Stat(c.path("pid"))
		return err == nil
	})
	return c
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

func (c *cluster) write(name, text string) string {
	c.Helper()
	if err := os.MkdirAll(filepath.Dir(c.path(name)), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(c.path(name), []byte(text), 0o644); err != nil {
		c.Fatal(err)
	}
	return c.path(name)
}

// until waits for what the service does in its own time. The test's deadline
// bounds it.
func (c *cluster) until(what string, done func() bool) {
	c.Helper()
	for tick := time.NewTicker(5 * time.Millisecond); !done(); <-tick.C {
		if err := c.cmd.Process.Signal(syscall.Signal(0)); err != nil {
			c.Fatalf("%s: the service is gone: %v", what, err)
		}
	}
}

// grown waits until the live log holds some lines.
func (c *cluster) grown() {
	c.Helper()
	c.until("the log grows", func() bool {
		info, err := os.Stat(c.path("log/api.log"))
		return err == nil && info.Size() > 32<<10
	})
}

// rotate runs rotate and returns its exit status and what it complained of.
func (c *cluster) rotate(flags ...string) (status int, complaints string) {
	c.Helper()
	cmd := exec.Command(host.Program(c.T), append([]string{"-s", c.path("state"), c.policy}, flags...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// stop ends the service and returns what it says it wrote.
func (c *cluster) stop() (s clusterSummary) {
	c.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.Fatal(err)
	}
	c.ended = true
	status := c.cmd.Wait()
	text, err := os.ReadFile(c.path("summary"))
	if err := errors.Join(status, err); err != nil {
		c.Fatalf("%v: %s", err, text)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		c.Fatal(err)
	}
	return s
}

// count looks for each line that the service says it wrote, in the log and in
// its archives.
func (c *cluster) count(s clusterSummary) (sent, lost, doubled, strange int) {
	c.Helper()
	seen := map[int][]byte{}
	for _, w := range s.Writers {
		seen[w.ID] = make([]byte, w.Sent+1)
		sent += w.Sent
	}
	files, err := filepath.Glob(c.path("log/api.log*"))
	if err != nil {
		c.Fatal(err)
	}
	for _, name := range files {
		f, err := unpack.Open(name)
		if err != nil {
			c.Fatal(name, err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var id, seq int
			if _, err := fmt.Sscanf(lines.Text(), "w%d %d ", &id, &seq); err != nil || seq < 1 || seq >= len(seen[id]) {
				strange++
				continue
			}
			if seen[id][seq] > 0 {
				doubled++
			}
			seen[id][seq] = 1
		}
		if err := lines.Err(); err != nil {
			c.Fatal(name, err)
		}
		f.Close() // read only: nothing to lose
	}
	for _, all := range seen {
		for _, n := range all[1:] {
			if n == 0 {
				lost++
			}
		}
	}
	return sent, lost, doubled, strange
}

// TestNodeCluster rotates a cluster that logs through log4js, as docs/node.md
// recommends, 20 times under load, and counts every line.
func TestNodeCluster(t *testing.T) {
	const rotations = 20
	for _, mode := range []string{"each", "master"} {
		for _, rate := range []string{"5000", "max"} {
			t.Run(mode+"-"+rate, func(t *testing.T) {
				c := startCluster(t, `wait = "1m"`, "--mode", mode, "--rate", rate)
				for i := range rotations {
					c.grown()
					if status, said := c.rotate("-f"); status != 0 {
						t.Fatalf("rotation %d: exit %d\n%s", i, status, said)
					}
				}
				s := c.stop()
				sent, lost, doubled, strange := c.count(s)
				t.Logf("%d lines sent, %d lost, %d doubled, %d strange, %d reopens", sent, lost, doubled, strange, s.Reopens)
				if lost+doubled+strange > 0 || s.Reopens != rotations {
					t.Fail()
				}
				if packed, err := filepath.Glob(c.path("log/*.gz")); err != nil || len(packed) != rotations {
					t.Errorf("%d archives are compressed, want %d", len(packed), rotations)
				}
			})
		}
	}
}

// TestNodeClusterStuckWorker has a worker that does not reopen: it is named,
// its archive stays plain, the exit status says so, and once it lets go the
// next run compresses.
func TestNodeClusterStuckWorker(t *testing.T) {
	release := filepath.Join(t.TempDir(), "release")
	c := startCluster(t, `wait = "500ms"`, "--stuck-worker", "--release-file", release)
	c.grown()
	status, said := c.rotate("-f")
	named := regexp.MustCompile(`api\.log\.1 is still written by .*node .*pid (\d+)`).FindStringSubmatch(said)
	if status != 1 || named == nil {
		t.Fatalf("exit %d\n%s", status, said)
	}
	if _, err := os.Stat(c.path("log/api.log.1")); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(release, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.until("the worker lets go", func() bool {
		status, said = c.rotate()
		return status == 0
	})
	if _, err := os.Stat(c.path("log/api.log.1.gz")); err != nil {
		t.Error(err)
	}

	s := c.stop()
	for _, w := range s.Writers {
		if w.ID == 1 && strconv.Itoa(w.PID) != named[1] {
			t.Errorf("process %s was named, worker 1 was %d", named[1], w.PID)
		}
	}
	if sent, lost, doubled, strange := c.count(s); lost+doubled+strange > 0 {
		t.Errorf("%d lines sent, %d lost, %d doubled, %d strange", sent, lost, doubled, strange)
	}
}
