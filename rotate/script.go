package rotate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"rotate/rotate/policy"
)

// shell runs the scripts of policies, as logrotate does: /bin/sh -c SCRIPT,
// with logrotate_script as $0. File names are arguments, never shell text. One
// script runs at a time: those who write them expect no other beside it.
type shell struct {
	mu             sync.Mutex
	stdout, stderr io.Writer
	log            *os.File // descriptor 3; nil: none
}

// run runs script, the value of directive in p, unless it is empty.
func (s *shell) run(ctx context.Context, p *policy.Policy, directive, script string, args ...string) error {
	if strings.TrimSpace(script) == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := within(ctx, p.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, "logrotate_script"}, args...)...)
	c.Stdout, c.Stderr = s.stdout, s.stderr
	if s.log != nil {
		c.ExtraFiles = []*os.File{s.log}
	}
	if err := run(c); err != nil {
		return &ScriptError{directive, args[0], because(ctx, err)}
	}
	return nil
}

// ScriptError is a script that failed.
type ScriptError struct {
	Directive string // such as "postrotate"
	About     string // its first argument: a log, an archive, or the paths of the policy
	Err       error
}

func (e *ScriptError) Error() string {
	return fmt.Sprintf("run %s for %q: %v", e.Directive, e.About, e.Err)
}

// Unwrap returns how the script ended.
func (e *ScriptError) Unwrap() error { return e.Err }

// commandTimeout bounds the command of a target. It only asks a service to
// reopen its log; one that hangs must not hold up the others.
const commandTimeout = time.Minute

// command runs the command of a target. What it prints is part of the error.
func command(ctx context.Context, argv []string) error {
	ctx, cancel := within(ctx, commandTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := run(c); err != nil {
		err = because(ctx, err)
		if text := strings.TrimSpace(out.String()); text != "" {
			return fmt.Errorf("run %q: %w: %s", argv, err, firstLine(text))
		}
		return fmt.Errorf("run %q: %w", argv, err)
	}
	return nil
}

// ErrTimeout is a script or program that took longer than it may, and was ended.
var ErrTimeout = errors.New("not done in time, so it was ended with all that it started")

// within is ctx with an end after limit, unless that is 0.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w (%s)", ErrTimeout, policy.FormatDuration(limit)))
}

// because is what ended the work that failed with err: the end of ctx, or err.
func because(ctx context.Context, err error) error { return cmp.Or(context.Cause(ctx), err) }

// run runs c in a process group of its own, so that what interrupts us does not
// interrupt it, and what ends it ends its children. A daemon that it started and
// that keeps its output open is not waited for.
func run(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) } // ours, and not waited for yet
	c.WaitDelay = time.Second
	if err := c.Run(); !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
