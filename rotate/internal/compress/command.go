package compress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// growthInterval is how often we look whether the source of a command
	// grows, which the command may then never see the end of.
	growthInterval = 250 * time.Millisecond
	// stragglerWait is how long what a command has started may outlive it.
	stragglerWait = time.Second
	// stderrLimit is how much of what a command complains of is told: the end.
	stderrLimit = 4 << 10
)

// packCommand runs the command of c with the source as its standard input and
// dst as its standard output: two descriptors and no names, which are the only
// files of ours that it gets. What it says on standard error is part of the
// error, or said.
func packCommand(dst *os.File, in *source, c Codec, name string) error {
	command := c.Command
	if len(command) == 0 {
		return errors.New("no command to run")
	}
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var complaint tail
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "LOGROTATE_COMPRESSED_FILENAME="+name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in.file, dst, &complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.As}
	cmd.WaitDelay = stragglerWait
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %q: %w", command[0], cause(err))
	}
	stopped := supervise(in.ctx, cmd.Process.Pid, in)
	err := cmd.Wait()
	switch {
	case stopped != nil:
		return stopped
	case err == nil && unix.Kill(-cmd.Process.Pid, 0) == nil:
		err = errors.New("left processes behind")
	case errors.Is(err, exec.ErrWaitDelay):
		err = errors.New("left processes behind")
	}
	if err != nil {
		return fmt.Errorf("run %q: %w%s", command[0], err, complaint.text())
	}
	if text := strings.TrimSpace(string(complaint.b)); text != "" && c.Said != nil {
		c.Said(text)
	}
	return nil
}

// supervise returns when the process has ended, which it brings about for it
// and all its group if ctx is done or the source grows. The process is not
// reaped: until then its group cannot be anybody else's.
func supervise(ctx context.Context, pid int, in *source) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
	}()
	tick := time.NewTicker(growthInterval)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		case <-tick.C:
			info, statErr := in.file.Stat()
			if statErr != nil || info.Size() <= in.Size() {
				continue // Run looks again at the end
			}
			err = ErrChanged
		}
		if killErr := unix.Kill(-pid, unix.SIGKILL); killErr != nil {
			return errors.Join(err, fmt.Errorf("kill process group %d: %w", pid, killErr))
		}
		<-ended
		return err
	}
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-stderrLimit):]...)
	t.b = t.b[max(0, len(t.b)-stderrLimit):]
	return len(p), nil
}

// text returns what was written, as the end of an error.
func (t *tail) text() string {
	s := strings.TrimSpace(string(t.b))
	if s == "" {
		return ""
	}
	return fmt.Sprintf(": %q", s)
}
