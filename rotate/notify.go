package rotate

import (
	"context"
	"errors"
	"syscall"
	"time"

	"rotate/rotate/policy"
	"rotate/signaler"
)

// scriptWait is how long the services that a postrotate script tells may take
// to let go. It is what a target without a wait of its own gets, too.
const scriptWait = 10 * time.Second

// grace is how long the commands and scripts that tell services may take, all
// together, once a run is to end.
const grace = time.Second

// outlive is ctx with an end that comes a grace later.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
	})
	return late, func() { stop(); cancel(nil) }
}

// notify is phase 2. It tells the targets of every policy that turned a log,
// and of those where an archive of an earlier run is still written, which a run
// that is to end leaves to the next one. Scripts come last: whoever waits for one
// of them has his signal already. It returns the processes that got a signal.
func (x *execution) notify(ctx context.Context) []signalled {
	late, cancel := outlive(ctx) // what was turned must be told
	defer cancel()
	n := x.notifier()
	var owing map[*job]bool
	if ctx.Err() == nil {
		owing = x.owing()
	}
	concerned := make([][]*job, len(x.groups))
	for k, g := range x.groups {
		concerned[k] = g.concerned(owing)
		if len(concerned[k]) == 0 {
			continue
		}
		n.tellAll(late, g)
	}
	for k, g := range x.groups {
		if g.Policy.Scripts.Post != "" && len(concerned[k]) > 0 {
			g.wait = max(g.wait, scriptWait)
			x.postrotate(late, g, concerned[k])
		}
	}
	return n.open
}

// concerned lists the jobs of a policy that someone must be told about.
func (g *group) concerned(owing map[*job]bool) (jobs []*job) {
	for _, j := range g.jobs {
		if j.Turned || owing[j] {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// postrotate runs the script of a policy, once or for each log.
func (x *execution) postrotate(ctx context.Context, g *group, jobs []*job) {
	s := g.Policy.Scripts
	if s.Shared {
		if err := x.scripts.run(ctx, g.Policy, "postrotate", s.Post, g.Policy.Whole()); err != nil {
			for _, j := range jobs {
				j.untold = true
				j.note(err)
			}
		}
		return
	}
	for _, j := range jobs {
		archive := ""
		for _, o := range j.Log.Work().Debts {
			archive = o.Archive.Path() // of this run, if it made one
		}
		if err := x.scripts.run(ctx, g.Policy, "postrotate", s.Post, j.Log.Path(), archive); err != nil {
			j.untold = true
			j.note(err)
		}
	}
}

// notifier tells each target, and each process, once a run.
type notifier struct {
	*execution
	asked map[string]*TargetReport // by what the target says
	told  map[delivery]*Told
	open  []signalled
}

func (x *execution) notifier() *notifier {
	return &notifier{execution: x, told: map[delivery]*Told{}, asked: map[string]*TargetReport{}}
}

// tellAll tells the targets of a policy.
func (n *notifier) tellAll(ctx context.Context, g *group) {
	for i := range g.Policy.Notify {
		t := &g.Policy.Notify[i]
		if n.tell(ctx, g.Policy, t) {
			g.wait = max(g.wait, t.Wait)
		}
	}
}

// signalled is a process that got a signal, held so that it can be seen to
// live on.
type signalled struct {
	*signaler.Process
	told *Told
}

type delivery struct {
	process signaler.Key
	sig     syscall.Signal
}

// tell tells a target, unless an earlier policy has. It reports whether
// anyone was told who may now let go.
func (n *notifier) tell(ctx context.Context, p *policy.Policy, t *policy.Target) bool {
	r := n.asked[t.Key()]
	if r == nil {
		r = &TargetReport{Target: *t, Policy: p.Name}
		n.asked[t.Key()] = r
		n.report.Targets = append(n.report.Targets, r)
		if t.Signals() {
			n.signal(r)
		} else {
			r.Err = command(ctx, t.Command)
		}
	}
	return r.Err == nil && !r.Missing || len(r.Told) > 0
}

// signal signals the processes that the target of r names.
func (n *notifier) signal(r *TargetReport) {
	found, err := Find(&r.Target)
	r.Missing = len(found) == 0 && err == nil
	errs := []error{err}
	for _, p := range found {
		told, err := n.signalOne(p, &r.Target)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Told = append(r.Told, told)
	}
	r.Err = errors.Join(errs...)
}

// signalOne signals a process that has not got this signal yet, and keeps it
// open, or closes it.
func (n *notifier) signalOne(p *signaler.Process, t *policy.Target) (*Told, error) {
	key := delivery{p.Key(), t.Signal}
	told := n.told[key]
	if told != nil {
		p.Close()
		return told, nil
	}
	told = Seen(p, t)
	if err := p.Signal(t.Signal); err != nil {
		p.Close()
		return nil, err
	}
	n.told[key] = told
	n.open = append(n.open, signalled{p, told})
	return told, nil
}
