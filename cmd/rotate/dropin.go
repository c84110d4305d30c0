package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// dropInCLI is the command line of a program called logrotate: the run alone,
// so that a configuration may have the name of a command.
type dropInCLI struct {
	runCmd
	information
}

// dropIn is the program under the name of logrotate. It does what it does under
// its own, but speaks as logrotate, keeps its state where that does, and has no
// configuration of its own.
func dropIn(ctx context.Context, v *voice, args []string) (teller, error) {
	t := newLogrotateVoice(v)
	state := logrotateState()
	asked := &dropInCLI{}
	command, err := parse(v, args, asked, "logrotate", kong.Vars{
		"version": "logrotate " + compatible + "\n" + version(),
		"config":  "none", "state": state,
	})
	if command == nil {
		return t, err
	}
	if len(asked.Config) == 0 {
		fmt.Fprintln(v.err, version())
		fmt.Fprintf(v.err, usage, "logrotate")
		return t, errSaid
	}
	if asked.State == "" {
		asked.State = state
	}
	return t, asked.Run(ctx, t)
}

// compatible is the version of logrotate whose options and words are those of
// the drop-in.
const compatible = "3.22.0"

// logrotateState is where logrotate keeps its state on this system.
func logrotateState() string {
	const folder = "/var/lib/logrotate" // Debian's and Fedora's
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return folder + "/status"
	}
	return folder + ".status"
}
