package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rotate/rotate/policy"
	"rotate/signaler"
)

// known returns the target that takes the place of a command that sends sig to
// a service, whose pidfile it does not name.
func known(name string, sig syscall.Signal, words []string) (act, bool) {
	return ofPidfile(name, words, func(s *signaler.Service) syscall.Signal { return reopensOn(s, sig) })
}

// reopensOn returns sig if the service reopens its logs on it, or 0.
func reopensOn(s *signaler.Service, sig syscall.Signal) syscall.Signal {
	if slices.Contains(s.Reopen, sig) {
		return sig
	}
	return 0
}

// sends returns the signal that is all that an action of a service manager
// sends to the main process, if the service reopens its logs on it, or 0.
func sends(s *signaler.Service, action string) syscall.Signal {
	switch {
	case s.Action != "" && s.Action == action:
		return s.Reopen[0]
	case slices.Contains(reloads, action):
		return s.Reload
	}
	return 0
}

// ofPidfile returns the target for the service that goes by a name, if it has a
// pidfile and reopens its logs on the signal that by says, or 0.
func ofPidfile(name string, words []string, by func(*signaler.Service) syscall.Signal) (act, bool) {
	for _, s := range signaler.Services() {
		file := s.PidfileOf(name)
		if !s.Is(name) || file == "" {
			continue
		}
		if sig := by(&s); sig != 0 {
			a := signal(file, sig)
			a.odd = fmt.Sprintf("%s to the process that %s names takes the place of %q; make sure that the service writes this file",
				unix.SignalName(sig), file, strings.Join(words, " "))
			return a, true
		}
	}
	return act{}, false
}

// ofUnit returns the target for the main process of a unit of a known service.
func ofUnit(name string, words []string, by func(*signaler.Service) syscall.Signal) (act, bool) {
	for _, s := range signaler.Services() {
		if !s.Is(name) {
			continue
		}
		if sig := by(&s); sig != 0 {
			a := mainOf(name, sig)
			a.odd = fmt.Sprintf("%s to the main process of %s, and to no other, takes the place of %q",
				unix.SignalName(sig), a.target.Unit, strings.Join(words, " "))
			return a, true
		}
	}
	return act{}, false
}

func mainOf(name string, sig syscall.Signal) act {
	return act{target: policy.Target{Unit: name + ".service", Signal: sig}}
}

// asks are the actions of a service manager by which a service reopens its
// logs. A restart through an init script may take longer than a command has,
// so it is not among them; systemd goes on with one by itself.
var asks = []string{"reload", "force-reload", "reload-or-restart", "try-reload-or-restart", "reload-or-try-restart", "rotate", "reopen-logs", "logrotate"}

// reloads are those that have a service that runs reload, and start none.
var reloads = []string{"reload", "force-reload", "try-reload-or-restart", "reload-or-try-restart"}

// systemctl reads systemctl ACTION UNIT… and systemctl kill -s SIGNAL UNIT….
func systemctl(words []string) (act, bool) {
	var sig syscall.Signal
	var args []string
	whom := "all"
	for rest := words[1:]; len(rest) > 0; rest = rest[1:] {
		option, value, joined := strings.Cut(rest[0], "=")
		switch {
		case option == "-s" || option == "--signal":
			if !joined {
				if len(rest) < 2 {
					return act{}, false
				}
				value, rest = rest[1], rest[1:]
			}
			sig, _ = policy.ParseSignal(value)
		case option == "--kill-who" || option == "--kill-whom":
			if !joined && len(rest) > 1 {
				value, rest = rest[1], rest[1:]
			}
			whom = value
		case option == "-q" || option == "--quiet" || option == "--no-block" || option == "--no-ask-password":
		case strings.HasPrefix(option, "-s") && len(option) > 2 && !strings.HasPrefix(option, "--"):
			sig, _ = policy.ParseSignal(option[2:])
		case strings.HasPrefix(option, "-"):
			return act{}, false
		default:
			args = append(args, rest[0])
		}
	}
	if len(args) < 2 {
		return act{}, false
	}
	action, name := args[0], strings.TrimSuffix(args[1], ".service")
	one := len(args) == 2 && !strings.ContainsAny(name, "*?[.")
	a := command(words)
	switch {
	case action == "kill" && sig == 0, action != "kill" && !slices.Contains(asks, action) && action != "restart" && action != "try-restart":
		return act{}, false
	case !one:
	case action == "kill" && whom == "main":
		a = mainOf(name, sig)
	case action == "kill" && whom == "all":
		if b, ok := ofUnit(name, words, func(s *signaler.Service) syscall.Signal { return reopensOn(s, sig) }); ok {
			a = b
			break
		}
		a.odd = fmt.Sprintf("%q sends %s to all processes of %s.service, and ends those that do not expect it; if its main process tells the others, write unit = \"%[3]s.service\" and signal = %[2]q instead",
			strings.Join(words, " "), unix.SignalName(sig), name)
	case action != "kill":
		if b, ok := ofUnit(name, words, func(s *signaler.Service) syscall.Signal { return sends(s, action) }); ok {
			a = b
		}
		a.service = name + " " + action
	}
	return a, true
}

