package compress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Unpack returns what f holds, whose name has the extension ext. What
// Decompress knows is unpacked here. For another format it runs command as the
// user that as says, or as the caller if that is nil, which has f as its standard input; without one, f is returned as it is.
//
// The command ends with ctx at the latest, and all that it started. Close waits
// for it, if there is one, and returns its failure. f is the caller's to close.
func Unpack(ctx context.Context, f *os.File, ext string, command []string, as *syscall.Credential) (io.ReadCloser, error) {
	r, err := Decompress(f, ext)
	switch {
	case !errors.Is(err, ErrUnknown):
		return r, err
	case len(command) == 0:
		return io.NopCloser(f), nil
	}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	u := &unpacking{cmd: c}
	c.Stdin, c.Stderr = f, &u.complaint
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	c.Cancel = func() error { return unix.Kill(-c.Process.Pid, unix.SIGKILL) } // ours, and not waited for yet
	c.WaitDelay = stragglerWait
	pipe, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	u.ReadCloser = pipe
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("run %q: %w", command[0], cause(err))
	}
	u.deaf = context.AfterFunc(ctx, func() { pipe.Close() }) // read only: nothing to lose; a daemon may hold the other end
	return u, nil
}

// unpacking is the output of a command.
type unpacking struct {
	io.ReadCloser
	cmd       *exec.Cmd
	deaf      func() bool // keeps the end of the context from closing it
	complaint tail
}

func (u *unpacking) Close() error {
	// Whoever reads may have enough; the command has not failed by that.
	_, _ = io.Copy(io.Discard, u.ReadCloser)
	defer u.deaf()
	if err := u.cmd.Wait(); err != nil {
		return fmt.Errorf("run %q: %w%s", u.cmd.Path, err, u.complaint.text())
	}
	return nil
}
