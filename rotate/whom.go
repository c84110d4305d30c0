package rotate

import (
	"errors"

	"rotate/rotate/policy"
	"rotate/signaler"
)

// Find opens the processes that a target of the kind that is signalled names,
// and makes sure that each may get its signal. None and no error: no service
// runs that could be told. The error joins what is wrong with those that are
// not among found, which the caller closes.
func Find(t *policy.Target) (found []*signaler.Process, err error) {
	opens, err := whom(t)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, open := range opens {
		p, err := open()
		if signaler.NotRunning(err) {
			continue
		}
		if err == nil {
			if err = p.Check(t.Signal, signaler.Match(t.Match)); err == nil {
				found = append(found, p)
				continue
			}
			p.Close() // a handle has nothing to lose
		}
		errs = append(errs, err)
	}
	return found, errors.Join(errs...)
}

// whom lists how to open each process that a target may name.
func whom(t *policy.Target) (opens []func() (*signaler.Process, error), err error) {
	if t.Unit != "" {
		u := signaler.Unit{Name: t.Unit}
		if t.UserUnit {
			u.User = t.Match.User
		}
		return append(opens, func() (*signaler.Process, error) { return signaler.FindUnit(u) }), nil
	}
	files, err := signaler.Glob(t.Pidfile)
	for _, file := range files {
		opens = append(opens, func() (*signaler.Process, error) { return signaler.Find(file) })
	}
	return opens, err
}

// Seen is what is reported of a process that a target names.
func Seen(p *signaler.Process, t *policy.Target) *Told {
	return &Told{
		Pidfile: p.Pidfile(), Unit: t.Unit, PID: p.PID(), Name: p.Name(), User: p.User(), Exe: p.Exe(), Within: p.Unit(),
		Started: p.Started(), Doubt: p.Doubt(t.Signal),
	}
}
