package rotate

import (
	"context"
	"errors"
	"os"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// Where the kernel grants no leases, on NFS, on FUSE, and on other users' logs
// without CAP_LEASE, only a look at all processes says who writes a file. That
// is no proof: it does not see other machines, other containers, descriptors in
// flight. So an archive that nobody is seen to write is left as it is until its
// log is turned again, as delaycompress has it, and then taken for released if
// nobody is seen still. Where not all processes can be looked into, or one
// writes it, it is owed like any other.

// linger looks again, in growing intervals, at archives without leases that are
// held, until those who were told had their time.
func (x *execution) linger(ctx context.Context, begin time.Time) {
	const most = time.Second // a look costs milliseconds
	for pause := 20 * time.Millisecond; x.lingers(begin); pause = min(2*pause, most) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		x.name()
	}
}

// lingers reports whether there is an archive to be looked at again.
func (x *execution) lingers(begin time.Time) bool {
	passed := time.Since(begin)
	for _, j := range x.report.Logs {
		for _, s := range j.open() {
			if s.leaseless && s.Status == signaler.Held && passed < s.wait {
				return true
			}
		}
	}
	return false
}

// owing finds the jobs with an archive of an earlier run that a process still
// writes, or may: one that cannot be proven released, nor is unseen. Where the log
// could not be turned, it is where it was, unless archives may have moved.
func (x *execution) owing() map[*job]bool {
	owing := map[*job]bool{}
	unknown := map[signaler.FileID][]*job{}
	for _, g := range x.groups {
		for _, j := range g.jobs {
			if j.Turned || j.failed && j.began {
				continue
			}
			dirs, archives := j.dirs, j.Log.Work().Settle
			if j.failed {
				dirs, archives = x.as.root, nil
				for _, o := range j.Log.Owed() {
					archives = append(archives, o.Archive)
				}
			}
			for _, p := range archives {
				id, status, err := x.glance(dirs, p)
				switch {
				case status == signaler.Released:
				case errors.Is(err, signaler.ErrNoLease):
					unknown[id] = append(unknown[id], j)
				default:
					owing[j] = true
				}
			}
		}
	}
	if len(unknown) == 0 {
		return owing
	}
	var ids []signaler.FileID
	for id := range unknown {
		ids = append(ids, id)
	}
	holders, complete, err := signaler.Holders(ids)
	for id, jobs := range unknown {
		for _, j := range jobs {
			if !complete || err != nil || len(holders[id]) > 0 {
				owing[j] = true
			}
		}
	}
	return owing
}

// glance probes an archive once. One that cannot be opened is reported when it
// is settled.
func (x *execution) glance(h *handles, p plan.Place) (id signaler.FileID, status signaler.Status, err error) {
	err = x.inspect(h, p, func(f *os.File, info fsys.Info) (err error) {
		defer f.Close() // read only: nothing to lose
		id = signaler.FileID(info.ID)
		status, err = signaler.Probe(f)
		return err
	})
	return id, status, err
}
