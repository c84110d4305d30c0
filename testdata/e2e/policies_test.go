package e2e

import (
	"fmt"
	"path"
)

// policies are those of docs/services.md for units.
var policies = map[string]string{
	"rsyslog.service": `[log.syslog]
paths     = ["/var/log/syslog"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.syslog.notify]]
unit    = "rsyslog.service"
signal  = "SIGHUP"
`,
	"php8.2-fpm.service": `[log.php-fpm]
paths     = ["/var/log/php8.2-fpm.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.php-fpm.notify]]
unit    = "php8.2-fpm.service"
signal  = "SIGUSR1"
`,
	"nginx.service": `[log.nginx]
paths     = ["/var/log/nginx/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"
create    = { mode = "0640", owner = "www-data", group = "adm" }

[[log.nginx.notify]]
unit    = "nginx.service"
signal  = "SIGUSR1"
`,
}

// writer is a service that writes numbered lines, and opens its log anew on
// SIGUSR1. Its helpers would die of that.
const writer = `#!/bin/sh
log=$1
exec 3>>"$log"
trap 'exec 3>>"$log"' USR1
trap 'exit 0' TERM
for helper in 1 2 3; do
	sh -c 'while :; do sleep 1000; done' 3>&- &
done
[ -z "$2" ] || echo $$ >"$2"
[ -z "$NOTIFY_SOCKET" ] || systemd-notify --ready
n=0
while :; do
	n=$((n + 1))
	echo "m${n}e" >&3
	sleep 0.01
done
`

// files of the machine.
var files = map[string]string{
	"/usr/bin/writer": writer,
	"/etc/systemd/system/notify.service": `[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/bin/writer /var/log/notify.log
`,
	"/etc/systemd/system/crowd.service": `[Service]
ExecStart=/usr/bin/writer /var/log/crowd.log /run/crowd.pid
`,
	// The timer that is installed, without its patience.
	"/etc/systemd/system/rotate.timer.d/often.conf": `[Timer]
OnCalendar=
OnActiveSec=1s
OnUnitActiveSec=1s
AccuracySec=100ms
`,
	// What a login does otherwise.
	"/etc/systemd/system/user@.service.d/runtime.conf": `[Service]
PAMName=
Environment=XDG_RUNTIME_DIR=/run/user/%i
`,
	"/etc/systemd/user/mine.service": `[Service]
ExecStart=/usr/bin/writer /var/log/mine/mine.log
`,
	"/etc/systemd/system/own.service": `[Service]
User=www-data
ExecStart=/usr/bin/writer /var/log/own/own.log
`,
	"/etc/own.toml":    policy("own/own", "frequency", "daily", `unit = "own.service"`),
	"/etc/theirs.toml": policy("own/theirs", "frequency", "daily", `unit = "crowd.service"`),
	"/etc/mine.toml":   policy("mine/mine", "frequency", "daily", "userunit = \"mine.service\"\nuser = \"www-data\""),
	"/etc/rotate.toml": policy("notify", "size", "1", `unit = "notify.service"`) + policy("crowd", "size", "1", `pidfile = "/run/crowd.pid"`),
	"/etc/notify.toml": policy("notify", "frequency", "daily", `unit = "notify.service"`),
	"/etc/crowd.toml":  policy("crowd", "frequency", "daily", `unit = "crowd.service"`),
}

func policy(log, key, when, target string) string {
	name := path.Base(log)
	return fmt.Sprintf(`[log.%s]
paths    = ["/var/log/%s.log"]
%s = %q
rotate   = 1000
compress = "zstd"
[[log.%s.notify]]
%s
signal = "SIGUSR1"
`, name, log, key, when, name, target)
}