// initScript reads service NAME ACTION, invoke-rc.d NAME ACTION and
// /etc/init.d/NAME ACTION.
func initScript(words, args []string) (act, bool) {
	for len(args) > 0 && (args[0] == "--quiet" || args[0] == "-q") {
		args = args[1:]
	}
	if len(args) != 2 || strings.HasPrefix(args[0], "-") || !slices.Contains(asks, args[1]) {
		return act{}, false
	}
	name, action := args[0], args[1]
	a, ok := ofPidfile(name, words, func(s *signaler.Service) syscall.Signal { return sends(s, action) })
	if !ok {
		a = command(words)
	}
	a.service = name + " " + action
	return a, true
}

// programs are those that make a service reopen its logs, with the arguments
// that do. Options are not looked at, other words must be these, one "*" for
// any.
var programs = map[string][]string{
	"rsyslog-rotate":     {""},
	"php-fpm-reopenlogs": {""},
	"apache2ctl":         {"graceful"},
	"apachectl":          {"graceful"},
	"asterisk":           {"logger reload", "logger rotate"},
	"chronyc":            {"cyclelogs"},
	"corosync-cfgtool":   {""},
	"doveadm":            {"log reopen"},
	"ejabberdctl":        {"reopen-log", "reopen_log"},
	"fail2ban-client":    {"flushlogs"},
	"gitlab-ctl":         {"hup *"},
	"mailman":            {"reopen"},
	"mailman-wrapper":    {"reopen"},
	"mariadb-admin":      {"flush-logs", "flush-error-log flush-engine-log flush-general-log flush-slow-log"},
	"mysqladmin":         {"flush-logs", "flush-error-log flush-engine-log flush-general-log flush-slow-log"},
	"nginx":              {"reopen", "reload"},
	"ovs-appctl":         {"* vlog/reopen"},
	"pg_ctl":             {"logrotate"},
	"pm2":                {"reloadLogs"},
	"postfix":            {"reload", "logrotate"},
	"rabbitmqctl":        {"rotate_logs"},
	"rndc":               {"reload", "reconfig"},
	"smbcontrol":         {"* reload-config"},
	"squid":              {"rotate"},
	"zmpkg.pl":           {"logrot"},
}

// demands are options without which a program of programs does something else.
var demands = map[string]string{"corosync-cfgtool": "-L", "nginx": "-s", "squid": "-k", "asterisk": "-rx"}

var phpVersion = regexp.MustCompile(`^php[0-9.]+-`)

// reopens reports whether a command is one of programs.
func reopens(words []string) bool {
	name := phpVersion.ReplaceAllString(base(words[0]), "php-")
	var args []string
	for _, w := range words[1:] {
		if !strings.HasPrefix(w, "-") {
			args = append(args, w)
		}
	}
	if option := demands[name]; option != "" && !slices.Contains(words[1:], option) {
		return false
	}
	said := strings.Join(args, " ")
	return slices.ContainsFunc(programs[name], func(want string) bool {
		if before, after, any := strings.Cut(want, "*"); any {
			return strings.HasPrefix(said, before) && strings.HasSuffix(said, after) && len(args) == 2
		}
		return said == want
	})
}
