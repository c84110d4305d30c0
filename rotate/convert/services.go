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
	return service(name, words, func(s *signaler.Service) syscall.Signal {
		if slices.Contains(s.Reopen, sig) {
			return sig
		}
		return 0
	})
}

// knownAction is like known for an action of an init script.
func knownAction(name, action string, words []string) (act, bool) {
	return service(name, words, func(s *signaler.Service) syscall.Signal {
		if s.Action == action {
			return s.Reopen[0]
		}
		return 0
	})
}

// service returns the target for the service that goes by a name, if it has a
// pidfile and reopens its logs on the signal that by says, or 0.
func service(name string, words []string, by func(*signaler.Service) syscall.Signal) (act, bool) {
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

// asks are the actions of a service manager by which a service reopens its
// logs. A restart through an init script may take longer than a command has,
// so it is not among them; systemd goes on with one by itself.
var asks = []string{"reload", "force-reload", "reload-or-restart", "try-reload-or-restart", "reload-or-try-restart", "rotate", "reopen-logs", "logrotate"}

// systemctl reads systemctl ACTION UNIT… and systemctl kill -s SIGNAL UNIT….
func systemctl(words []string) (act, bool) {
	var sig syscall.Signal
	var args []string
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
				rest = rest[1:]
			}
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
	a := command(words)
	switch {
	case action == "kill" && sig != 0:
		if b, ok := known(name, sig, words); ok && len(args) == 2 {
			return b, true
		}
	case !slices.Contains(asks, action) && action != "restart" && action != "try-restart":
		return act{}, false
	case len(args) == 2:
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
	if a, ok := knownAction(name, action, words); ok {
		return a, true
	}
	a := command(words)
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
