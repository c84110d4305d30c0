package signaler

import (
	"regexp"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Service is a well-known program: how it reopens its logs, and what it does on
// signals that are used for that elsewhere.
type Service struct {
	Name    string           // as people know it
	Reopen  []syscall.Signal // each has its master reopen its logs, and tell its workers; the first is the best
	Pidfile string           // where Debian's package has it written; "": nowhere; see PidfileOf
	Action  string           // of its init script that sends the first of Reopen, and does nothing else; "": none
	Reload  syscall.Signal   // of Reopen, what a reload sends to its main process, and does nothing else; 0: none
	Given   string           // what Reopen takes beside; "": nothing
	Instead string           // how it reopens its logs if not by signal

	workers bool           // they open the logs by themselves, as the users that they are
	process *regexp.Regexp // its command name, or the base name of its program
	unit    *regexp.Regexp // its name for a service manager, without ".service"; nil: the same
	harms   []harm
}

// harm is what a signal does to a service that nobody wants of a rotation.
type harm struct {
	sig  syscall.Signal
	does string
	sure bool // whatever its configuration
}

// Services returns what is known, from the manuals of these programs and, where
// docs/services.md says so, from trying; the pidfiles are those of Debian's
// packages.
func Services() []Service { return services() }

func re(text string) *regexp.Regexp { return regexp.MustCompile("^(?:" + text + ")$") }

const (
	hup   = unix.SIGHUP
	usr1  = unix.SIGUSR1
	usr2  = unix.SIGUSR2
	winch = unix.SIGWINCH
)

// services is made when it is needed first: few runs are about to signal.
var services = sync.OnceValue(func() []Service {
	return []Service{
		{
			Name: "nginx", process: re(`nginx`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/nginx.pid", Action: "rotate", workers: true,
			harms: []harm{{usr2, "starts a second nginx to replace this one", true}, {winch, "stops its workers", true}},
		},
		{
			Name: "Apache", process: re(`apache2|httpd`), Reopen: []syscall.Signal{usr1, hup}, Pidfile: "/run/apache2/apache2.pid",
			harms: []harm{{winch, "stops", true}},
		},
		{
			Name: "lighttpd", process: re(`lighttpd`), Reopen: []syscall.Signal{hup}, Pidfile: "/run/lighttpd.pid", Action: "reopen-logs",
			harms: []harm{{usr1, "restarts when its connections are done", false}},
		},
		{
			Name: "haproxy", process: re(`haproxy`), Instead: "it logs to syslog: tell the syslog daemon",
			harms: []harm{{usr1, "stops when its connections are done", true}, {usr2, "reloads its configuration", false}, {hup, "prints its status", false}},
		},
		{
			Name: "php-fpm", process: re(`php-fpm[0-9.]*`), unit: re(`php-fpm([0-9.]+)|php([0-9.]+)-fpm`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/php/php$1$2-fpm.pid",
			harms: []harm{{usr2, "reloads, and ends requests that are under way", false}, {hup, "reloads, and ends requests that are under way", false}},
		},
		{
			Name: "gunicorn", process: re(`gunicorn.*`), Reopen: []syscall.Signal{usr1}, workers: true,
			harms: []harm{{usr2, "starts a second gunicorn to replace this one", true}, {winch, "stops its workers", true}, {hup, "restarts its workers", false}},
		},
		{
			Name: "unicorn", process: re(`unicorn.*`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/unicorn.pid", Action: "reopen-logs", workers: true,
			harms: []harm{{usr2, "starts a second unicorn to replace this one", true}, {winch, "stops its workers", true}, {hup, "reloads its configuration", false}},
		},
		{
			Name: "Puma", process: re(`puma.*`), Reopen: []syscall.Signal{hup}, Given: "if stdout_redirect is set; else it stops",
			harms: []harm{{usr1, "restarts its workers", false}, {usr2, "restarts", true}},
		},
		{
			Name: "uWSGI", process: re(`uwsgi.*`), Instead: "touch its touch-logreopen file, or write l to its master FIFO",
			harms: []harm{{hup, "reloads", false}, {usr1, "prints its statistics", false}, {usr2, "prints the status of its workers", false}},
		},
		{
			Name: "Node.js", process: re(`node|nodejs`),
			harms: []harm{{usr1, "opens its debugger to every local user, unless the application handles the signal", false}},
		},
		{Name: "PM2", process: re(`PM2 .*`), Reopen: []syscall.Signal{usr2}},
		{
			Name: "rsyslog", process: re(`rsyslogd`), unit: re(`rsyslogd?`), Reopen: []syscall.Signal{hup},
			harms: []harm{{usr1, "toggles its debug output", false}},
		},
		{Name: "syslog-ng", process: re(`syslog-ng`), Reopen: []syscall.Signal{usr1, hup}, Pidfile: "/run/syslog-ng.pid", Reload: hup},
		{
			Name: "mosquitto", process: re(`mosquitto`), Reopen: []syscall.Signal{hup}, Pidfile: "/run/mosquitto/mosquitto.pid", Reload: hup,
			harms: []harm{{usr1, "saves its database", false}, {usr2, "prints its subscriptions", false}},
		},
		{
			Name: "Dovecot", process: re(`dovecot`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/dovecot/master.pid",
			harms: []harm{{hup, "reloads its configuration", false}},
		},
		{Name: "icinga2", process: re(`icinga2`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/icinga2/icinga2.pid", harms: []harm{{hup, "reloads its configuration", false}}},
		{Name: "MySQL", process: re(`mysqld`), unit: re(`mysqld?`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/mysqld/mysqld.pid", harms: []harm{{hup, "flushes its tables and grants, too", false}}},
		{
			Name: "MariaDB", process: re(`mariadbd`), unit: re(`mariadbd?`), Instead: "run mariadb-admin flush-error-log flush-engine-log flush-general-log flush-slow-log",
			harms: []harm{{hup, "flushes its tables and grants", false}},
		},
		{
			Name: "MongoDB", process: re(`mongod`), Reopen: []syscall.Signal{usr1}, Given: "with systemLog.logRotate: reopen; else it renames its log by itself",
		},
		{
			Name: "PostgreSQL", process: re(`postgres|postmaster`), Instead: "run pg_ctl logrotate if it has a logging_collector, else use copytruncate",
			harms: []harm{{hup, "reloads its configuration, and reopens no log", false}},
		},
		{Name: "BIND", process: re(`named`), unit: re(`named|bind9`), Reopen: []syscall.Signal{hup}},
		{Name: "Squid", process: re(`squid.*`), Instead: "run squid -k rotate, with logfile_rotate 0", harms: []harm{{hup, "reloads its configuration", false}}},
		{Name: "sssd", process: re(`sssd.*`), unit: re(`sssd`), Reopen: []syscall.Signal{hup}, Pidfile: "/run/sssd.pid", harms: []harm{{usr1, "goes offline", true}, {usr2, "goes online", false}}},
		{Name: "Suricata", process: re(`suricata|Suricata-Main`), unit: re(`suricata`), Reopen: []syscall.Signal{hup}, Pidfile: "/run/suricata.pid", harms: []harm{{usr2, "reloads its rules", false}}},
		{
			Name: "varnishncsa", process: re(`varnishncsa`), Reopen: []syscall.Signal{hup}, Pidfile: "/run/varnishncsa/varnishncsa.pid", Reload: hup,
			Given: "if it was started with -D; else it stops",
			harms: []harm{{usr1, "only flushes what it has", false}},
		},
		// A Go program catches SIGHUP, and ends unless it asked for it.
		{Name: "Traefik", process: re(`traefik`), Reopen: []syscall.Signal{usr1}, harms: []harm{{hup, "ends", true}}},
		{Name: "Envoy", process: re(`envoy`), Reopen: []syscall.Signal{usr1}},
		{Name: "NATS", process: re(`nats-server`), Reopen: []syscall.Signal{usr1}, harms: []harm{{hup, "reloads its configuration", false}, {usr2, "stops when its clients are gone", true}}},
		{Name: "h2o", process: re(`h2o`), Reopen: []syscall.Signal{hup}},
		{
			Name: "Samba", process: re(`smbd|nmbd|winbindd`), Instead: "run systemctl kill --signal=HUP smbd, so that its helpers get it, too",
			harms: []harm{{hup, "reopens its log, but its helpers do not", false}},
		},
		{Name: "Redis", process: re(`redis-server|valkey-server`), Instead: "it needs none: it opens its log for each line"},
		{Name: "CUPS", process: re(`cupsd`), unit: re(`cups`), Instead: "it rotates its logs by itself: MaxLogSize", harms: []harm{{hup, "restarts, or ends", false}}},
		{Name: "fail2ban", process: re(`fail2ban-server`), unit: re(`fail2ban`), Reopen: []syscall.Signal{usr1}, Pidfile: "/run/fail2ban/fail2ban.pid"},
		{
			Name: "Supervisor", process: re(`supervisord`), unit: re(`supervisor`), Reopen: []syscall.Signal{usr2}, Pidfile: "/run/supervisord.pid",
			harms: []harm{{hup, "ends all that it runs and starts it again", true}},
		},
		{
			Name: "unbound", process: re(`unbound`), Instead: "run unbound-control log_reopen",
			harms: []harm{{hup, "reopens its log, and empties its cache", false}},
		},
		{Name: "chrony", process: re(`chronyd`), unit: re(`chronyd?`), Instead: "run chronyc cyclelogs", harms: []harm{{hup, "ends", true}}},
		{Name: "Exim", process: re(`exim4?`), Instead: "it needs none: it opens its log for each line"},
		{
			Name: "Traffic Server", process: re(`traffic_manager|traffic_server|\[TS_MAIN\]`), unit: re(`trafficserver`), Reopen: []syscall.Signal{usr2},
			Given: "but for manager.log", harms: []harm{{hup, "reloads its configuration", false}},
		},
	}
})
