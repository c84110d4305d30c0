package rotate

import (
	"context"

	"rotate/rotate/plan"
)

// Notify tells the targets of the policies, once each, whether anything is due
// or owed or not, and waits until every plain archive is proven released. It
// changes nothing on disk; scripts do not run.
func (r *Run) Notify(ctx context.Context) *Report {
	x := r.execution()
	defer x.as.close()
	n := x.notifier()
	for i := range x.Plan.Policies {
		g := &group{PolicyPlan: &x.Plan.Policies[i]}
		if len(g.Policy.Notify) == 0 {
			continue
		}
		for k := range g.Logs {
			x.watch(g, &g.Logs[k])
		}
		x.groups = append(x.groups, g)
		n.tellAll(ctx, g)
	}
	x.settle(ctx, n.open)
	return x.report
}

// watch makes a job of the plain archives of a log.
func (x *execution) watch(g *group, l *plan.LogPlan) {
	j := &LogReport{Policy: g.Policy, Log: l}
	for i := range l.Archives {
		if a := &l.Archives[i]; a.Ext == "" {
			j.rare().watch = append(j.rare().watch, a.Place)
		}
	}
	if j.Rare == nil {
		return
	}
	var err error
	if j.dirs, err = x.as.handles(g.Policy, l); err != nil {
		j.fail(err)
	}
	x.report.Logs, g.jobs = append(x.report.Logs, j), append(g.jobs, j)
}
