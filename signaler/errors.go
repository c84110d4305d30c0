package signaler

import (
	"errors"
	"fmt"
)

// Kind says why a process was not signalled. It is an error, so that callers
// branch with errors.Is(err, signaler.NoPidfile).
type Kind uint8

// The kinds of [Error].
const (
	// Failed: the system refused a call that should have worked; Error.Err has the reason.
	Failed Kind = iota
	// NoPidfile: the file is missing; the service is not running.
	NoPidfile
	// Empty: the file stayed empty; the service may be starting.
	Empty
	// Garbage: the file does not begin with a process id.
	Garbage
	// Stale: the process does not exist, or has ended since.
	Stale
	// Zombie: the process has ended and waits for its parent.
	Zombie
	// KernelThread: the process is a thread of the kernel.
	KernelThread
	// Thread: the number is that of a thread, not of a process.
	Thread
	// NoHandler: the process does not expect the signal, which would end or stop it.
	NoHandler
	// Unsafe: the path or the file is open to anybody, to several users, or is no plain file.
	Unsafe
	// Authority: a user controls the file, and the process is not wholly that user's.
	Authority
	// Mismatch: the process is not what Match asks for.
	Mismatch
	// Self: the file names the calling process.
	Self
	// PID1: the file names the init process.
	PID1
	// Inactive: the unit does not run.
	Inactive
	// NoUnit: systemd has no such unit.
	NoUnit
	// NoMain: the unit runs, and systemd knows no main process of it.
	NoMain
	// Harmful: the program is known to do on the signal what nobody wants of a rotation.
	Harmful
	// Denied: the caller may not signal the process.
	Denied
	// Unsupported: no pidfds, or no usable /proc.
	Unsupported
)

var kindText = [...]string{
	Failed:       "system error",
	NoPidfile:    "no pidfile",
	Empty:        "empty pidfile",
	Garbage:      "no process id",
	Stale:        "no such process",
	Zombie:       "zombie",
	KernelThread: "kernel thread",
	Thread:       "thread",
	NoHandler:    "no handler",
	Unsafe:       "unsafe pidfile",
	Authority:    "not the user's process",
	Mismatch:     "another process",
	Self:         "own process",
	PID1:         "init process",
	Inactive:     "inactive unit",
	NoUnit:       "no such unit",
	NoMain:       "no main process",
	Harmful:      "harmful signal",
	Denied:       "not permitted",
	Unsupported:  "not supported",
}

func (k Kind) Error() string { return kindText[k] }

// NotRunning reports whether err says that there is no service to be told: the
// pidfile is missing, or the unit does not run.
func NotRunning(err error) bool {
	return errors.Is(err, NoPidfile) || errors.Is(err, Inactive) || errors.Is(err, NoUnit)
}

// Error is what Find, FindUnit, Glob, Check and Signal return.
type Error struct {
	Pidfile string // "": the process was looked for by its Unit
	Unit    Unit
	PID     int // 0: not known
	Kind    Kind
	Text    string // what is wrong, to be read after the pidfile or unit
	Hint    string // what to do about it; "": nothing to suggest
	Err     error  // the system's reason; nil: none
}

// Error is one line: lower case, no full stop, hostile names quoted.
func (e *Error) Error() string {
	if e.Unit != (Unit{}) {
		return fmt.Sprintf("unit %v: %s", e.Unit, e.Text)
	}
	return fmt.Sprintf("pidfile %q: %s", e.Pidfile, e.Text)
}

// Is reports whether target is e's Kind.
func (e *Error) Is(target error) bool { return target == e.Kind }

func (e *Error) Unwrap() error { return e.Err }
