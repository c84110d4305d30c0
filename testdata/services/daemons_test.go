package services

// daemons is whom we know.
var daemons = []daemon{
	{
		name:    "nginx",
		version: []string{"nginx", "-v"},
		argv:    []string{"nginx", "-c", "/etc/nginx.conf", "-e", "/var/log/nginx/error.log"},
		files: map[string]string{"/etc/nginx.conf": `
daemon off;
user www-data;
worker_processes 2;
pid /run/nginx.pid;
events {}
http {
	access_log /var/log/nginx/access.log;
	client_body_temp_path /var/lib/body;
	proxy_temp_path /var/lib/proxy;
	fastcgi_temp_path /var/lib/fastcgi;
	uwsgi_temp_path /var/lib/uwsgi;
	scgi_temp_path /var/lib/scgi;
	server { listen 127.0.0.1:PORT; return 200 "hello"; }
}
`},
		policy: `[log.nginx]
paths     = ["/var/log/nginx/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"
create    = { mode = "0640", owner = "www-data", group = "adm" }

[[log.nginx.notify]]
pidfile = "/run/nginx.pid"
signal  = "SIGUSR1"
exe     = "/usr/sbin/nginx"
`,
		log:     "/var/log/nginx/access.log",
		connect: web,
	},
	{
		name:    "Apache httpd",
		version: []string{"apache2", "-v"},
		argv:    []string{"apache2", "-d", "/etc/", "-f", "/etc/apache2.conf", "-DFOREGROUND"},
		files: map[string]string{"/etc/apache2.conf": `
ServerName localhost
Listen 127.0.0.1:PORT
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
PidFile /run/apache2.pid
DefaultRuntimeDir /run/
ErrorLog /var/log/apache2/error.log
LogFormat "%h %t \"%r\" %>s" common
CustomLog /var/log/apache2/access.log common
DocumentRoot /srv/
<Directory /srv/>
	Require all granted
</Directory>
`, "/srv/index.html": "hello", "/srv/large": ""},
		policy: `[log.apache]
paths     = ["/var/log/apache2/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"
create    = { mode = "0640", owner = "root", group = "adm" }

[[log.apache.notify]]
pidfile = "/run/apache2.pid"
signal  = "SIGUSR1"
exe     = "/usr/sbin/apache2"
`,
		log:     "/var/log/apache2/access.log",
		connect: web,
	},
	{
		name:    "lighttpd",
		version: []string{"lighttpd", "-v"},
		argv:    []string{"lighttpd", "-D", "-f", "/etc/lighttpd.conf", "-m", "/usr/lib/lighttpd"},
		files: map[string]string{"/etc/lighttpd.conf": `
server.modules = ("mod_accesslog", "mod_dirlisting", "mod_staticfile", "mod_indexfile")
server.document-root = "/srv/"
server.bind = "127.0.0.1"
server.port = PORT
server.username = "www-data"
server.groupname = "www-data"
server.pid-file = "/run/lighttpd.pid"
server.errorlog = "/var/log/lighttpd/error.log"
accesslog.filename = "/var/log/lighttpd/access.log"
index-file.names = ("index.html")
server.max-keep-alive-requests = 10000
`, "/srv/index.html": "hello"},
		policy: `[log.lighttpd]
paths     = ["/var/log/lighttpd/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.lighttpd.notify]]
pidfile = "/run/lighttpd.pid"
signal  = "SIGHUP"
exe     = "/usr/sbin/lighttpd"
`,
		log:     "/var/log/lighttpd/access.log",
		owns:    []string{"/var/log/lighttpd/"},
		connect: web,
	},
	{
		name:    "rsyslog",
		version: []string{"rsyslogd", "-v"},
		argv:    []string{"rsyslogd", "-n", "-f", "/etc/rsyslog.conf", "-i", "/run/rsyslogd.pid", "-M", "/usr/lib/x86_64-linux-gnu/rsyslog"},
		files: map[string]string{"/etc/rsyslog.conf": `
global(workDirectory="/var/lib/")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="PORT")
*.* action(type="omfile" file="/var/log/syslog")
`},
		policy: `[log.syslog]
paths     = ["/var/log/syslog"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.syslog.notify]]
pidfile = "/run/rsyslogd.pid"
signal  = "SIGHUP"
exe     = "/usr/sbin/rsyslogd"
`,
		log:     "/var/log/syslog",
		connect: syslog,
	},
	{
		name:    "syslog-ng",
		version: []string{"syslog-ng", "-V", "--module-path", "/usr/lib/syslog-ng/3.38"},
		argv: []string{
			"syslog-ng", "-F", "--no-caps", "-f", "/etc/syslog-ng.conf", "-p", "/run/syslog-ng.pid", "-R", "/var/lib/persist",
			"-c", "/run/syslog-ng.ctl", "--module-path", "/usr/lib/syslog-ng/3.38",
		},
		files: map[string]string{"/etc/syslog-ng.conf": `
@version: 3.38
@module afsocket
@module affile
source s { tcp(ip(127.0.0.1) port(PORT)); };
destination d { file("/var/log/messages"); };
log { source(s); destination(d); flags(flow-control); };
`},
		policy: `[log.messages]
paths     = ["/var/log/messages"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.messages.notify]]
pidfile = "/run/syslog-ng.pid"
signal  = "SIGHUP"
exe     = "/usr/sbin/syslog-ng"
`,
		log:     "/var/log/messages",
		connect: syslog,
	},
	{
		name:    "mosquitto",
		version: []string{"mosquitto", "-h"},
		argv:    []string{"mosquitto", "-c", "/etc/mosquitto.conf"},
		files: map[string]string{"/etc/mosquitto.conf": `
listener PORT 127.0.0.1
allow_anonymous true
user www-data
pid_file /run/mosquitto/mosquitto.pid
log_dest file /var/log/mosquitto/mosquitto.log
log_type all
`},
		policy: `[log.mosquitto]
paths     = ["/var/log/mosquitto/mosquitto.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.mosquitto.notify]]
pidfile = "/run/mosquitto/mosquitto.pid"
signal  = "SIGHUP"
exe     = "/usr/sbin/mosquitto"
`,
		log:     "/var/log/mosquitto/mosquitto.log",
		owns:    []string{"/var/log/mosquitto/", "/run/mosquitto/"},
		connect: mqtt,
	},
	{
		name:    "php-fpm",
		version: []string{"php-fpm8.2", "-n", "-v"},
		argv:    []string{"php-fpm8.2", "-n", "-F", "-y", "/etc/php-fpm.conf"},
		files: map[string]string{"/etc/php-fpm.conf": `
[global]
pid = /run/php-fpm.pid
error_log = /var/log/php-fpm.log
[www]
user = www-data
group = www-data
listen = 127.0.0.1:PORT
pm = static
pm.max_children = 4
ping.path = /ping
access.log = /var/log/php-fpm.access.log
access.format = "%R %t \"%m %r%Q%q\" %s"
`},
		policy: `[log.php-fpm]
paths     = ["/var/log/php-fpm.log", "/var/log/php-fpm.access.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.php-fpm.notify]]
pidfile = "/run/php-fpm.pid"
signal  = "SIGUSR1"
exe     = "/usr/sbin/php-fpm8.2"
`,
		log:     "/var/log/php-fpm.access.log",
		connect: fastcgi,
	},
	{
		name:    "gunicorn",
		version: []string{"gunicorn", "--version"},
		argv: []string{
			"gunicorn", "--user", "www-data", "--group", "www-data", "--pid", "/run/gunicorn.pid", "--bind", "127.0.0.1:PORT",
			"--workers", "2", "--worker-class", "gthread", "--access-logfile", "/var/log/gunicorn/access.log",
			"--error-logfile", "/var/log/gunicorn/error.log", "--worker-tmp-dir", "/run/", "--chdir", "/srv/", "app:app",
		},
		files: map[string]string{"/srv/app.py": `
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
`},
		policy: `[log.gunicorn]
paths     = ["/var/log/gunicorn/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"
create    = { mode = "0640", owner = "www-data", group = "adm" }

[[log.gunicorn.notify]]
pidfile = "/run/gunicorn.pid"
signal  = "SIGUSR1"
`,
		log:     "/var/log/gunicorn/access.log",
		owns:    []string{"/var/log/gunicorn/"},
		connect: web,
	},
	{
		name:    "pino",
		version: []string{"node", "-p", "require('/usr/local/lib/node_modules/pino/package.json').version"},
		argv:    []string{"node", "/srv/server.js"},
		files: map[string]string{"/srv/server.js": `
const fs = require('node:fs');
const pino = require('/usr/local/lib/node_modules/pino');
const file = pino.destination('/var/log/api/api.log');
const logger = pino(file);
process.on('SIGUSR2', () => file.reopen());
require('node:http').createServer((request, response) => {
  logger.info(request.url);
  response.end('hello');
}).listen(PORT, '127.0.0.1');
fs.writeFileSync('/run/api.pid', process.pid + '\n');
`},
		policy: `[log.api]
paths     = ["/var/log/api/*.log"]
frequency = "daily"
rotate    = 14
compress  = "zstd"

[[log.api.notify]]
pidfile = "/run/api.pid"
signal  = "SIGUSR2"
exe     = "/usr/bin/node"
`,
		log:     "/var/log/api/api.log",
		connect: web,
	},
	{
		name:    "PM2",
		version: []string{"node", "-p", "require('/usr/local/lib/node_modules/pm2/package.json').version"},
		argv: []string{"sh", "-c", `
node /usr/local/lib/node_modules/pm2/lib/Daemon.js &
until [ -S /home/api/.pm2/rpc.sock ]; do sleep 0.1; done
node /usr/local/lib/node_modules/pm2/bin/pm2 start /srv/server.js --name api -i 2 --merge-logs --output /home/api/.pm2/logs/api.log
wait
`},
		files: map[string]string{"/srv/server.js": `
require('node:http').createServer((request, response) => {
  console.log(request.url);
  response.end('hello');
}).listen(PORT, '127.0.0.1');
`},
		policy: `[log.pm2]
paths     = ["/home/api/.pm2/logs/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"

[[log.pm2.notify]]
pidfile = "/home/api/.pm2/pm2.pid"
signal  = "SIGUSR2"
`,
		log:     "/home/api/.pm2/logs/api.log",
		connect: web,
		loses:   "its reload drops what it has queued",
	},
	{
		name:    "Redis",
		version: []string{"redis-server", "--version"},
		argv:    []string{"redis-server", "/etc/redis.conf"},
		files: map[string]string{"/etc/redis.conf": `
bind 127.0.0.1
port PORT
dir /var/lib/
logfile /var/log/redis/redis-server.log
save ""
enable-debug-command local
`},
		policy: `[log.redis]
paths     = ["/var/log/redis/*.log"]
frequency = "daily"
rotate    = 14
ifempty   = false
compress  = "zstd"
`,
		log:     "/var/log/redis/redis-server.log",
		connect: redis,
	},
}
