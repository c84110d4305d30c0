package rotate

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"rotate/rotate/internal/compress"
	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
)

// mail mails what an archive holds, unpacked: COMMAND -s NAME ADDRESS with the
// text on standard input, as whoever runs rotate. It is sent at least once:
// what is not known to be mailed stays and is mailed by the next run, so that
// one that is killed in between may have it sent twice.
func (x *execution) mail(ctx context.Context, j *job, s *StepReport) error {
	ctx, cancel := within(ctx, j.Policy.Timeout)
	defer cancel()
	err := j.dirs.use(s.From.Dir, func(d *fsys.Dir) error {
		f, info, err := d.Open(s.From.Name)
		if err != nil {
			return err
		}
		defer f.Close() // read only: nothing to lose
		_, ext, _ := plan.NewNaming(j.Policy, x.Plan.Now.Location()).Parse(j.Log.Name, s.From.Name)
		var undo []string
		if ext == j.Policy.Compress.Ext {
			undo = j.Policy.Compress.Uncompress
			ext = compress.Ext(j.Policy.Compress.Method, ext)
		}
		text, err := compress.Unpack(ctx, f, ext, undo, j.dirs.credential())
		if err != nil {
			return err
		}
		s.In = info.Size
		c := exec.CommandContext(ctx, x.mailCommand(), "-s", s.To.Path(), j.Policy.Mail)
		c.Stdin, c.Stdout, c.Stderr = text, x.scripts.stdout, x.scripts.stderr
		return cmp.Or(run(c), text.Close())
	})
	s.Done = err == nil
	if err != nil {
		return fmt.Errorf("mail %q: %w", s.From.Path(), because(ctx, err))
	}
	return nil
}

func (x *execution) mailCommand() string {
	if x.opts.MailCommand != "" {
		return x.opts.MailCommand
	}
	const usual, other = "/bin/mail", "/usr/bin/mail" // usual to logrotate
	if _, err := os.Stat(usual); err == nil {
		return usual
	}
	return other
}

// unmailed reports whether an archive that this run made, or that is owed, was
// to be mailed and was not. An empty one is not worth to be kept on record.
func (j *job) unmailed() bool {
	if !j.Policy.MailFirst || j.Log.Stat != nil && j.Log.Stat.Size == 0 {
		return false
	}
	return slices.ContainsFunc(j.Steps(), func(s StepReport) bool { return s.Op == plan.Mail && !s.Done })
}
