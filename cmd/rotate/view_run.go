package main

import (
	"bufio"
	"os"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// listen takes note of what is to be told. With --log, another teller tells it.
func (v *voice) listen(c *runCmd) *os.File {
	v.loud, v.full = (c.DryRun || c.Verbose) && !c.JSON, c.Verbose
	return nil
}

func (v *voice) leave() {}

// read gives, to those who ask for everything, advice on the configuration.
func (v *voice) read(config *policy.Config) {
	if !v.loud || !v.full {
		return
	}
	for _, err := range config.Advice {
		v.note(cyan, "note:", err.Error())
		v.hint(hint(err))
	}
}

// intend prints the plan, to whom it is to be told.
func (v *voice) intend(p *plan.Plan) {
	if v.loud {
		v.plan(p, v.full)
	}
}

// end says what was done, and what could not be.
func (v *voice) end(p *plan.Plan, r *rotate.Report) {
	if v.full && v.loud && r != nil {
		v.done(r)
	}
	v.obstacles(p)
	if r != nil {
		v.failures(r)
	}
}

func (v *voice) results() *bufio.Writer { return v.out }
