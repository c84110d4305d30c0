package rotate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"rotate/rotate/policy"
)

// shell runs the scripts of policies, as logrotate does: /bin/sh -c SCRIPT,
// with logrotate_script as $0. File names are arguments, never shell text.
type shell struct {
	stdout, stderr io.Writer
}

// run runs script, the value of directive, unless it is empty.
func (s shell) run(ctx context.Context, directive, script string, args ...string) error {
	if strings.TrimSpace(script) == "" {
		return nil
	}
	c := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, "logrotate_script"}, args...)...)
	c.Stdout, c.Stderr = s.stdout, s.stderr
	if err := run(c); err != nil {
		return fmt.Errorf("run %s for %q: %w", directive, strings.Join(args[:1], ""), err)
	}
	return nil
}

// commandTimeout bounds the command of a target. It only asks a service to
// reopen its log; one that hangs must not hold up the others.
const commandTimeout = time.Minute

// command runs the command of a target. What it prints is part of the error.
func command(ctx context.Context, argv []string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := run(c); err != nil {
		if text := strings.TrimSpace(out.String()); text != "" {
			return fmt.Errorf("run %q: %w: %s", argv, err, firstLine(text))
		}
		return fmt.Errorf("run %q: %w", argv, err)
	}
	return nil
}

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

// patterns is what a script that runs once for a policy gets as $1.
func patterns(p *policy.Policy) string {
	var b strings.Builder
	for i, pattern := range p.Paths {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(pattern.Text)
	}
	return b.String()
}
