package policy

import (
	"fmt"
	"strings"
	"testing"
)

// good is a policy without fault, for the slips to be made beneath it.
const good = "[log.a]\npaths = [\"/a\"]\nfrequency = \"daily\"\nrotate = 7\n"

// slip is a text and everything that is wrong with it, hints included.
type slip struct{ in, want string }

// slipsBelow are made beneath good, from line 5 on.
func slipsBelow() []slip {
	return []slip{
		{`frequncy = "daily"`, `5:1: unknown key "frequncy"
	hint: did you mean "frequency"?`},
		{`Rotate = 5`, `5:1: unknown key "Rotate"
	hint: did you mean "rotate"?`},
		{`nocompress = true`, `5:1: unknown key "nocompress"
	hint: write compress = false`},
		{`weekly = true`, `5:1: unknown key "weekly"
	hint: write frequency = "weekly"`},
		{`minutes = 5`, `5:1: unknown key "minutes"
	hint: write frequency = "every 15m"`},
		{`notifempty = true`, `5:1: unknown key "notifempty"
	hint: write ifempty = false`},
		{`nocreate = true`, `5:1: unknown key "nocreate"
	hint: write create = false`},
		{`nodateext = true`, `5:1: unknown key "nodateext"
	hint: write dateext = false`},
		{`noolddir = true`, `5:1: unknown key "noolddir"
	hint: write olddir = ""`},
		{`compresscmd = "xz"`, `5:1: unknown key "compresscmd"
	hint: write compress = { command = ["xz", "-9"], ext = ".xz" }`},
		{`uncompresscmd = "xz"`, `5:1: unknown key "uncompresscmd"
	hint: write compress = { command = ["xz"], uncompress = ["xz", "-d"], ext = ".xz" }`},
		{`nomail = true`, `5:1: unknown key "nomail"
	hint: write mail = ""`},
		{`maillast = true`, `5:1: unknown key "maillast"
	hint: write mailfirst = false`},
		{`mail = "-s x"`, `5:8: bad address "-s x"
	hint: for example mail = "root@example.com"`},
		{`mailfirst = true`, `5:1: mailfirst does nothing without mail
	hint: add mail = "root@example.com"`},
		{`noshred = true`, `5:1: unknown key "noshred"
	hint: write shred = false`},
		{`shredcycles = 5`, `5:1: unknown key "shredcycles"
	hint: write shred = 5`},
		{`shred = 101`, `5:9: shred must be from 0 to 100, not 101
	hint: for example shred = true`},
		{`shred = "3"`, `5:9: shred must be true, false or a whole number, not a string
	hint: for example shred = true`},
		{`su = "root adm"`, `5:6: su must be a table, "auto" or false
	hint: for example su = { user = "www-data", group = "adm" }`},
		{`su = true`, `5:6: su must be a table, "auto" or false
	hint: for example su = { user = "www-data", group = "adm" }`},
		{`su = { owner = "root" }`, `5:6: su has no user
	hint: for example su = { user = "www-data", group = "adm" }
5:6: su has no group
	hint: for example su = { user = "www-data", group = "adm" }
5:8: unknown key "owner"
	hint: did you mean "user"?`},
		{`su = { user = "nobody-here", group = 4 }`, `5:15: unknown user "nobody-here"
	hint: create the user first, or write its number`},
		{`renamecopy = true`, `5:1: unknown key "renamecopy"
	hint: remove it: a log is renamed first, and moved to another file system when its writers let go`},
		{`tabooext = ["x"]`, `5:1: unknown key "tabooext"
	hint: remove it: a folder that is included is read without the files that logrotate leaves out`},
		{`ignoreduplicates = true`, `5:1: unknown key "ignoreduplicates"
	hint: remove it: a log belongs to the first policy that has it`},
		{`endscript = 1`, `5:1: unknown key "endscript"
	hint: write a script of several lines between ''' and '''`},
		{`include = ["/etc/rotate.d"]`, `5:1: unknown key "include"
	hint: include belongs at the top of the file, above the first [table]`},
		{`owner = "root"`, `5:1: unknown key "owner"
	hint: write create = { mode = "0640", owner = "www-data", group = "adm" }`},
		{`signal = "HUP"`, `5:1: unknown key "signal"
	hint: write it beneath [[log.NAME.notify]]`},
		{`zzz = 1`, `5:1: unknown key "zzz"`},
		{`[log.b]
paths = "/b"
size = "1M"
rotate = 1`, `6:9: paths must be an array, not a string
	hint: for example paths = ["/var/log/app/*.log"]`},
		{`[log.b]
paths = ["~/b.log", "/", "/b/."]
size = "1M"
rotate = 1`, `6:10: "~/b.log" is not an absolute path
	hint: write the whole path, from "/"
6:21: "/" names a folder
	hint: add what the files are called, such as "/*.log"
6:26: "/b/." names a folder
	hint: add what the files are called, such as "/*.log"`},
		{`exclude = ["b.log", 5]`, `5:12: "b.log" is not an absolute path
	hint: write the whole path, from "/"
5:21: an element of exclude must be a string, not a whole number
	hint: for example exclude = ["/var/log/app/debug.log"]`},
		{`exclude = ["/b/", "/b/../c", "/b/x**", "/b/[a", "/b/{a,b/c}"]`, `5:12: "/b/" names a folder
	hint: add what the files are called, such as "/*.log"
5:19: "/b/../c" must not contain ".."
	hint: write the path that is meant
5:30: "**" in "/b/x**" is not alone between slashes
	hint: write "*" for part of a name, "/**/" for any number of folders
5:40: bad pattern "/b/[a"
	hint: close each "[" and "{" before the next "/"; a "\" before a character takes it as it is
5:49: bad pattern "/b/{a,b/c}"
	hint: close each "[" and "{" before the next "/"; a "\" before a character takes it as it is`},
		{`missingok = "yes"`, `5:13: missingok must be true or false, not a string
	hint: for example missingok = true`},
		{`maxage = "90"`, `5:10: duration "90" has no unit
	hint: a duration is a number and a unit, w, d, h, m, s or ms: "90d", "1h30m"`},
		{`maxage = "1.5h"`, `5:10: bad duration "1.5h"
	hint: a duration is a number and a unit, w, d, h, m, s or ms: "90d", "1h30m"`},
		{`maxage = 999999`, `5:10: maxage must be from 0 to 106751 days, not 999999
	hint: for example maxage = "90d"`},
		{`maxage = "30m1h"`, `5:10: bad duration "30m1h"
	hint: a duration is a number and a unit, w, d, h, m, s or ms: "90d", "1h30m"`},
		{`maxage = "99999999999999w"`, `5:10: duration "99999999999999w" is too long
	hint: for example maxage = "90d"`},
		{`maxage = -1`, `5:10: maxage must be from 0 to 106751 days, not -1
	hint: for example maxage = "90d"`},
		{`maxage = true`, `5:10: maxage must be a duration or a number of days, not true or false
	hint: for example maxage = "90d"`},
		{`maxsize = "10X"`, `5:11: bad size "10X"
	hint: a size is a whole number of bytes, or one with k, M, G or T: "200M"`},
		{`maxsize = "10m"`, `5:11: bad size "10m"
	hint: a size is a whole number of bytes, or one with k, M, G or T: "200M"`},
		{`maxsize = "9999999999G"`, `5:11: size "9999999999G" is too large
	hint: for example maxsize = "200M"`},
		{`maxsize = -1`, `5:11: maxsize must not be negative
	hint: for example maxsize = "200M"`},
		{`maxsize = 1.5`, `5:11: maxsize must be a size, not a number with a fraction
	hint: for example maxsize = "200M"`},
		{`minsize = "2G"
maxsize = "1G"`, `6:1: maxsize contradicts minsize on line 5
	hint: a log would always reach maxsize first: make minsize the smaller one`},
		{`size = "100M"`, `5:1: size contradicts frequency on line 3
	hint: size alone decides, whatever the day: keep one, or write frequency with maxsize for "or sooner, when larger"`},
		{"[log.b]\npaths = [\"/b\"]\nsize = 1\nminage = 1\nrotate = 1", `8:1: minage contradicts size on line 7
	hint: size alone decides: keep one, or write frequency with minage`},
		{"[log.b]\npaths = [\"/b\"]\nmaxsize = 1\nminage = 1\nrotate = 1", `8:1: minage does nothing without frequency
	hint: add frequency = "daily"`},
		{"olddir = \"a/..\"", `5:10: "a/.." must not contain ".."
	hint: write the absolute path`},
		{`rotate2 = "` + strings.Repeat("x", 9) + `"`, `5:1: unknown key "rotate2"
	hint: did you mean "rotate"?`},
		{strings.Repeat("x", 999) + " = 1", `5:1: unknown key "` + strings.Repeat("x", 999) + `"`},
		{`start = "1"`, `5:9: start must be a whole number, not a string
	hint: for example start = 0`},
		{"copy = true\ncopytruncate = true", `6:1: copytruncate contradicts copy on line 5
	hint: copytruncate empties the log after it was copied, copy leaves it as it is: keep one`},
		{"copytruncate = true\ncreate = true", `6:1: create contradicts copytruncate on line 5
	hint: the log stays in place, so there is nothing to create: keep one of the two`},
		{`create = { mode = "0640" }
copy = true`, `6:1: copy contradicts create on line 5
	hint: the log stays in place, so there is nothing to create: keep one of the two`},
		{`create = "0640"`, `5:10: create must be true, false or a table, not a string
	hint: for example create = { mode = "0640", owner = "www-data", group = "adm" }`},
		{`create = { mode = 640, user = "root" }`, `5:19: mode must be a string, not a whole number
	hint: for example mode = "0640"
5:24: unknown key "user"
	hint: did you mean "owner"?`},
		{`create = { mode = "0999", owner = "nosuchuser", group = "nosuchgroup" }`, `5:19: bad mode "0999"
	hint: for example mode = "0640"
5:35: unknown user "nosuchuser"
	hint: create the user first, or write its number
5:57: unknown group "nosuchgroup"
	hint: create the group first, or write its number`},
		{`create = { mode = "02640", owner = "", group = "4294967295" }`, `5:19: bad mode "02640"
	hint: for example mode = "0640"
5:36: unknown user ""
	hint: create the user first, or write its number
5:48: bad group "4294967295"
	hint: for example group = "adm"`},
		{`create = { mode = "2640", owner = -1 }`, `5:19: mode "2640" is more than 0777
	hint: for example mode = "0640"
5:35: unknown user "-1"
	hint: create the user first, or write its number`},
		{`createolddir = true`, `5:1: createolddir does nothing without olddir
	hint: add olddir = "archive"`},
		{`olddir = "../old"`, `5:10: "../old" must not contain ".."
	hint: write the absolute path`},
		{`start = -1`, `5:9: start must be from 0 to 2147483647, not -1
	hint: for example start = 0`},
		{`rotate = 5`, `5:1: key 'log.a.rotate' has already been defined
	hint: keep one`},
		{"start = 0\ndateext = true", `6:1: dateext contradicts start on line 5
	hint: archives have dates or numbers: keep one`},
		{`dateformat = "-%Y%m%d"`, `5:1: dateformat does nothing without dateext
	hint: add dateext = true`},
		{"dateyesterday = true\ndatehourago = true", `5:1: dateyesterday does nothing without dateext
	hint: add dateext = true
6:1: datehourago contradicts dateyesterday on line 5
	hint: keep one`},
		{`dateext = true
dateformat = "-%Y%m%Q"`, `6:14: unknown specifier "%Q" in dateformat "-%Y%m%Q"
	hint: the specifiers are %Y %m %d %H %M %S %V %G %y %j %u %w %U %W %g %s %z %%`},
		{`dateext = true
dateformat = "-%Y%m"`, `6:14: dateformat "-%Y%m" does not say the day, so archives cannot be put in order
	hint: for example "-%Y%m%d", or "-%Y%m%d%H" for hours`},
		{`dateext = true
dateformat = "%Y/%m/%d"`, `6:14: dateformat "%Y/%m/%d" must not contain "/" or a newline
	hint: archives go to another folder with olddir`},
		{`dateext = true
dateformat = "-%Y%m%d%"`, `6:14: a lone "%" in dateformat "-%Y%m%d%"
	hint: write "%%" for a percent sign`},
		{`dateext = true
dateformat = "-%G-%V"`, `6:14: dateformat "-%G-%V" does not say the day, so archives cannot be put in order
	hint: for example "-%Y%m%d", or "-%Y%m%d%H" for hours`},
		{`extension = "/x"`, `5:13: "/x" must not contain "/" or a newline
	hint: an ending is part of a name, such as ".log"`},
		{`extension = ".log"
addextension = ".log"`, `6:1: addextension contradicts extension on line 5
	hint: extension moves an ending that the log has, addextension adds one: keep one`},
		{`maxtotal = []`, `5:12: maxtotal must be a size, not an array
	hint: for example maxtotal = "20G"`},
		{`keepfree = 2020-01-01`, `5:12: keepfree must be a size, not a date
	hint: for example keepfree = "5G"`},
		{`compress = "xz"`, `5:12: xz is not built in
	hint: to run a program write compress = { command = ["xz"], ext = ".xz" }`},
		{`compress = "best"`, `5:12: unknown compression "best"
	hint: "gzip", "zstd", or a program: { command = ["xz", "-9"], ext = ".xz" }`},
		{`compress = 9`, `5:12: compress must be "gzip", "zstd", true, false or a table, not a whole number
	hint: for example compress = "zstd"`},
		{`compress = { command = "xz -9" }`, `5:12: compress has no ext
	hint: for example compress = { command = ["xz", "-9"], ext = ".xz" }`},
		{`compress = { command = "xz | pv", ext = "xz", level = 3 }`, `5:24: no shell reads the command, and "xz | pv" needs one
	hint: write an array, such as ["xz", "-9"]
5:41: bad ext "xz"
	hint: write a dot and letters, such as ".xz"
5:47: level is not for compress with a command
	hint: remove one of the two`},
		{`compress = { command = [], ext = ".1" }`, `5:24: command is empty
	hint: for example command = ["xz", "-9"]
5:34: bad ext ".1"
	hint: write a dot and letters, such as ".xz"`},
		{`compress = { command = ["./xz"], ext = ".xz" }`, `5:24: "./xz" is a relative path
	hint: write the absolute path, or the name of a program in the PATH`},
		{`delaycompress = true`, `5:1: delaycompress does nothing without compress
	hint: add compress = "gzip"`},
		{`sharedscripts = true`, `5:1: sharedscripts does nothing without prerotate or postrotate
	hint: remove it, or add the script`},
		{`postrotate = ["a"]`, `5:14: postrotate must be a string, not an array
	hint: for example postrotate = "app-ctl reopen"`},
		{`notify = 5`, `5:10: notify must be an array, not a whole number
	hint: for example notify = [{ pidfile = "/run/app.pid", signal = "SIGUSR1" }]`},
		{`notify = [{ command = [""] }]`, `5:23: command is empty
	hint: for example command = ["systemctl", "reload", "app"]`},
		{`notify = [{ command = [] }]`, `5:23: command is empty
	hint: for example command = ["systemctl", "reload", "app"]`},
		{`notify = [{ command = ["a", 5] }]`, `5:29: an element of command must be a string, not a whole number
	hint: for example command = ["systemctl", "reload", "app"]`},
		{`create = 2020-01-01`, `5:10: create must be true, false or a table, not a date
	hint: for example create = { mode = "0640", owner = "www-data", group = "adm" }`},
		{`compress = ["xz"]`, `5:12: compress must be "gzip", "zstd", true, false or a table, not an array
	hint: for example compress = "zstd"`},
		{`compress = {}`, `5:12: compress has neither a method nor a command
	hint: for example compress = "zstd"`},
		{`compress = { method = "gzip", level = 10 }`, `5:31: level of gzip must be from 1 to 9, not 10`},
		{`compress = { method = "xz" }`, `5:23: xz is not built in
	hint: to run a program write compress = { command = ["xz"], ext = ".xz" }`},
		{`compress = { method = "gzip", command = ["xz"], ext = ".xz" }`, `5:14: method is not for compress with a command
	hint: remove one of the two`},
		{`compress = { method = "gzip", uncompress = ["xz", "-d"] }`, `5:31: uncompress is not for compress with a method
	hint: remove one of the two`},
		{`dateext = true
dateformat = ""`, `6:14: dateformat "" does not say the day, so archives cannot be put in order
	hint: for example "-%Y%m%d", or "-%Y%m%d%H" for hours`},
		{`postrotate = "a\u0000b"`, `5:14: postrotate must not contain a zero byte`},
		{`notify = "x"`, `5:10: notify must be an array, not a string
	hint: for example notify = [{ pidfile = "/run/app.pid", signal = "SIGUSR1" }]`},
		{`notify = [{}, { pidfile = "/a", command = ["b"] }]`, `5:11: notify has neither a pidfile, a unit nor a command
	hint: add pidfile = "/run/app.pid", unit = "app.service", or command = ["systemctl", "reload", "app"]
5:33: command contradicts pidfile and unit
	hint: write two [[log.NAME.notify]] tables to have both`},
		{`notify = [{ pidfile = "a.pid", signal = "KILL" }, 5]`, `5:23: "a.pid" is not an absolute path
	hint: write the whole path, from "/"
5:41: SIGKILL cannot be caught: no service reopens its logs on it
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:51: an element of notify must be a table, not a whole number
	hint: for example notify = [{ pidfile = "/run/app.pid", signal = "SIGUSR1" }]`},
		{`notify = [{ pidfile = "/a", signal = "sigstop" }, { pidfile = "/a", signal = 15 }]`, `5:38: SIGSTOP cannot be caught: no service reopens its logs on it
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:78: SIGTERM ends a program
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual; to restart a service, write command = ["systemctl", "restart", "NAME"]`},
		{`notify = [{ pidfile = "/a", signal = 0 }, { pidfile = "/a", signal = "HUPP" }, { pidfile = "/a", signal = "SIGTSTP" }]`, `5:38: signal 0 tells a service nothing
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:70: unknown signal "HUPP"
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:107: SIGTSTP stops a program
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual`},
		{`notify = [{ pidfile = "/a", signal = 33 }, { pidfile = "/a", signal = "RTMAX+1" }, { pidfile = "/a", signal = true }]`, `5:38: unknown signal "33"
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:71: unknown signal "RTMAX+1"
	hint: services reopen their logs on "SIGHUP", "SIGUSR1" or "SIGUSR2"; see the service's manual
5:111: signal must be a name or a number, not true or false
	hint: for example signal = "SIGUSR1"`},
		{`notify = [{ command = "squid -k rotate" }]`, `5:23: command must be an array, not a string
	hint: for example command = ["systemctl", "reload", "app"]`},
		{`notify = [{ command = ["squid"], signal = "HUP", exe = "/x", user = "root" }]`, `5:34: signal is for the process that a pidfile or a unit names, and there is none
	hint: remove signal, or write a pidfile or a unit instead of the command
5:50: exe is for the process that a pidfile or a unit names, and there is none
	hint: remove exe, or write a pidfile or a unit instead of the command
5:62: user is for the process that a pidfile or a unit names, and there is none
	hint: remove user, or write a pidfile or a unit instead of the command`},
		{`notify = [{ pidfile = "/a", exe = "node", user = "nosuchuser", wait = 10 }]`, `5:35: "node" is not an absolute path
	hint: write the whole path, from "/"
5:50: unknown user "nosuchuser"
	hint: create the user first, or write its number
5:71: wait must be a string, not a whole number
	hint: for example wait = "10s"`},
		{`notify = [{ unit = "a.socket" }, { unit = "a b" }, { unit = "/a" }, { unit = "" }]`, `5:20: "a.socket" is not a service: it has no main process
	hint: name the service that writes the log
5:43: "a b" is not the name of a unit
	hint: write its name, such as "app.service"
5:61: "/a" is not the name of a unit
	hint: write its name, such as "app.service"
5:78: "" is not the name of a unit
	hint: write its name, such as "app.service"`},
		{`notify = [{ userunit = "a" }, { userunit = "a", user = "root", unit = "b" }, { unit = "a", command = ["b"] }]`, `5:13: userunit does not say whose it is
	hint: add user = "NAME"
5:33: userunit contradicts pidfile and unit
	hint: write two [[log.NAME.notify]] tables to have both
5:92: command contradicts pidfile and unit
	hint: write two [[log.NAME.notify]] tables to have both`},
		{`notify = [{ pidfile = "/a", rotate = 5, sginal = "HUP" }]`, `5:29: unknown key "rotate"
	hint: keys beneath [[log.NAME.notify]] belong to it: move rotate up, beneath [log.NAME]
5:41: unknown key "sginal"
	hint: did you mean "signal"?`},
		{`notify = { pidfile = "/a" }`, `5:10: notify must be an array of tables, not a table
	hint: write [[log.NAME.notify]], with two brackets`},
		{`[[log.a.notify]]
pidfile = "/a"
maxage = "1d"
q = 1`, `7:1: unknown key "maxage"
	hint: keys beneath [[log.NAME.notify]] belong to it: move maxage up, beneath [log.NAME]
8:1: unknown key "q"`},
		{`[log.b]`, `5:1: the policy names no logs
	hint: add paths = ["/var/log/app/*.log"]
5:1: nothing says when the logs are rotated
	hint: add frequency = "daily", size = "100M" or maxsize = "100M", here or in [defaults]
5:1: nothing says how long archives are kept
	hint: add rotate = 14 (archives of each log), maxage = "90d", maxtotal = "20G" or keepfree = "5G", here or in [defaults]; rotate = -1 keeps all`},
		{`[log.b]
paths = ["/a"]
size = 1
rotate = 1`, `6:10: "/a" is already a path on line 2
	hint: keep one`},
		{`[log."b c"]
paths = ["/b"]
size = 0
rotate = 1`, `5:6: bad name "b c" for a policy
	hint: letters and digits, and . _ - @ : + after the first
7:8: size must be at least 1 byte
	hint: to turn a log at every run write size = 1`},
		{`[log.b]
paths = ["/b", "//b"]
size = 1`, `5:1: nothing says how long archives are kept
	hint: add rotate = 14 (archives of each log), maxage = "90d", maxtotal = "20G" or keepfree = "5G", here or in [defaults]; rotate = -1 keeps all
6:16: "/b" is already a path on line 6
	hint: keep one`},
		{`[log.b]
paths = []
frequency = "dayly"`, `5:1: the policy names no logs
	hint: add paths = ["/var/log/app/*.log"]
5:1: nothing says how long archives are kept
	hint: add rotate = 14 (archives of each log), maxage = "90d", maxtotal = "20G" or keepfree = "5G", here or in [defaults]; rotate = -1 keeps all
7:13: unknown frequency "dayly"
	hint: one of "hourly", "daily", "weekly", "weekly monday", "monthly", "monthly 15", "yearly", "every 15m"`},
		{`[log.b]
paths = ["/b"]
frequency = "weekly funday"
rotate = 1`, `7:13: unknown day of the week "funday"
	hint: a day is a name, "weekly monday", or 0 (Sunday) to 6, or 7 for every seven days`},
		{`[log.b]
paths = ["/b"]
frequency = "monthly 32"
rotate = 1`, `7:13: bad day of the month "32"
	hint: a day is a number from 1 to 31, and in a shorter month its last: "monthly 15"`},
		{`[log.b]
paths = ["/b"]
frequency = "daily 5"
rotate = 1`, `7:13: daily takes no day
	hint: write "daily"`},
		{`[log.b]
paths = ["/b"]
frequency = "every 10s"
rotate = 1`, `7:13: "every 10s" is too often
	hint: write at least "every 1m": cron starts nothing more often`},
		{`[log.b]
paths = ["/b"]
frequency = "every day"
rotate = 1`, `7:13: bad duration "day"
	hint: a duration is a number and a unit, w, d, h, m, s or ms: "90d", "1h30m"`},
		{`[log.b]
paths = ["/b"]
size = 1
minsize = 1
maxsize = 1
rotate = 1`, `8:1: minsize contradicts size on line 7
	hint: size alone decides: keep one, or write frequency with minsize
9:1: maxsize contradicts size on line 7
	hint: both turn a log that is larger: keep one`},
		{`[log.b]
paths = ["/b"]
minsize = 1
maxsize = 2
rotate = 1`, `7:1: minsize does nothing without frequency
	hint: add frequency = "daily", or write size instead`},
		{`[[log.c]]
paths = ["/b"]`, `5:1: log.c must be a table, not an array
	hint: write [log.c], with one pair of brackets`},
		{`[defaults]
paths = ["/b"]
exclude = []
size=1
frequency = "daily"`, `6:1: paths cannot be a default
	hint: write it in each [log.NAME] table
7:1: exclude cannot be a default
	hint: write it in each [log.NAME] table
9:1: frequency contradicts size on line 8
	hint: size alone decides, whatever the day: keep one, or write frequency with maxsize for "or sooner, when larger"`},
		{`[defaults]
dateext = false
dateformat = "-%s"
compress = true
delaycompress = true`, `7:1: dateformat does nothing without dateext, which line 6 switches off
	hint: remove one of the two`},
	}
}

