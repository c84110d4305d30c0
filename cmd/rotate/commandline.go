package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Turn the logs that are due (the default)."`
	Check   checkCmd   `cmd:"" help:"Say what is wrong with the configuration, its logs and its targets."`
	Explain explainCmd `cmd:"" help:"Say what is decided about a log, and why."`
	Signal  signalCmd  `cmd:"" help:"Tell services to reopen their logs, and see that they do, without turning any."`
	Convert convertCmd `cmd:"" help:"Write a configuration of logrotate as TOML."`
	Demo    demoCmd    `cmd:"" help:"Show the whole job with a real service in a temporary folder."`
	Version versionCmd `cmd:"" help:"Print the version."`

	information
}

// information is what can be asked instead of a command.
type information struct {
	Print kong.VersionFlag `name:"version" help:"Print the version."`
	Usage usageFlag        `help:"Print one line of help."`
}

const about = `Log rotation that proves it worked.

Exit status: 0 done, 1 something failed or is owed, 2 bad usage, 3 the state could not be locked.`

// run is the program under its own name. It returns who tells how it ended.
func run(ctx context.Context, v *voice, args []string) (teller, error) {
	state, err := stateFile("")
	if err != nil {
		state = "none: " + err.Error() // a run without --state says so too
	}
	command, err := parse(v, args, &cli{}, "rotate", kong.Vars{"version": version(), "config": defaultConfig, "state": state})
	if command == nil {
		return v, err
	}
	var t teller = v
	if asLogrotate(command) {
		t = newLogrotateVoice(v)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.BindTo(t, (*teller)(nil))
	return t, command.Run(v)
}

// onlyLogrotates are the options that logrotate has and we have other names
// for, or would not need: who uses one expects logrotate, and its words.
var onlyLogrotates = kong.Group{Key: "logrotate", Title: "Options of logrotate alone; with one of them the run speaks as logrotate:"}

// asLogrotate reports whether the run is to speak as logrotate.
func asLogrotate(command *kong.Context) bool {
	return slices.ContainsFunc(command.Path, func(p *kong.Path) bool {
		return p.Flag != nil && p.Flag.Group != nil && p.Flag.Group.Key == onlyLogrotates.Key
	})
}

// parse reads the command line into grammar. It returns nil if there is
// nothing left to do, as after --help.
func parse(v *voice, args []string, grammar any, program string, vars kong.Vars) (*kong.Context, error) {
	done := false
	parser := kong.Must(grammar,
		kong.Name(program),
		kong.Description(about),
		kong.Writers(v.out, v.err),
		kong.Exit(func(int) { done = true }), // after --help and the like
		vars,
		kong.Help(help),
		kong.ExplicitGroups([]kong.Group{onlyLogrotates}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: width}),
	)
	command, err := parser.Parse(spelled(args))
	switch {
	case done:
		return nil, nil
	case err != nil:
		return nil, usageError{err}
	}
	return command, nil
}

// spelled replaces what is spelled only as logrotate does.
func spelled(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch {
		case arg == "--":
			return args
		case arg == "-?":
			args[i] = "--help"
		case len(arg) > 3 && arg[2] == '=' && strings.Contains("slm", arg[1:2]) && arg[0] == '-':
			args[i] = arg[:2] + arg[3:] // -s=FILE
		}
	}
	return args
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// help prints what kong does. The program itself gets the arguments and flags
// of the run, the command that needs no name.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if run := ctx.Model.DefaultCmd; ctx.Selected() == nil && run != nil {
		program := ctx.Model.Node
		program.Positional = run.Positional
		program.Flags = append(program.Flags, run.Flags...)
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// usageFlag prints the first line of the help.
type usageFlag bool

// BeforeReset is called by kong for the flag, as for the version.
func (usageFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintf(app.Stdout, usage, app.Model.Name)
	app.Exit(exitDone)
	return nil
}

const usage = "Usage: %s [OPTION...] [CONFIG...]\n"
