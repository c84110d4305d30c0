package main

import (
	"fmt"
	"os/exec"
	"time"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// inspect finds out whom a target of the policy called policy would tell, and
// tells nobody. What it returns is what a run would report, and odd things.
func inspect(policy string, t *policy.Target, folders []folder) (r *rotate.TargetReport, odd []error) {
	r = &rotate.TargetReport{Target: *t, Policy: policy}
	if !t.Signals() {
		_, r.Err = exec.LookPath(t.Command[0])
		return r, nil
	}
	var found []*signaler.Process
	found, r.Err = rotate.Find(t)
	for _, p := range found {
		one := rotate.Seen(p, t)
		r.Told = append(r.Told, one)
		if late := p.Late(); late > patience {
			odd = append(odd, fmt.Errorf("%s started %s after %s was written: is that file a leftover?",
				process(one), took(late), name(p.Pidfile())))
		}
		if one.Doubt != nil {
			odd = append(odd, one.Doubt)
		}
		for _, f := range folders {
			odd = append(odd, f.oddFor(p, one)...)
		}
		for _, w := range p.Workers() {
			for _, f := range folders { // their master makes the log
				odd = append(odd, f.unreachable(w, rotate.Seen(w, t), false)...)
			}
			w.Close() // a handle has nothing to lose
		}
		p.Close() // a handle has nothing to lose
	}
	if r.Missing = len(found) == 0 && r.Err == nil; r.Missing {
		odd = append(odd, nobody(t))
	}
	return r, odd
}

// nobody says that a target names no process that runs.
func nobody(t *policy.Target) error {
	if t.Pidfile == "" {
		return fmt.Errorf("%s does not run, or the service is called otherwise", unit(t))
	}
	return fmt.Errorf("no %s: the service does not run, or writes its pid elsewhere", name(t.Pidfile))
}

// patience is how long after its pidfile a process may have started and still
// have written it: clocks are set, and some services fork late.
const patience = 10 * time.Second

// inspectAll inspects each target of the policies once. The folders are those of
// the logs in the plan.
func inspectAll(policies []*policy.Policy, p *plan.Plan) (reports []*rotate.TargetReport, odd []error) {
	folders := foldersOf(p)
	seen := map[string]bool{}
	for _, p := range policies {
		for i := range p.Notify {
			t := &p.Notify[i]
			if seen[t.Key()] {
				continue
			}
			seen[t.Key()] = true
			r, more := inspect(p.Name, t, folders[t.Key()])
			reports, odd = append(reports, r), append(odd, more...)
		}
	}
	return reports, odd
}
