package differential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A program is logrotate, or one that does the same.
type program struct {
	name string
	path string
	mail string // command that records mails
}

// run starts the program once in a world. Its exit code is part of what is
// compared; err means that it could not be run at all.
func (p program) run(w *world, r run, verbose bool) (exit int, said string, err error) {
	argv := []string{"-s", w.path("var/state"), "-m", p.mail}
	if r.force {
		argv = append(argv, "-f")
	}
	if verbose {
		argv = append(argv, "-v")
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, p.path, append(argv, w.path("conf"))...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TZ=UTC", "LC_ALL=C.UTF-8", "REC=" + w.path("rec")}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if ctx.Err() != nil {
		return 0, out.String(), fmt.Errorf("%s did not end within a minute", p.name)
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.Exited() {
		return failed.ExitCode(), out.String(), nil
	}
	return 0, out.String(), err
}

const recordMail = `#!/bin/sh
{ printf 'mail'; printf ' <%s>' "$@"; echo; cat; } >"$REC/mail.$$"
`

// programs finds the two that are compared.
func programs(tb testing.TB) (theirs, ours program) {
	tb.Helper()
	if os.Geteuid() != 0 {
		missing(tb, "not root: owners cannot be given")
	}
	for _, tool := range []string{"gzip", "bzip2", "xz", "zstd", "shred"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(tb, err.Error())
		}
	}
	path, err := exec.LookPath(*logrotatePath)
	if err != nil {
		missing(tb, err.Error())
	}
	mail := filepath.Join(tb.TempDir(), "mail")
	script(tb, mail, recordMail)
	theirs = program{"logrotate", path, mail}
	if *self {
		return theirs, program{"logrotate again", path, mail}
	}
	ours = program{"rotate", *rotatePath, mail}
	if ours.path == "" {
		ours.path = filepath.Join(tb.TempDir(), "rotate")
		if out, err := exec.Command("go", "build", "-o", ours.path, "rotate/cmd/rotate").CombinedOutput(); err != nil {
			tb.Fatalf("build: %v\n%s", err, out)
		}
	}
	return theirs, ours
}

// script writes a program that can be run at once: one that a child holds open
// for writing cannot.
func script(tb testing.TB, path, text string) {
	tb.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		tb.Fatal(err)
	}
}

// missing skips a test on a laptop; where nothing may be missing, it fails.
func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}
