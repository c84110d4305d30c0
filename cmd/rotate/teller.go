package main

import (
	"bufio"
	"io"
	"log/syslog"
	"os"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// teller tells what a run does: voice in our words, legacyVoice in those of
// logrotate. The calls come in this order; errors and warnings in between.
type teller interface {
	listen(c *runCmd) (leave func())    // what is asked for, and where it goes too
	read(config *policy.Config)         // what was read
	intend(p *plan.Plan)                // what is about to be done
	end(p *plan.Plan, r *rotate.Report) // what became of it; r is nil if nothing was to be done
	fail(err error)                     // at any time
	warn(err error)                     // at any time
	results() *bufio.Writer             // where a document goes
	flush() error
}

// openTranscript opens the file that --log names, or the log of the system.
func openTranscript(path, program string) (io.WriteCloser, error) {
	if path == "syslog" {
		return syslog.New(syslog.LOG_USER|syslog.LOG_NOTICE, program)
	}
	return os.Create(path)
}
