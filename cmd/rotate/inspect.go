package main

import (
	"errors"
	"fmt"
	"os/exec"
	"time"

	"rotate/rotate"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// inspect finds out whom a target of the policy called policy would tell, and
// tells nobody. What it returns is what a run would report, and odd things.
func inspect(policy string, t *policy.Target) (r *rotate.TargetReport, odd []error) {
	r = &rotate.TargetReport{Target: *t, Policy: policy}
	if t.Pidfile == "" {
		_, r.Err = exec.LookPath(t.Command[0])
		return r, nil
	}
	files, err := signaler.Glob(t.Pidfile)
	if err != nil {
		r.Err = err
		return r, nil
	}
	r.Missing = true
	var errs []error
	for _, file := range files {
		one, late, err := found(file, t)
		if errors.Is(err, signaler.NoPidfile) {
			continue
		}
		r.Missing = false
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Told = append(r.Told, one)
		if late > patience {
			odd = append(odd, fmt.Errorf("%s started %s after %s was written: is that file a leftover?",
				process(one), took(late), name(file)))
		}
	}
	if r.Missing {
		odd = append(odd, fmt.Errorf("no %s: the service does not run, or writes its pid elsewhere", name(t.Pidfile)))
	}
	r.Err = errors.Join(errs...)
	return r, odd
}

// patience is how long after its pidfile a process may have started and still
// have written it: clocks are set, and some services fork late.
const patience = 10 * time.Second

func found(file string, t *policy.Target) (told *rotate.Told, late time.Duration, err error) {
	p, err := signaler.Find(file)
	if err != nil {
		return nil, 0, err
	}
	defer p.Close() // nothing was written
	if err := p.Check(t.Signal, signaler.Match{Exe: t.Match.Exe, User: t.Match.User}); err != nil {
		return nil, 0, err
	}
	return &rotate.Told{Pidfile: file, PID: p.PID(), Name: p.Name()}, p.Late(), nil
}

// inspectAll inspects each target of the policies once.
func inspectAll(policies []*policy.Policy) (reports []*rotate.TargetReport, odd []error) {
	seen := map[string]bool{}
	for _, p := range policies {
		for i := range p.Notify {
			t := &p.Notify[i]
			key := fmt.Sprintf("%q %q %d %+v", t.Pidfile, t.Command, t.Signal, t.Match)
			if seen[key] {
				continue
			}
			seen[key] = true
			r, more := inspect(p.Name, t)
			reports, odd = append(reports, r), append(odd, more...)
		}
	}
	return reports, odd
}
