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

	"rotate/testdata/host"
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
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TZ=" + w.tz, "LC_ALL=C.UTF-8", "REC=" + w.path("rec")}
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
	host.NeedsRoot(tb)
	host.Needs(tb, "gzip", "bzip2", "xz", "zstd", "shred", *logrotatePath)
	mail := filepath.Join(tb.TempDir(), "mail")
	script(tb, mail, recordMail)
	theirs = program{"logrotate", *logrotatePath, mail}
	if *self {
		return theirs, program{"logrotate again", *logrotatePath, mail}
	}
	ours = program{"rotate", *rotatePath, mail}
	if ours.path == "" {
		ours.path = host.Program(tb)
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
