package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	c, said := startDemo(t, temp, "--pace=100ms")
	data, err := io.ReadAll(said)
	if err != nil {
		t.Fatalf("a process has not ended: %v", err)
	}
	out := string(data)
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`(?m)^  5  2 logs +master \d+ .* (→|->) `,
		`access\.log\.1\s+is\s+still\s+written\s+by\s+worker-3\s+\(pid\s+\d+`,
		`(?m)^  7 +nothing +master \d+ +after \d+ms`,
		`[1-9][\d,]* lines written, [\d,]+ found, 0 lost, 0 doubled\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(out, temp, "/tmp")) {
		if n := visible(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	if strings.ContainsAny(out, "\x1b\r") {
		t.Error("the output is for a terminal, and there is none")
	}
	wantFolders(t, temp, 0)
}

func TestDemoThatIsEnded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sig  syscall.Signal
		args []string
		left int
	}{
		{name: "by Ctrl-C", sig: syscall.SIGINT},
		{name: "politely", sig: syscall.SIGTERM},
		{name: "with its terminal", sig: syscall.SIGHUP},
		{name: "with --keep", sig: syscall.SIGINT, args: []string{"--keep"}, left: 1},
		{name: "with no chance to clean up", sig: syscall.SIGKILL, left: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			c, said := startDemo(t, temp, append(tt.args, "--pace=1h")...)
			s := bufio.NewScanner(said)
			for s.Scan() && !strings.Contains(s.Text(), "Five runs") {
			}
			if err := c.Process.Signal(tt.sig); err != nil {
				t.Fatal(err)
			}
			for s.Scan() {
			}
			if err := s.Err(); err != nil {
				t.Fatalf("a process has not ended: %v", err)
			}
			if err := c.Wait(); err == nil {
				t.Error("it ended well, want a failure")
			}
			wantFolders(t, temp, tt.left)
		})
	}
}

// startDemo starts the demo, with its folder in temp. What it and its service
// say ends when the last of their processes has ended.
func startDemo(t *testing.T, temp string, args ...string) (*exec.Cmd, *os.File) {
	t.Helper()
	said, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { said.Close() })
	defer say.Close()
	if err := said.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "/proc/self/exe", append([]string{"demo", "--lines", strconv.Itoa(fewLines)}, args...)...)
	c.Args[0] = "rotate"
	c.Env = append(os.Environ(), "TMPDIR="+temp)
	c.Stdout, c.Stderr = say, say
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, said
}

func wantFolders(t *testing.T, dir string, want int) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != want {
		t.Errorf("%q are left, want %d", left, want)
	}
}
