package convert_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

// show writes targets in one line: "USR1 /run/a.pid", or the command's words.
func show(targets []policy.Target) string {
	var out []string
	for _, t := range targets {
		s := strings.Join(t.Command, " ")
		if t.Pidfile != "" {
			s = strings.TrimPrefix(unix.SignalName(t.Signal), "SIG") + " " + t.Pidfile
		}
		if t.Unit != "" {
			s = strings.TrimPrefix(unix.SignalName(t.Signal), "SIG") + " " + t.Unit
		}
		if t.Match != (policy.Match{}) {
			s += fmt.Sprintf(" %+v", t.Match)
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// scriptsThatTell are scripts with what they tell.
var scriptsThatTell = []struct{ script, want string }{
	// A pidfile and a signal.
	{"kill -USR1 $(cat /run/a.pid)", "USR1 /run/a.pid"},
	{"kill -USR1 `cat /run/a.pid`", "USR1 /run/a.pid"},
	{`kill -USR1 "$(cat "/run/a.pid")"`, "USR1 /run/a.pid"},
	{"/bin/kill -HUP `cat /run/a.pid 2>/dev/null` 2>/dev/null || true", "HUP /run/a.pid"},
	{"/bin/kill -HUP `cat /run/a.pid 2> /dev/null` 2> /dev/null || :", "HUP /run/a.pid"},
	{"kill -1 $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"kill -s HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"kill -SIGHUP $(cat /run/a.pid) > /dev/null 2>&1", "HUP /run/a.pid"},
	{"kill -s USR2 -- $(cat /run/a.pid)", "USR2 /run/a.pid"},
	{"/bin/kill --signal USR1 $(/bin/cat /run/a.pid)", "USR1 /run/a.pid"},
	{"kill -HUP $(cat /run/a/*.pid)", "HUP /run/a/*.pid"},
	{"cat /run/a.pid | xargs -r kill -HUP", "HUP /run/a.pid"},
	{"pkill -HUP -F /run/a.pid", "HUP /run/a.pid"},
	{"pkill --signal USR1 --pidfile /run/a.pid", "USR1 /run/a.pid"},
	{"start-stop-daemon --stop --signal USR1 --quiet --pidfile /run/a.pid", "USR1 /run/a.pid"},
	{"start-stop-daemon -K -p /run/a.pid -s 1 -x /usr/sbin/a", "HUP /run/a.pid {Exe:/usr/sbin/a User: Unit: Cgroup:}"},

	// Under conditions that a target looks at itself.
	{"[ -f /run/a.pid ] && kill -USR1 $(cat /run/a.pid)", "USR1 /run/a.pid"},
	{"[ ! -f /run/a.pid ] || kill -USR2 $(cat /run/a.pid)", "USR2 /run/a.pid"},
	{"! [ -f /run/a.pid ] || kill -USR2 $(cat /run/a.pid)", "USR2 /run/a.pid"},
	{"test -e /run/a.pid && kill -USR1 $(cat /run/a.pid) || true", "USR1 /run/a.pid"},
	{"test -s /var/run/a.pid && kill -USR1 $(cat /run/a.pid)", "USR1 /run/a.pid"},
	{"if [ -f /run/a.pid ]; then kill -HUP $(cat /run/a.pid); fi", "HUP /run/a.pid"},
	{"if [ -f /run/a.pid ]; then \\\n\tkill -HUP $(cat /run/a.pid); \\\nfi;", "HUP /run/a.pid"},
	{"if test -f /run/a.pid\nthen\n  kill -HUP $(cat /run/a.pid)\nelse\n  kill -HUP $(cat /run/a.pid)\nfi", "HUP /run/a.pid"},
	{"[ -x /usr/sbin/a ] || exit 0\nkill -HUP $(cat /run/a.pid)\nexit 0", "HUP /run/a.pid"},
	{"if [ ! -e /run/a.pid ]; then exit 0; fi\nkill -HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"kill -0 $(cat /run/a.pid) && kill -HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"pgrep -x a >/dev/null && kill -HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"[ -x /usr/sbin/a -a -f /run/a.pid ] && kill -HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"( kill -HUP $(cat /run/a.pid) )", "HUP /run/a.pid"},
	{"{ kill -HUP $(cat /run/a.pid); } 2>/dev/null", "HUP /run/a.pid"},
	{"# comment\nset -e\nkill -HUP $(cat /run/a.pid) # more\ntrue", "HUP /run/a.pid"},

	{"pid=/run/a.pid\ntest -s $pid && kill -USR1 \"$(cat $pid)\" || exit 0", "USR1 /run/a.pid"},
	{"PID=/run/a.pid SIG=HUP; [ -f \"${PID}\" ] && kill -$SIG $(cat \"$PID\")", "HUP /run/a.pid"},

	// Several.
	{"kill -HUP $(cat /run/a.pid)\nkill -USR1 $(cat /run/b.pid)", "HUP /run/a.pid; USR1 /run/b.pid"},
	{"kill -HUP $(cat /run/a.pid); kill -HUP $(cat /run/a.pid)", "HUP /run/a.pid"},
	{"[ ! -f /run/a.pid ] || kill -HUP `cat /run/a.pid` ; killall -HUP b > /dev/null 2>&1 || true", "HUP /run/a.pid; killall -HUP b"},

	// Processes by name: by pidfile, where it is known.
	{"killall -HUP b", "killall -HUP b"},
	{"killall -q -s USR1 nginx", "USR1 /run/nginx.pid"},
	{"pkill -USR1 -x nginx", "USR1 /run/nginx.pid"},
	{"killall -HUP nginx", "killall -HUP nginx"},
	{"pkill -USR1 php-fpm8.2", "USR1 /run/php/php8.2-fpm.pid"},
	{"pkill -HUP -f /opt/app/server.js", "pkill -HUP -f /opt/app/server.js"},

	// Service managers.
	{"systemctl kill -s HUP rsyslog.service", "HUP rsyslog.service"}, // which tells its others, if any
	{"systemctl --signal=HUP kill rsyslog || true", "HUP rsyslog.service"},
	{"systemctl kill -s HUP --kill-who=main a.service >/dev/null 2>&1 || true", "HUP a.service"},
	{"systemctl kill --kill-whom main -s USR1 a", "USR1 a.service"},
	{"systemctl kill --kill-who=main -s HUP a; systemctl kill --kill-who=main -s HUP b", "HUP a.service; HUP b.service"},
	{"systemctl kill -s HUP a", "systemctl kill -s HUP a"}, // all its processes
	{"systemctl kill --kill-whom=all -s HUP a", "systemctl kill --kill-whom=all -s HUP a"},
	{"systemctl kill --kill-whom=control -s HUP nginx", "systemctl kill --kill-whom=control -s HUP nginx"},
	{"systemctl kill --kill-who=main -s HUP a b", "systemctl kill --kill-who=main -s HUP a b"},
	{"systemctl kill --kill-who=main -s HUP 'php*-fpm.service'", "systemctl kill --kill-who=main -s HUP php*-fpm.service"},
	{"systemctl kill -s HUP nginx", "systemctl kill -s HUP nginx"}, // not what reopens its logs
	{"systemctl kill -s USR1 nginx", "USR1 nginx.service"},
	{"systemctl kill --signal=USR1 nginx.service", "USR1 nginx.service"},
	{"systemctl is-active -q a && systemctl kill --kill-who=main -s HUP a", "HUP a.service"},
	{"[ -d /run/systemd/system ] && systemctl kill --kill-who=main -s HUP a", "HUP a.service"},
	{"systemctl reload mosquitto", "HUP mosquitto.service"}, // is a signal
	{"systemctl -q is-active varnishncsa || exit 0\nsystemctl try-reload-or-restart varnishncsa.service", "HUP varnishncsa.service"},
	{"systemctl reload-or-restart mosquitto", "systemctl reload-or-restart mosquitto"}, // starts it
	{"systemctl restart mosquitto", "systemctl restart mosquitto"},
	{"systemctl reload lighttpd", "systemctl reload lighttpd"}, // restarts it
	{"invoke-rc.d mosquitto reload", "HUP /run/mosquitto/mosquitto.pid"},
	{"if invoke-rc.d mosquitto status >/dev/null 2>&1; then invoke-rc.d mosquitto reload >/dev/null 2>&1; fi", "HUP /run/mosquitto/mosquitto.pid"},
	{"service syslog-ng reload", "HUP /run/syslog-ng.pid"},
	{"systemctl kill -s HUP smbd", "systemctl kill -s HUP smbd"}, // its helpers need it
	{"systemctl reload nginx.service", "systemctl reload nginx.service"},
	{"/usr/bin/systemctl try-restart a", "/usr/bin/systemctl try-restart a"},
	{"if [ -d /run/systemd/system ]; then systemctl reload a; fi", "systemctl reload a"},
	{"invoke-rc.d nginx rotate >/dev/null 2>&1", "USR1 /run/nginx.pid"},
	{"invoke-rc.d --quiet a reload > /dev/null", "invoke-rc.d --quiet a reload"},
	{"service a reload", "service a reload"},
	{"/etc/init.d/a reload", "/etc/init.d/a reload"},
	{"if [ -x /usr/sbin/invoke-rc.d ]; then invoke-rc.d a reload; else /etc/init.d/a reload; fi", "invoke-rc.d a reload"},
	{"if [ -d /run/systemd/system ]; then\n  systemctl reload a.service\nelse\n  service a reload\nfi", "service a reload"},
	{"[ -x /etc/init.d/a ] && service a reload", "service a reload"},
	{"invoke-rc.d a reload 2>&1 | logger -t a.logrotate", "invoke-rc.d a reload"},

	// Programs that make a service reopen its logs.
	{"/usr/lib/rsyslog/rsyslog-rotate", "/usr/lib/rsyslog/rsyslog-rotate"},
	{"[ -x /usr/lib/rsyslog/rsyslog-rotate ] && /usr/lib/rsyslog/rsyslog-rotate || true", "/usr/lib/rsyslog/rsyslog-rotate"},
	{"if [ -x /usr/lib/php/php8.2-fpm-reopenlogs ]; then\n\t/usr/lib/php/php8.2-fpm-reopenlogs;\nfi", "/usr/lib/php/php8.2-fpm-reopenlogs"},
	{"squid -k rotate", "squid -k rotate"},
	{"/usr/sbin/corosync-cfgtool -L", "/usr/sbin/corosync-cfgtool -L"},
	{"/usr/bin/zmpkg.pl logrot >>/dev/null 2>&1 || :", "/usr/bin/zmpkg.pl logrot"},
	{"command -v fail2ban-client >/dev/null && fail2ban-client flushlogs 1>/dev/null", "fail2ban-client flushlogs"},
	{"mysqladmin --defaults-file=/etc/mysql/debian.cnf flush-logs", "mysqladmin --defaults-file=/etc/mysql/debian.cnf flush-logs"},
}

func TestScriptsThatTell(t *testing.T) {
	t.Parallel()
	for _, c := range scriptsThatTell {
		got, ok := convert.Script(c.script)
		if s := show(got.Targets); !ok || s != c.want {
			t.Errorf("%s\ngot  %s (%t)\nwant %s", c.script, s, ok, c.want)
		}
	}
}

func TestScriptsThatStay(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		"",
		"true",
		"# only a comment",
		"if [ -f x",      // no shell
		"kill -HUP 1234", // no pidfile
		"kill -HUP $PID", // a variable
		"PID=/run/a.pid; PID=/run/b.pid; kill -HUP $(cat $PID)",
		"PID=/run/a.pid; [ -f /x ] && PID=/run/b.pid; kill -HUP $(cat $PID)",
		"PID='/run/a b.pid'; kill -HUP $(cat $PID)",
		"PID=/run/a.pid; kill -HUP $(cat ${PID%.pid})",
		"PID=/run/a.pid; kill -HUP $(cat $PID $OTHER)",
		"PID=/run/a.pid",
		"kill -HUP $(cat $1.pid)",                // which depends on the log
		"kill -HUP $(cat run/a.pid)",             // relative
		"kill -HUP $(cat '/run/*.pid')",          // a star that is a star
		"kill -HUP $(cat /run/a.pid | head -1)",  // not the file as it is
		"kill -HUP $(cat /run/a.pid /run/b.pid)", // which of them
		"kill $(cat /run/a.pid)",                 // ends it
		"kill -9 $(cat /run/a.pid)",
		"kill -TERM $(cat /run/a.pid)",
		"kill -HUP -$(cat /run/a.pid)", // a group
		"kill -HUP $(cat /run/a.pid) &",
		"kill -HUP $(cat /run/a.pid) >> /var/log/told",
		"A=1 kill -HUP $(cat /run/a.pid)",
		"! kill -HUP $(cat /run/a.pid)",
		"kill -HUP $(cat /run/a.pid) && rm -f /run/told",
		"kill -HUP $(cat /run/a.pid)\nsleep 5",
		"kill -HUP $(cat /run/a.pid)\nscp \"$2\" backup:",
		"kill -HUP $(cat /run/a.pid) || systemctl restart a",
		"exit 0\nkill -HUP $(cat /run/a.pid)",
		"if [ -f /run/a.pid ]; then kill -HUP $(cat /run/a.pid); exit 0; fi\nservice b reload",
		"kill -HUP $(cat /run/a.pid) || exit 0\nkill -HUP $(cat /run/b.pid)",
		"[ -f /etc/a.conf ] && kill -HUP $(cat /run/a.pid)", // not whether it runs
		"[ -f /run/a.pid ] || kill -HUP $(cat /run/a.pid)",  // the wrong way round
		"[ -f /run/b.pid ] && kill -HUP $(cat /run/a.pid)",  // another's
		"[ -f /run/a.pid ] && service a reload",             // a command does not look
		"if [ -f /run/a.pid ]; then kill -HUP $(cat /run/a.pid); killall -HUP b; fi",
		"systemctl is-active --quiet a && systemctl reload a",       // nor here
		"if service a status >/dev/null; then service a reload; fi", // nor here
		"pgrep a && service a reload",                               // nor here
		"[ -x /usr/bin/other ] && service a reload",                 // what has it to do with a
		"[ -x /usr/bin/other ] && systemctl kill --kill-who=main -s HUP a",
		"[ -f /run/a.pid ] && systemctl kill --kill-who=main -s HUP a",
		"if [ -d /run/systemd/system ]; then systemctl reload a; else service b reload; fi",
		"if [ -f /run/a.pid ]; then kill -HUP $(cat /run/a.pid); elif true; then true; fi",
		"for f in /run/*.pid; do kill -HUP $(cat $f); done",
		"while kill -HUP $(cat /run/a.pid); do sleep 1; done",
		"kill -HUP &> /dev/null $(cat /run/a.pid)", // to /bin/sh, two commands
		"service a restart", // may take longer than a command has
		"systemctl stop a",
		"systemctl kill a",
		"systemctl --user reload a",
		"killall a",
		"killall -HUP a b",
		"pkill a",
		"pkill -HUP",
		"start-stop-daemon --stop --pidfile /run/a.pid",
		"start-stop-daemon --stop --signal HUP --exec /usr/sbin/a",
		"nginx -t",
		"squid rotate",
		"logger rotated",
		"/usr/local/bin/upload /var/log/a.log.1",
		"ftpstats -a -r -l 2 -d -h -f /var/log/proftpd/xferlog.0 2>/dev/null >/var/log/proftpd/xferreport || true",
		"command service a reload && kill -HUP $(cat /run/a.pid)",
	} {
		if got, ok := convert.Script(script); ok {
			t.Errorf("%s\nbecame %s", script, show(got.Targets))
		}
	}
}
