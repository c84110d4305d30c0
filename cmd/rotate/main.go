// Command rotate turns logs over by policy, signals the services that write
// them, proves that every process let go, and compresses.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"
)

// The exit codes, those of logrotate.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLocked = 3
)

// errSaid ends a command whose failures were told one by one.
var errSaid = errors.New("failed")

// memory is what the program tries to stay within beside its own text: 64 MiB
// in all, with a hundred thousand logs that are due. More of them cost processor
// time first, up to as much again, and then memory. GOMEMLIMIT says otherwise.
const memory = 52 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if zone := ruled(os.Getenv("TZ")); zone != nil {
		time.Local = zone
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// Who insists ends it at once, wherever it is: the next run goes on from there.
	context.AfterFunc(ctx, func() { signal.Reset(syscall.SIGINT) })
	// Who reads the output and goes away must not end a run half-way.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	v := newVoice(os.Stdout, os.Stderr)
	program := run
	if filepath.Base(os.Args[0]) == "logrotate" {
		program = dropIn
	}
	t, err := program(ctx, v, os.Args[1:])
	if lost := t.flush(); lost != nil && err == nil {
		err = lost
	}
	if err != nil && !errors.Is(err, errSaid) {
		t.fail(err)
	}
	t.leave()
	os.Exit(status(err))
}

func status(err error) int {
	switch {
	case err == nil:
		return exitDone
	case is[usageError](err):
		return exitUsage
	case is[lockError](err):
		return exitLocked
	}
	return exitFailed
}

// is reports whether an E is in the tree of err.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
