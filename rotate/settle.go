package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// settle is phase 3. It waits until each archive is proven released, as long
// as those who were told may take, and names the processes that did not let
// go.
func (x *execution) settle(ctx context.Context, told []signalled) {
	begin := time.Now()
	signaler.Await(ctx, func(yield func(signaler.Watched) bool) { x.settling(ctx, yield) })
	x.name()
	x.linger(ctx, begin)
	for _, t := range told {
		t.told.Died = !t.Alive()
		t.Close()
	}
}

// settling yields the archives to wait for, and keeps what comes of each. Once
// ctx ends, only what this run turned is looked at.
func (x *execution) settling(ctx context.Context, yield func(signaler.Watched) bool) {
	for _, g := range x.groups {
		for _, j := range g.jobs {
			if j.failed || ctx.Err() != nil && !j.Turned {
				continue // its archives are not where the plan says, or are for the next run
			}
			w := j.Log.Work()
			j.settled = true
			archives := j.settles(&w)
			if len(archives) > 1 {
				j.rare().Settled = make([]Settled, len(archives))
			}
			owed := j.onRecord(&w, archives...)
			for i, archive := range archives {
				s := Settled{Owed: owed[archive]}
				if !yield(signaler.Watched{
					Wait: g.wait,
					Open: func() (*os.File, error) { return x.openSettling(j, &s) },
					Done: func(r signaler.Result) {
						s.Status, s.After, s.Err = r.Status, r.After, r.Err
						if missing(s.Err) && archive != w.Turned {
							s.Status, s.Err = signaler.Released, nil // a script has removed it: nothing is left to be done
						}
						s.wait, s.leaseless = g.wait, errors.Is(s.Err, signaler.ErrNoLease)
						j.settle(i, s)
					},
				}) {
					return
				}
			}
		}
	}
}

// settle keeps what came of archive i.
func (l *LogReport) settle(i int, s Settled) {
	switch {
	case l.Rare != nil && l.Rare.Settled != nil:
		l.Rare.Settled[i] = s
	case s.Status == signaler.Released:
		l.After = s.After
	default:
		l.rare().Settled = []Settled{s}
	}
}

// openSettling opens an archive to see who writes it. It is the same file each
// time, or an error.
func (x *execution) openSettling(j *job, s *Settled) (f *os.File, err error) {
	err = x.inspect(j.dirs, s.Archive, func(file *os.File, info fsys.Info) error {
		if s.ID != (plan.ID{}) && plan.ID(info.ID) != s.ID {
			file.Close() // read only: nothing to lose
			return fmt.Errorf("open %q: %w", s.Archive.Path(), fsys.ErrSwapped)
		}
		s.ID, f = plan.ID(info.ID), file
		return nil
	})
	return f, err
}

// inspect opens a file to see who writes it, or what it looks like, for do to
// close. Where the user of su may not read it, whoever runs rotate looks: what it
// holds is not read.
func (x *execution) inspect(h *handles, p plan.Place, do func(*os.File, fsys.Info) error) error {
	open := func(d *fsys.Dir) error {
		f, info, err := d.Open(p.Name)
		if err != nil {
			return err
		}
		return do(f, info)
	}
	err := h.use(p.Dir, open)
	if errors.Is(err, fs.ErrPermission) {
		err = x.as.root.use(p.Dir, open)
	}
	return err
}

// name finds out who still writes to files that are not proven released, with
// one look at the processes for all of them. To find nobody proves nothing: a
// descriptor can be in flight, or in a process that cannot be seen. Where there
// are no leases it is all that can be known: see unseen.go.
func (x *execution) name() {
	open := map[signaler.FileID][]*Settled{}
	for _, j := range x.report.Logs {
		settled := j.open()
		if len(settled) == 0 {
			continue
		}
		turned := j.Log.Work().Turned
		for _, s := range settled {
			s.again = j.Turned && s.Archive != turned
			open[signaler.FileID(s.ID)] = append(open[signaler.FileID(s.ID)], s)
		}
	}
	if len(open) == 0 {
		return
	}
	holders, complete, err := signaler.Holders(slices.Collect(maps.Keys(open)))
	for id, settled := range open {
		for _, s := range settled {
			s.Holders, s.Complete = holders[id], complete
			switch {
			case len(s.Holders) > 0:
				s.Status = signaler.Held
			case s.leaseless:
				s.Status, s.Unseen = signaler.Unknown, complete && err == nil
			}
			if s.Status == signaler.Held && !s.leaseless {
				s.Err = err
			}
		}
	}
}
