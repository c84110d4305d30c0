package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// outcome is what a command found and did.
type outcome struct {
	now      time.Time
	dryRun   bool                   // nothing was to be done
	plan     *plan.Plan             // nil: it did not get so far
	report   *rotate.Report         // nil: nothing was done
	targets  []*rotate.TargetReport // told, or found
	warnings []error
	errs     []error // of no policy, log or target
}

// take keeps what was prepared. What a bad line of the state said is lost, and
// the status says so, though everything else is done.
func (o *outcome) take(t teller, run *rotate.Run) {
	o.plan = run.Plan
	for _, w := range run.Warnings {
		o.fail(t, w)
	}
}

// warn says err, which is no failure, and keeps it.
func (o *outcome) warn(t teller, err error) {
	t.warn(err)
	o.warnings = append(o.warnings, apart(err)...)
}

// fail says err and keeps it.
func (o *outcome) fail(t teller, err error) {
	t.fail(err)
	o.errs = append(o.errs, apart(err)...)
}

// end ends a command that failed with err, or with what is in o: it prints o
// as a document, if that was asked for, and returns what is yet to be said.
func (o *outcome) end(t teller, err error, asJSON bool) error {
	o.errs = append(o.errs, apart(err)...)
	if asJSON {
		err = errors.Join(err, writeJSON(t.results(), o))
	}
	if err == nil && !o.ok() {
		return errSaid
	}
	return err
}

// ok reports whether nothing failed, and, of a plan, whether nothing would.
func (o *outcome) ok() bool {
	switch {
	case len(o.errs) > 0 || o.plan == nil:
		return false
	case slices.ContainsFunc(o.targets, (*rotate.TargetReport).Failed):
		return false
	case o.report != nil:
		return !o.report.Failed()
	}
	for i := range o.plan.Policies {
		p := &o.plan.Policies[i]
		refused := func(l plan.LogPlan) bool { return l.Action == plan.Refuse }
		if len(p.Problems) > 0 || slices.ContainsFunc(p.Logs, refused) {
			return false
		}
	}
	return true
}

// absolute makes paths of what was asked for absolute. What has no slash is
// the name of a policy.
func absolute(only []string) (paths []string) {
	for _, what := range only {
		if strings.Contains(what, "/") {
			if abs, err := filepath.Abs(what); err == nil { // without a working directory it is not found
				what = abs
			}
		}
		paths = append(paths, what)
	}
	return paths
}

// strangers lists what was asked for and is nowhere.
func strangers(only []string, policies []*policy.Policy, p *plan.Plan) []string {
	return slices.DeleteFunc(slices.Clone(only), func(what string) bool {
		if slices.ContainsFunc(policies, func(p *policy.Policy) bool { return p.Name == what }) {
			return true
		}
		for i := range p.Policies {
			if slices.ContainsFunc(p.Policies[i].Logs, func(l plan.LogPlan) bool {
				return l.Path() == what || doublestar.MatchUnvalidated(what, l.Path())
			}) {
				return true
			}
		}
		return false
	})
}
