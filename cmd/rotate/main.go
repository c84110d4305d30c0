// Command rotate turns logs over by policy, signals the services that write
// them, proves that every process let go, and compresses.
package main

import (
	"context"
	"errors"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"rotate/rotate"
)

// cli is the command line.
type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Turn the logs that are due (the default)."`
	Check   checkCmd   `cmd:"" help:"Say what is wrong with the configuration, its logs and its targets."`
	Explain explainCmd `cmd:"" help:"Say what is decided about a log, and why."`
	Demo    demoCmd    `cmd:"" help:"Show the whole job with a real service in a temporary folder."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Print kong.VersionFlag `name:"version" help:"Print the version."`
}

const about = `Log rotation that proves it worked.

Exit status: 0 done, 1 something failed or is owed, 3 another run holds the state.`

// The exit codes. Bad usage is a failure too.
const (
	exitDone   = 0
	exitFailed = 1
	exitLocked = 3
)

// errSaid ends a command whose failures were told one by one.
var errSaid = errors.New("failed")

// memory is what the program tries to stay within, most of all with a hundred
// thousand logs: it costs processor time, not correctness, where that is not
// possible. GOMEMLIMIT says otherwise.
const memory = 40 << 20

// ease lets go of the limit for a run that has much to do: short of memory, the
// collector would take most of the processor.
func ease() {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > memory*3/4 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(50)
	}
}

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	v := newVoice(os.Stdout, os.Stderr)
	err := run(os.Args[1:], v)
	if lost := v.flush(); lost != nil && err == nil {
		err = lost
	}
	switch {
	case err == nil:
		os.Exit(exitDone)
	case errors.Is(err, errSaid):
		os.Exit(exitFailed)
	case errors.Is(err, rotate.ErrLocked):
		v.fail(err)
		os.Exit(exitLocked)
	default:
		v.fail(err)
		os.Exit(exitFailed)
	}
}

func run(args []string, v *voice) error {
	state, err := stateFile("")
	if err != nil {
		state = "none: " + err.Error() // a run without --state says so too
	}
	done := false
	parser := kong.Must(&cli{},
		kong.Name("rotate"),
		kong.Description(about),
		kong.Writers(v.out, v.err),
		kong.Exit(func(int) { done = true }), // after --help and --version
		kong.Vars{"version": version(), "config": defaultConfig, "state": state},
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: width}),
	)
	command, err := parser.Parse(args)
	if done {
		return nil
	}
	if err != nil {
		return usageError{err}
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// Who reads the output and goes away must not end a run half-way.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run(v)
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// help prints what kong does. The program itself gets the arguments and flags
// of the run, the command that needs no name.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if ctx.Selected() == nil {
		program, run := ctx.Model.Node, ctx.Model.DefaultCmd
		program.Positional = run.Positional
		program.Flags = append(program.Flags, run.Flags...)
	}
	return kong.DefaultHelpPrinter(options, ctx)
}