// slipsAlone are whole files.
func slipsAlone() []slip {
	return []slip{
		{`paths = ["/a"]
`, `1:1: unknown key "paths"
	hint: write it beneath [defaults] or [log.NAME]`},
		{"rotate = 5\ndaily = true\ninclde = []\n", `1:1: unknown key "rotate"
	hint: write it beneath [defaults] or [log.NAME]
2:1: unknown key "daily"
	hint: write frequency = "daily"
3:1: unknown key "inclde"
	hint: did you mean "include"?`},
		{`include = "/etc/rotate.d"
`, `1:11: include must be an array, not a string
	hint: for example include = ["/etc/rotate.d"]`},
		{`include = ["", "[", 5]
`, `1:12: bad pattern ""
	hint: for example include = ["/etc/rotate.d"]
1:16: bad pattern "["
	hint: for example include = ["/etc/rotate.d"]
1:21: an element of include must be a string, not a whole number
	hint: for example include = ["/etc/rotate.d"]`},
		{`include = ["/etc/rotate.d"]
[defaults]
rotat = 5
`, `1:12: include is not followed: its files would inherit defaults that are in error
	hint: mend [defaults]
3:1: unknown key "rotat"
	hint: did you mean "rotate"?`},
		{"[logs.a]\n[default]\n", `1:2: unknown key "logs"
	hint: did you mean "log"?
2:2: unknown key "default"
	hint: did you mean "defaults"?`},
		{"log = 5\ndefaults = 5\n", `1:7: log must be a table of tables, not a whole number
	hint: write [log.NAME], with a name of your choice
2:12: defaults must be a table, not a whole number`},
		{`[log]
paths = ["/a"]
`, `2:1: paths is not in a policy
	hint: write [log.NAME], with a name of your choice, above it`},
		{"frequency = daily\n", `1:13: expected value but found "daily" instead
	hint: put text in quotes: frequency = "daily"`},
		{"[log.a]\nsize = 100M\n", `2:11: expected a top-level item to end with a newline, comment, or EOF, but got 'M' instead
	hint: put text, and numbers with a unit, in quotes: size = "100M"`},
		{"[log.a]\nmode = 0640\n", `2:8: invalid integer "0640": cannot have leading zeroes
	hint: put a mode in quotes: mode = "0640"`},
		{"/var/log/x.log {\n  daily\n}\n", `1:1: expected '.' or '=', but got '/' instead
	hint: every line is a [table], a "key = value" or a # comment; the file's name says that it is TOML, not logrotate's syntax`},
		{"[log.a\n", `1:7: expected '.' or ']' to end table name, but got '\n' instead`},
		{`[log.a]
paths = ["/a",
  "/b"
size = 5
`, `4:1: expected a comma (',') or array terminator (']'), but got 's'`},
		{`[log.a]
postrotate = "kill
-HUP"
`, `2:19: strings cannot contain newlines
	hint: write a text of several lines between ''' and '''`},
		{`[log.a]
postrotate = """
  sed s/\d//
"""
`, `3:10: invalid escape in string '\d'
	hint: write '…' or '''…''' instead of "…": nothing is an escape there`},
		{"[log.a]\nrotate = 1\nrotate = 2\n", `3:1: key 'log.a.rotate' has already been defined
	hint: keep one`},
		{"[log.a]\n[log.b]\n[log.a]\n", `3:2: key 'log.a' has already been defined
	hint: keep one`},
		{`[log.a]
create.mode = "0640"
create = true
`, `3:1: the key is already set
	hint: keep one`},
		{"[[log.a.notify]]\n[log.a]\nnotify.signal = 1\n", `3:1: the key is already set
	hint: keep one`},
		{"a = \"\xff\"\n", `1:5: invalid UTF-8 byte: 0xff`},
		{"\xff\xfea\x00", `1:1: the file is in UTF-16
	hint: save it as UTF-8`},
		{"\xfe\xffa = 1", `1:1: the file is in UTF-16
	hint: save it as UTF-8`},
		{"\x00", `1:1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8`},
		{"a = " + strings.Repeat("[", 100), `1:37: nested too deeply`},
		{strings.Repeat("a.", 100) + "a = 1\n", `1:66: nested too deeply`},
		{`# éé
"éé" = { "é" = 1 } x
`, `2:22: expected a top-level item to end with a newline, comment, or EOF, but got 'x' instead
	hint: put text, and numbers with a unit, in quotes: size = "100M"`},
		{"\ufeff\ufeff# x\nzz = 1\n", `2:1: unknown key "zz"
	hint: the keys here are include, defaults, log`},
	}
}

// describe writes errors as the tables above do.
func describe(err error) string {
	if err == nil {
		return "no error"
	}
	var lines []string
	for _, e := range err.(Errors) {
		lines = append(lines, fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Col, e.Text))
		if e.Hint != "" {
			lines = append(lines, "\thint: "+e.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	check := func(in, want string) {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			policies, err := Parse("file.toml", []byte(in))
			if got := describe(err); got != want {
				t.Errorf("in\n%s\ngot\n%s\nwant\n%s", in, got, want)
			}
			if policies != nil {
				t.Errorf("in\n%s\n%d policies of a file in error", in, len(policies))
			}
		})
	}
	for _, s := range slipsBelow() {
		check(good+s.in+"\n", s.want)
	}
	for _, s := range slipsAlone() {
		check(s.in, s.want)
	}
}

func TestErrorPrintsItsPlace(t *testing.T) {
	t.Parallel()
	_, err := Parse("/etc/rotate.toml", []byte("a = 1\nb = 1\n"))
	want := "/etc/rotate.toml:1:1: unknown key \"a\"\n/etc/rotate.toml:2:1: unknown key \"b\""
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
