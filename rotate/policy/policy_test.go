package policy

import (
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// everything sets every key of a policy; what contradicts itself is in several
// of them.
const everything = `
[log.renamed]
paths         = ["/var/log/app/*.log", "/srv//app/./**/out"]
exclude       = ["/var/log/app/debug.log"]
missingok     = true
frequency     = "weekly monday"
minsize       = "1M"
maxsize       = 209715200
minage        = 2
ifempty       = false
create        = { mode = "0640", owner = "root", group = 0 }
olddir        = "archive/"
createolddir  = { mode = "2750", group = "root" }
dateext       = true
dateformat    = "-%Y%m%d-%s"
dateyesterday = true
extension     = ".log"
rotate        = 14
maxage        = "90d"
maxtotal      = "20GiB"
keepfree      = "512KB"
compress      = "zstd"
delaycompress = true
sharedscripts = true
firstaction   = "first"
prerotate     = "  \n"
postrotate    = '''
kill -HUP 1
exit 0
'''
lastaction    = "last"
preremove     = "remove"
allowhardlink = true
su            = { user = "root", group = "adm" }
mail          = "root"
mailfirst     = true
shred         = true
timeout       = "1h"

[[log.renamed.notify]]
pidfile = "/run/app/*.pid"
signal  = "usr1"
wait    = "1m30s"
exe     = "/usr/bin/node"
user    = "root"

[[log.renamed.notify]]
command = ["squid", "-k", "rotate"]

[log.copied]
paths        = ["/c"]
frequency    = "every 6h"
copytruncate = true
copy         = false
create       = false
createolddir = false
olddir       = "/var/old/."
start        = 0
addextension = ".old"
rotate       = 0
compress     = { command = "xz -9", uncompress = "xz -d", ext = ".xz" }
notify       = [{ pidfile = "/run/c.pid" }]

[log.sized]
paths       = ["/s"]
size        = "1k"
copy        = true
dateext     = true
datehourago = true
keepfree    = 1
compress    = { method = "gzip", level = 9 }
su          = "auto"
shred       = 5
`

func TestEveryKey(t *testing.T) {
	t.Parallel()
	got, err := Parse("f", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, col int) Position { return Position{"f", line, col} }
	want := []*Policy{{
		Name:          "renamed",
		Pos:           at(2, 1),
		Paths:         []Pattern{{"/var/log/app/*.log", at(3, 18)}, {"/srv/app/**/out", at(3, 40)}},
		Exclude:       []Pattern{{"/var/log/app/debug.log", at(4, 18)}},
		MissingOK:     true,
		Frequency:     Frequency{Unit: Weekly, Day: 1},
		MinSize:       1 << 20,
		MaxSize:       200 << 20,
		MinAge:        48 * time.Hour,
		Create:        &Create{Mode: 0o640, UID: 0, GID: 0},
		OldDir:        "archive",
		MakeDir:       &Create{Mode: 0o2750, UID: -1, GID: 0},
		Start:         1,
		DateExt:       true,
		DateFormat:    "-%Y%m%d-%s",
		DateYesterday: true,
		Extension:     ".log",
		Rotate:        14,
		MaxAge:        90 * 24 * time.Hour,
		MaxTotal:      20 << 30,
		KeepFree:      512 << 10,
		Compress:      Compression{Method: "zstd", Ext: ".zst"},
		DelayCompress: true,
		Scripts: Scripts{
			First: "first", Post: "kill -HUP 1\nexit 0\n", Last: "last", PreRemove: "remove", Shared: true,
		},
		Notify: []Target{{
			Pos:     at(40, 1),
			Pidfile: "/run/app/*.pid",
			Signal:  syscall.SIGUSR1,
			Wait:    90 * time.Second,
			Match:   Match{Exe: "/usr/bin/node", User: "root"},
		}, {
			Pos:     at(47, 1),
			Command: []string{"squid", "-k", "rotate"},
			Wait:    10 * time.Second,
		}},
		AllowHardLink: true,
		Su:            &User{UID: 0, GID: 4},
		Mail:          "root",
		MailFirst:     true,
		Shred:         3,

		Timeout:          time.Hour,
		IgnoreDuplicates: true,
	}, {
		Name:         "copied",
		Pos:          at(50, 1),
		Paths:        []Pattern{{"/c", at(51, 17)}},
		Frequency:    Frequency{Unit: Interval, Day: AnyDay, Every: 6 * time.Hour},
		IfEmpty:      true,
		Method:       CopyTruncate,
		OldDir:       "/var/old",
		DateFormat:   "-%Y%m%d%H",
		AddExtension: ".old",
		Compress:     Compression{Method: "command", Command: []string{"xz", "-9"}, Uncompress: []string{"xz", "-d"}, Ext: ".xz"},
		Notify:       []Target{{Pos: at(62, 17), Pidfile: "/run/c.pid", Signal: syscall.SIGUSR2, Wait: 10 * time.Second}},

		Timeout:          defaultTimeout,
		IgnoreDuplicates: true,
	}, {
		Name:        "sized",
		Pos:         at(64, 1),
		Paths:       []Pattern{{"/s", at(65, 16)}},
		Size:        1024,
		IfEmpty:     true,
		Method:      Copy,
		Start:       1,
		DateExt:     true,
		DateFormat:  "-%Y%m%d",
		DateHourAgo: true,
		Rotate:      -1,
		KeepFree:    1,
		Compress:    Compression{Method: "gzip", Level: 9, Ext: ".gz"},
		Shred:       5,
		Su:          &User{Auto: true},

		Timeout:          defaultTimeout,
		IgnoreDuplicates: true,
	}}
	if len(got) != len(want) {
		t.Fatalf("%d policies, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("policy %s\ngot  %+v\nwant %+v", want[i].Name, got[i], want[i])
		}
	}
}

// TestEverythingIsEverything keeps the test above true when a key is added.
func TestEverythingIsEverything(t *testing.T) {
	t.Parallel()
	policies, err := Parse("f", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policyKeyNames() {
		if !strings.Contains(everything, "\n"+name+" ") && name != "notify" {
			t.Errorf("no policy sets %s", name)
		}
	}
	var unset func(at string, values []reflect.Value)
	unset = func(at string, values []reflect.Value) {
		if values[0].Kind() == reflect.Struct {
			for i := range values[0].NumField() {
				var fields []reflect.Value
				for _, v := range values {
					fields = append(fields, v.Field(i))
				}
				unset(at+"."+values[0].Type().Field(i).Name, fields)
			}
			return
		}
		for _, v := range values {
			if !v.IsZero() {
				return
			}
		}
		if at != "Policy.Scripts.Pre" && at != "Policy.SkipOdd" && at != "Policy.Head" { // the one of blanks alone, and what only logrotate's syntax has
			t.Errorf("no policy sets %s", at)
		}
	}
	var values []reflect.Value
	for _, p := range policies {
		values = append(values, reflect.ValueOf(*p))
	}
	unset("Policy", values)
}

func TestFewestKeys(t *testing.T) {
	t.Parallel()
	got, err := Parse("f", []byte(`log.a = { paths = ["/a"], maxsize = "1M", maxage = 7 }`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		Name:       "a",
		Pos:        Position{"f", 1, 9},
		Paths:      []Pattern{{"/a", Position{"f", 1, 20}}},
		MaxSize:    1 << 20,
		IfEmpty:    true,
		Start:      1,
		DateFormat: "-%Y%m%d",
		Rotate:     -1,
		MaxAge:     7 * 24 * time.Hour,

		Timeout:          defaultTimeout,
		IgnoreDuplicates: true,
	}
	if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
}

func TestPoliciesKeepTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	const text = `defaults = { size = 1, rotate = 1 }
[log.z]
paths = ["/z"]
[log.b]
paths = ["/b"]
[log."a.b@c"]
paths = ["/a"]
`
	policies, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	if got := strings.Join(names, " "); got != "z b a.b@c" {
		t.Errorf("got %s", got)
	}
}
