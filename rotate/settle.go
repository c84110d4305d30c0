package rotate

import (
	"context"
	"fmt"
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
	var files []signaler.Watched
	var outcomes []*Settled
	var jobs []*job
	for _, g := range x.groups {
		for _, j := range g.jobs {
			if j.failed {
				continue // its archives are not where the plan says
			}
			j.Settled = make([]Settled, len(j.Log.Settle))
			for i, p := range j.Log.Settle {
				s := &j.Settled[i]
				s.Archive = p
				files = append(files, signaler.Watched{Wait: g.wait, Open: func() (*os.File, error) { return x.openSettling(j, s) }})
				outcomes, jobs = append(outcomes, s), append(jobs, j)
			}
		}
	}
	open := map[signaler.FileID][]*Settled{}
	for i, r := range signaler.Await(ctx, files) {
		s := outcomes[i]
		s.Status, s.After, s.Err = r.Status, r.After, r.Err
		if missing(s.Err) && s.Archive != jobs[i].Log.Turned {
			s.Status, s.Err = signaler.Released, nil // a script has removed it: nothing is left to be done
		}
		s.Since = jobs[i].since(s.ID, x.Plan.Now)
		if s.Status != signaler.Released {
			open[signaler.FileID(s.ID)] = append(open[signaler.FileID(s.ID)], s)
		}
	}
	x.name(open)
	for _, t := range told {
		t.told.Died = !t.Alive()
		t.Close()
	}
}

// openSettling opens an archive to see who writes it. It is the same file each
// time, or an error.
func (x *execution) openSettling(j *job, s *Settled) (f *os.File, err error) {
	want := s.ID
	if s.Archive == j.Log.Turned && j.Log.Stat != nil {
		want = j.Log.Stat.ID
	}
	err = j.dirs.use(s.Archive.Dir, func(d *fsys.Dir) error {
		file, info, err := d.Open(s.Archive.Name)
		if err != nil {
			return err
		}
		if want != (plan.ID{}) && plan.ID(info.ID) != want {
			file.Close() // read only: nothing to lose
			return fmt.Errorf("open %q: %w", s.Archive.Path(), fsys.ErrSwapped)
		}
		s.ID, f = plan.ID(info.ID), file
		return nil
	})
	return f, err
}

// name finds out who still writes to files that are not proven released, with
// one look at the processes for all of them. To find nobody proves nothing: a
// descriptor can be in flight, or in a process that cannot be seen.
func (x *execution) name(open map[signaler.FileID][]*Settled) {
	if len(open) == 0 {
		return
	}
	holders, complete, err := signaler.Holders(slices.Collect(maps.Keys(open)))
	for id, settled := range open {
		for _, s := range settled {
			s.Holders, s.Complete = holders[id], complete
			if len(s.Holders) > 0 {
				s.Status = signaler.Held
			}
			if s.Status == signaler.Held {
				s.Err = err
			}
		}
	}
}

// since is when the archive id was turned, as far as that is on record.
func (j *job) since(id plan.ID, now time.Time) time.Time {
	if j.Turned && j.Log.Stat != nil && j.Log.Stat.ID == id {
		return now
	}
	for _, o := range j.Log.Owed {
		if o.ID == id {
			return o.Since
		}
	}
	return time.Time{}
}
