package policy

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultSignal is what a target's pidfile gets when its policy names none.
const defaultSignal = syscall.SIGUSR2

const signalHint = `services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual`

// Real-time signals as the C library numbers them: it keeps 32 and 33 to itself.
const (
	sigRTMin = 34
	sigRTMax = 64
)

// ParseSignal returns the signal of a name, with or without SIG and in any
// case, or of a number. What no service reopens its logs on is refused: the
// null signal, those that cannot be caught, and those that end or stop a
// program. The error is an [*Error] without a position.
func ParseSignal(s string) (syscall.Signal, error) {
	sig, ok := signalNumber(s)
	if !ok {
		return 0, fault(signalHint, "unknown signal %q", s)
	}
	switch sig {
	case 0:
		return 0, fault(signalHint, "signal 0 tells a service nothing")
	case unix.SIGKILL, unix.SIGSTOP:
		return 0, fault(signalHint, "%s cannot be caught: no service reopens its logs on it", unix.SignalName(sig))
	case unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT,
		unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGTRAP, unix.SIGSYS,
		unix.SIGPIPE, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGSTKFLT:
		return 0, fault(signalHint+`; to restart a service, write command = ["systemctl", "restart", "NAME"]`,
			"%s ends a program", unix.SignalName(sig))
	case unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return 0, fault(signalHint, "%s stops a program", unix.SignalName(sig))
	}
	return sig, nil
}

func signalNumber(s string) (syscall.Signal, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		known := n >= 0 && n < 32 || n >= sigRTMin && n <= sigRTMax
		return syscall.Signal(n), known
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if sig, ok := realTimeSignal(name); ok {
		return sig, true
	}
	sig := unix.SignalNum("SIG" + name)
	return sig, sig != 0
}

// realTimeSignal reads RTMIN, RTMIN+n, RTMAX and RTMAX-n (signal(7)).
func realTimeSignal(name string) (syscall.Signal, bool) {
	base, offset, ok := sigRTMin, "", false
	if offset, ok = strings.CutPrefix(name, "RTMIN"); !ok {
		base = sigRTMax
		if offset, ok = strings.CutPrefix(name, "RTMAX"); !ok {
			return 0, false
		}
	}
	n := 0
	if offset != "" {
		var err error
		if n, err = strconv.Atoi(offset); err != nil {
			return 0, false
		}
	}
	if n += base; n < sigRTMin || n > sigRTMax {
		return 0, false
	}
	return syscall.Signal(n), true
}
