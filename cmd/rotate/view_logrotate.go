package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// logrotateVoice tells a run in the words of logrotate, as far as people and
// programs look for them. All of it goes to standard error, and to the log.
// What logrotate has no words for is said in ours, without hints.
type logrotateVoice struct {
	*voice
	asked    *runCmd
	state    string // the path of the state, as it was asked for
	document *bufio.Writer
	close    func() error // ends the log
}

func newLogrotateVoice(v *voice) *logrotateVoice {
	bare := &voice{
		out: bufio.NewWriter(io.Discard), err: v.err, bare: true,
		style: style{arrow: "->", dash: "-"}, errStyle: style{arrow: "->", dash: "-"},
	}
	return &logrotateVoice{voice: bare, document: v.out, asked: &runCmd{}, close: func() error { return nil }}
}

// say prints a line of what -v says.
func (v *logrotateVoice) say(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = oneLine(text)
		}
	}
	v.voice.say(format, args...)
}

func (v *logrotateVoice) results() *bufio.Writer { return v.document }

func (v *logrotateVoice) flush() error {
	document := &voice{out: v.document}
	return errors.Join(v.voice.flush(), document.flush())
}

// listen says all that is asked for to standard error, and to the log.
func (v *logrotateVoice) listen(c *runCmd) (log *os.File) {
	v.asked, v.state = c, c.State
	if v.state == "" {
		v.state, _ = stateFile("") // the run itself fails without one
	}
	stderr, hear := v.err, []io.Writer{}
	if c.Verbose {
		hear = append(hear, stderr)
	}
	if c.Log != "" {
		f, err := openTranscript(c.Log)
		if err != nil {
			v.failWith("error opening log file "+c.Log+": "+system(err), "")
		} else {
			v.err, v.close, log = io.MultiWriter(stderr, f), f.Close, f.file
			hear = append(hear, f)
		}
	}
	v.out = bufio.NewWriterSize(io.MultiWriter(hear...), 1<<16)
	if c.Debug {
		fmt.Fprintf(stderr, "warning: logrotate in debug mode does nothing except printing debug messages!  Consider using verbose mode (-v) instead if this is not what you want.\n\n")
	}
	return log
}

// leave ends the log.
func (v *logrotateVoice) leave() {
	if err := v.close(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
}

func (v *logrotateVoice) read(config *policy.Config) {
	for _, file := range config.Files {
		v.say("reading config file %s", file)
	}
	for _, err := range config.Advice {
		for _, line := range err.Logrotate() {
			v.say("%s", strings.TrimPrefix(line, "error: "))
		}
	}
}

// warn says what is odd and stops nothing.
func (v *logrotateVoice) warn(err error) {
	for _, err := range apart(err) {
		switch e, ok := errors.AsType[*policy.Error](err); {
		case ok:
			v.lines(e.Logrotate())
		case is[*rotate.Complaint](err):
			complaint, _ := errors.AsType[*rotate.Complaint](err)
			v.lines(append([]string{"error: Compressing program wrote following message to stderr when compressing log " + complaint.Archive.Path() + ":"},
				strings.Split(complaint.Text, "\n")...))
		case errors.Is(err, rotate.ErrExposed):
			v.lines([]string{"warning: state file " + v.state + " is world-readable and thus can be locked from other unprivileged users. Skipping lock acquisition..."})
		default:
			v.voice.warn(err)
		}
	}
}

// lines says lines that have their label.
func (v *logrotateVoice) lines(lines []string) {
	_ = v.flush() // told at the end of the program
	for _, line := range lines {
		fmt.Fprintln(v.err, oneLine(line))
	}
}

// fail says err, which is none of a log's.
func (v *logrotateVoice) fail(err error) {
	for _, err := range apart(err) {
		switch e, ok := errors.AsType[*policy.Error](err); {
		case ok:
			v.lines(e.Logrotate())
		case is[*rotate.BadLine](err):
			bad, _ := errors.AsType[*rotate.BadLine](err)
			v.failWith(fmt.Sprintf("bad line %d in state file %s", bad.Line, v.state), "")
		case is[usageError](err):
			_ = v.flush() // told at the end of the program
			fmt.Fprintf(v.err, "logrotate: bad argument: %v\n", err)
		case errors.Is(err, rotate.ErrLocked):
			v.failWith("state file "+v.state+" is already locked", "")
			fmt.Fprintln(v.err, "logrotate does not support parallel execution on the same set of logfiles.")
		case is[lockError](err):
			v.failWith("error opening state file "+v.state+": "+system(err), "")
		default:
			v.failWith(err.Error(), "")
		}
	}
}

// end says what was done, what failed, and what is owed.
func (v *logrotateVoice) end(p *plan.Plan, r *rotate.Report) {
	a := newAccount(p, r)
	for i := range p.Policies {
		v.policy(p, &p.Policies[i])
		v.done(a, &p.Policies[i])
	}
	if r == nil {
		return
	}
	for _, err := range r.Errs {
		if script, ok := errors.AsType[*rotate.ScriptError](err); !ok || !a.said[script] {
			v.failure(nil, err)
		}
	}
	for _, t := range r.Targets { // from here on in our words
		v.unhealthy(t)
	}
	for _, l := range r.Logs {
		v.owed(r, l)
	}
}

// loud reports whether anybody hears what -v says.
func (v *logrotateVoice) loud() bool { return v.asked.Verbose || v.asked.Log != "" }

// problem says why a path cannot be served.
func (v *logrotateVoice) problem(p *plan.Plan, of *policy.Policy, problem *plan.Problem) {
	switch problem.Reason.Code {
	case plan.NoMatch, plan.MissingLog, plan.Unreadable:
		v.failWith("stat of "+asked(of, problem)+" failed: "+because(problem), "")
	case plan.Duplicate:
		v.failWith(fmt.Sprintf("%s:%d duplicate log entry for %s", problem.Pos.File, problem.Pos.Line, problem.Path), "")
	default:
		v.failWith(obstacle(of, problem, p.Now.Location()), "")
	}
}

// failure says what failed about a log of p, or about none.
func (v *logrotateVoice) failure(p *policy.Policy, err error) {
	script, ok := errors.AsType[*rotate.ScriptError](err)
	if !ok {
		v.failWith(err.Error(), "")
		return
	}
	if action, ok := strings.CutSuffix(script.Directive, "action"); ok || p == nil {
		v.failWith("error running "+action+" action script for "+script.About, "")
		return
	}
	whole := p.Whole()
	switch {
	case script.Directive == "preremove":
		v.failWith(fmt.Sprintf("error running preremove script for %s of '%s'. Not removing this file.", script.About, whole), "")
	case p.Scripts.Shared:
		v.failWith(fmt.Sprintf("error running shared %s script for '%s'", script.Directive, whole), "")
	default:
		v.failWith(fmt.Sprintf("error running non-shared %s script for %s of '%s'", script.Directive, script.About, whole), "")
	}
}
