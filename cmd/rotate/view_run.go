package main

import (
	"bufio"
	"fmt"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// listen takes note of what is to be told, and to whom. The run goes on
// without a log that cannot be written.
func (v *voice) listen(c *runCmd) (leave func()) {
	v.loud, v.full = (c.DryRun || c.Verbose) && !c.JSON, c.Verbose
	if c.Log == "" {
		return func() {}
	}
	f, err := openTranscript(c.Log, "rotate")
	if err != nil {
		v.warn(fmt.Errorf("--log: %w", err))
		return func() {}
	}
	plain := style{arrow: v.arrow, dash: v.dash}
	w := bufio.NewWriter(f)
	v.log = &voice{out: w, err: w, style: plain, errStyle: plain, loud: true, full: true}
	return func() {
		err := v.log.flush()
		v.log = nil
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			v.warn(fmt.Errorf("--log: %w", err))
		}
	}
}

func (v *voice) read(*policy.Config) {}

// intend prints the plan, to whom it is to be told.
func (v *voice) intend(p *plan.Plan) {
	if v.loud {
		v.plan(p, v.full)
	}
	if v.log != nil {
		v.log.intend(p)
	}
}

// end says what was done, and what could not be.
func (v *voice) end(p *plan.Plan, r *rotate.Report) {
	if v.full && v.loud && r != nil {
		v.done(r)
	}
	if v.log != nil && r != nil {
		v.log.done(r)
	}
	v.obstacles(p)
	if r != nil {
		v.failures(r)
	}
}

func (v *voice) results() *bufio.Writer { return v.out }
