package convert

import (
	"path"
	"slices"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/syntax"

	"rotate/rotate/policy"
)

// call reads a command that tells a service to reopen its logs.
func call(c *syntax.CallExpr) (act, bool) {
	if len(c.Assigns) > 0 || len(c.Args) == 0 {
		return act{}, false
	}
	program, ok := literal(c.Args[0])
	if !ok {
		return act{}, false
	}
	if base(program) == "kill" {
		return kill(c.Args[1:])
	}
	words, ok := literals(c.Args)
	if !ok {
		return act{}, false
	}
	switch base(program) {
	case "pkill":
		return pkill(words)
	case "killall":
		return killall(words)
	case "start-stop-daemon":
		return startStopDaemon(words)
	case "systemctl":
		return systemctl(words)
	case "service", "invoke-rc.d", "rc-service":
		return initScript(words, words[1:])
	}
	if dir := path.Dir(program); (dir == "/etc/init.d" || dir == "/etc/rc.d/init.d") && len(words) == 2 {
		return initScript(words, []string{base(program), words[1]})
	}
	return command(words), reopens(words)
}

// manager reports whether a program manages services.
func manager(program string) bool {
	return slices.Contains([]string{"systemctl", "service", "invoke-rc.d", "rc-service"}, base(program))
}

func command(words []string) act {
	return act{target: policy.Target{Command: words}}
}

func signal(pidfile string, sig syscall.Signal) act {
	return act{target: policy.Target{Pidfile: pidfile, Signal: sig}}
}

// kill reads the arguments of kill -SIGNAL $(cat FILE).
func kill(args []*syntax.Word) (act, bool) {
	if len(args) < 2 {
		return act{}, false
	}
	option, ok := literal(args[0])
	if !ok {
		return act{}, false
	}
	args = args[1:]
	name := strings.TrimPrefix(option, "-")
	if option == "-s" || option == "-n" || option == "--signal" {
		if name, ok = literal(args[0]); !ok {
			return act{}, false
		}
		args = args[1:]
	}
	if len(args) > 0 {
		if dashes, ok := literal(args[0]); ok && dashes == "--" {
			args = args[1:]
		}
	}
	sig, err := policy.ParseSignal(strings.TrimPrefix(name, "-signal="))
	if err != nil || len(args) != 1 || option == name {
		return act{}, false
	}
	files, ok := pidOf(args[0])
	if !ok || len(files) != 1 {
		return act{}, false
	}
	return signal(files[0], sig), true
}

// xargs reads cat FILE | xargs kill -SIGNAL.
func xargs(c *syntax.BinaryCmd) (act, bool) {
	files, ok := catOf(c.X)
	words, okWords := simple(c.Y)
	if !ok || !okWords || len(files) != 1 || base(words[0]) != "xargs" {
		return act{}, false
	}
	words = slices.DeleteFunc(words[1:], func(s string) bool { return s == "-r" || s == "--no-run-if-empty" })
	if len(words) == 4 && words[1] == "-s" {
		words = []string{words[0], "-" + words[2], words[3]}
	}
	if len(words) != 2 || base(words[0]) != "kill" {
		return act{}, false
	}
	sig, err := policy.ParseSignal(strings.TrimPrefix(words[1], "-"))
	return signal(files[0], sig), err == nil
}

// pkill reads pkill -SIGNAL -F FILE, and pkill -SIGNAL -x NAME.
func pkill(words []string) (act, bool) {
	var sig syscall.Signal
	var file string
	var names []string
	plain := true
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		switch w := rest[0]; {
		case (w == "-F" || w == "--pidfile") && len(rest) > 1:
			file, rest = rest[1], rest[1:]
		case w == "--signal" && len(rest) > 1:
			sig, _ = policy.ParseSignal(rest[1])
			rest = rest[1:]
		case w == "-x" || w == "--exact" || w == "-e" || w == "-o" || w == "--oldest":
		case w[:1] != "-":
			names = append(names, w)
		default:
			if s, err := policy.ParseSignal(strings.TrimPrefix(strings.TrimPrefix(w, "-"), "-signal=")); err == nil {
				sig = s
				continue
			}
			plain = false // such as -f, -u
		}
	}
	switch {
	case sig == 0:
		return act{}, false // SIGTERM, unless it is told otherwise
	case file != "" && len(names) == 0 && plain && isPidfile(file):
		return signal(file, sig), true
	case file == "" && len(names) == 1:
		return byName(words, names[0], sig, plain), true
	}
	return act{}, false
}

// killall reads killall -SIGNAL NAME.
func killall(words []string) (act, bool) {
	var sig syscall.Signal
	var names []string
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		switch w := rest[0]; {
		case (w == "-s" || w == "--signal") && len(rest) > 1:
			sig, _ = policy.ParseSignal(rest[1])
			rest = rest[1:]
		case w == "-q" || w == "--quiet" || w == "-e" || w == "--exact" || w == "-w" || w == "-v":
		case w[:1] != "-":
			names = append(names, w)
		default:
			s, err := policy.ParseSignal(strings.TrimPrefix(w, "-"))
			if err != nil {
				return act{}, false
			}
			sig = s
		}
	}
	if sig == 0 || len(names) != 1 {
		return act{}, false
	}
	return byName(words, names[0], sig, true), true
}

// byName tells the processes of a name: their master, if its pidfile is known.
func byName(words []string, name string, sig syscall.Signal, plain bool) act {
	if plain {
		if a, ok := known(base(name), sig, words); ok {
			return a
		}
	}
	return command(words)
}

// startStopDaemon reads start-stop-daemon --stop --signal SIGNAL --pidfile FILE.
func startStopDaemon(words []string) (act, bool) {
	var sig syscall.Signal
	var file, exe, user string
	stop := false
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		option, value, joined := strings.Cut(rest[0], "=")
		switch option {
		case "--stop", "-K":
			stop = true
			continue
		case "--quiet", "-q", "--oknodo", "-o":
			continue
		}
		if !joined {
			if len(rest) < 2 {
				return act{}, false
			}
			value, rest = rest[1], rest[1:]
		}
		switch option {
		case "--signal", "-s":
			sig, _ = policy.ParseSignal(value)
		case "--pidfile", "-p":
			file = value
		case "--exec", "-x":
			exe = value
		case "--user", "-u":
			user = value
		default:
			return act{}, false
		}
	}
	if !stop || sig == 0 || !isPidfile(file) || exe != "" && exe[0] != '/' {
		return act{}, false
	}
	a := signal(file, sig)
	a.target.Match = policy.Match{Exe: exe, User: user}
	return a, true
}
