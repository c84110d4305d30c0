package rotate

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
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
	if err := c.Run(); err != nil {
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
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		if text := strings.TrimSpace(string(out)); text != "" {
			return fmt.Errorf("run %q: %w: %s", argv, err, firstLine(text))
		}
		return fmt.Errorf("run %q: %w", argv, err)
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
