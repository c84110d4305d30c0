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

// teller tells what a run does: voice in our words, logrotateVoice in those of
// logrotate. The calls come in this order, with errors and warnings in between.
type teller interface {
	listen(c *runCmd) (log *os.File)    // what is asked for, and who else is to hear it; nil: nobody
	read(config *policy.Config)         // what was read
	intend(p *plan.Plan)                // what is about to be done
	end(p *plan.Plan, r *rotate.Report) // what became of it; r is nil if nothing was to be done
	leave()                             // nothing more is said

	fail(err error)
	warn(err error)
	results() *bufio.Writer // where a document goes
	flush() error
}

// transcript is what --log names.
type transcript struct {
	io.WriteCloser
	file *os.File // nil: it is no file
}

func openTranscript(path string) (*transcript, error) {
	if path == "syslog" {
		w, err := syslog.New(syslog.LOG_USER|syslog.LOG_NOTICE, "logrotate")
		return &transcript{w, nil}, err
	}
	f, err := os.Create(path)
	return &transcript{f, f}, err
}
