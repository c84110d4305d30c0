package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// listen takes note of what is to be told, and to whom. The run goes on
// without a log that cannot be written.
func (v *voice) listen(c *runCmd) *os.File {
	v.loud, v.full = (c.DryRun || c.Verbose) && !c.JSON, c.Verbose
	if c.Log == "" {
		return nil
	}
	f, err := openTranscript(c.Log, "rotate")
	if err != nil {
		v.warn(fmt.Errorf("--log: %w", err))
		return nil
	}
	plain := style{arrow: v.arrow, dash: v.dash}
	w := bufio.NewWriter(f)
	v.log = &voice{out: w, err: w, style: plain, errStyle: plain, loud: true, full: true}
	v.close = f.Close
	return f.file
}

// leave ends the log.
func (v *voice) leave() {
	if v.log == nil {
		return
	}
	err := errors.Join(v.log.flush(), v.close())
	v.log = nil
	if err != nil {
		v.warn(fmt.Errorf("--log: %w", err))
	}
}

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
