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

// letter is an archive that is to be mailed. It is open from before preremove,
// which may remove it, or refuse to let it go: then it is not mailed yet.
type letter struct {
	*os.File
	archive plan.Place
}

func (l *letter) take(j *job, s plan.Step) error {
	if j.Policy.Mail == "" || s.Op != plan.PreRemove && s.Op != plan.Mail || l.archive == s.From {
		return nil
	}
	l.close()
	return j.dirs.use(s.From.Dir, func(d *fsys.Dir) (err error) {
		l.File, _, err = d.Open(s.From.Name)
		l.archive = s.From
		return err
	})
}

func (l *letter) close() { l.File.Close() } // read only: nothing to lose

// mail mails what an archive holds, unpacked: COMMAND -s NAME ADDRESS with the
// text on standard input, as whoever runs rotate. It is sent at least once:
// what is not known to be mailed stays and is mailed by the next run, so that
// one that is killed in between may have it sent twice.
func (x *execution) mail(ctx context.Context, j *job, s *StepReport, archive *os.File) error {
	ctx, cancel := within(ctx, j.Policy.Timeout)
	defer cancel()
	err := func() (err error) {
		if s.In, err = sizeOf(archive); err != nil {
			return err
		}
		_, ext, _ := plan.NewNaming(j.Policy, x.Plan.Now.Location()).Parse(j.Log.Name, s.From.Name)
		var undo []string
		if ext == j.Policy.Compress.Ext {
			undo = j.Policy.Compress.Uncompress
			ext = compress.Ext(j.Policy.Compress.Method, ext)
		}
		text, err := compress.Unpack(ctx, archive, ext, undo, j.dirs.credential())
		if err != nil {
			return err
		}
		c := exec.CommandContext(ctx, x.mailCommand(), "-s", s.To.Path(), j.Policy.Mail)
		c.Stdin, c.Stdout, c.Stderr = text, x.scripts.stdout, x.scripts.stderr
		return cmp.Or(run(c), text.Close())
	}()
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
// to be mailed and was not.
func (j *job) unmailed() bool {
	return j.Policy.MailFirst && slices.ContainsFunc(j.Steps(), func(s StepReport) bool { return s.Op == plan.Mail && !s.Done })
}
