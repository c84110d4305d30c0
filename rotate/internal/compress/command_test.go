package compress

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func shell(script string) Codec {
	return Codec{Method: "command", Command: []string{"/bin/sh", "-c", script}}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		codec Codec
		out   string
		err   string // the beginning; "": none
		said  string
	}{
		{"packs its input to its output", shell("tr a-z A-Z"), "HELLO\n", "", ""},
		{"may complain if it succeeds", shell("echo slow >&2; cat"), "hello\n", "", "slow"},
		{"fails", shell("cat; exit 3"), "", `run "/bin/sh": exit status 3`, ""},
		{"fails and says why", shell("echo; echo 'no good' >&2; exit 3"), "", `run "/bin/sh": exit status 3: "no good"`, ""},
		{"dies", shell("kill -9 $$"), "", `run "/bin/sh": signal: killed`, ""},
		{"is missing", Codec{Method: "command", Command: []string{"/nonexistent/xz"}}, "", `run "/nonexistent/xz": no such file or directory`, ""},
		{"is not in the path", Codec{Method: "command", Command: []string{"no-such-program"}}, "", `run "no-such-program": exec: "no-such-program": executable file not found in $PATH`, ""},
		{"is empty", Codec{Method: "command"}, "", "no command to run", ""},
		{"gets the name in its environment, where it is only text", shell(`printf %s "$LOGROTATE_COMPRESSED_FILENAME"`), "/log/$(touch owned) `id`\n\xff", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dst := open(t, filepath.Join(t.TempDir(), "packed"))
			var said string
			tt.codec.Said = func(text string) { said = text }
			err := tt.codec.Run(t.Context(), dst, file(t, []byte("hello\n")), "/log/$(touch owned) `id`\n\xff", 1)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("got  %v\nwant %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if said != tt.said {
				t.Errorf("said %q, want %q", said, tt.said)
			}
			b, err := os.ReadFile(dst.Name())
			if err != nil || string(b) != tt.out {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

func TestCommandGetsNoOtherFiles(t *testing.T) {
	t.Parallel()
	canary := file(t, nil)
	src, dst := file(t, nil), open(t, filepath.Join(t.TempDir(), "packed"))
	if err := shell("ls -l /proc/$$/fd").Run(t.Context(), dst, src, "a", 1); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dst.Name())
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[*os.File]int{canary: 0, src: 1, dst: 1} {
		if n := strings.Count(string(b), f.Name()); n != want {
			t.Errorf("%s: %d times, want %d:\n%s", f.Name(), n, want, b)
		}
	}
}

func TestCommandComplainsWithoutEnd(t *testing.T) {
	t.Parallel()
	dst := open(t, filepath.Join(t.TempDir(), "packed"))
	err := shell(`head -c 10000000 /dev/zero | tr '\0' x >&2; echo the end >&2; exit 1`).Run(t.Context(), dst, file(t, nil), "a", 1)
	if err == nil || !strings.HasSuffix(err.Error(), `xthe end"`) || len(err.Error()) > stderrLimit+100 {
		t.Errorf("got %d bytes: %.100v", len(err.Error()), err)
	}
}

func TestCommandIsEndedWithAllItStarted(t *testing.T) {
	t.Parallel()
	// It returns when nobody can write to dst any more.
	_, err := during(t, shell("sleep 1000 & echo started; wait"), file(t, nil), 1, func(stop context.CancelFunc) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A command may never see the end of a file that grows.
func TestCommandIsEndedWhenItsSourceGrows(t *testing.T) {
	t.Parallel()
	src := file(t, []byte("hello\n"))
	_, err := during(t, shell("echo started; exec sleep 1000"), src, 1, func(context.CancelFunc) {
		if _, err := src.WriteAt([]byte("more"), 6); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// A process that outlives its command could still write to dst.
func TestCommandLeavesProcessesBehind(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"that hold standard error":  "sleep 1000 & echo $!",
		"that hold nothing of ours": "sleep 1000 >/dev/null 2>&1 & echo $!",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := open(t, filepath.Join(t.TempDir(), "packed"))
			err := shell(script).Run(t.Context(), dst, file(t, nil), "a", 1)
			if err == nil || err.Error() != `run "/bin/sh": left processes behind` {
				t.Errorf("got %v", err)
			}
			b, err := os.ReadFile(dst.Name())
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(string(bytes.TrimSpace(b)))
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.Kill(pid, unix.SIGKILL); err != nil {
				t.Errorf("sleep was not running: %v", err)
			}
		})
	}
}
