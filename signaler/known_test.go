package signaler

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// called is a process under a command name that handles every signal asked for.
func called(t *testing.T, name string) *child {
	t.Helper()
	c := play(t, "handler", "COMM="+name)
	c.ping()
	return c
}

func TestKnownServices(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string // of the process
		sig   syscall.Signal
		fine  bool   // it gets the signal
		doubt string // what is said about that
		hint  string
	}{
		{"nginx", unix.SIGUSR1, true, "", ""},
		{"nginx", unix.SIGUSR2, false, "starts a second nginx", "nginx reopens its logs on SIGUSR1"},
		{"nginx", unix.SIGWINCH, false, "stops its workers", "nginx reopens its logs on SIGUSR1"},
		{"haproxy", unix.SIGUSR1, false, "stops when", "tell the syslog daemon"},
		{"haproxy", unix.SIGUSR2, true, "reloads", "tell the syslog daemon"},
		{"lighttpd", unix.SIGUSR1, true, "restarts", "lighttpd reopens its logs on SIGHUP"},
		{"php-fpm8.2", unix.SIGUSR2, true, "reloads", "php-fpm reopens its logs on SIGUSR1"},
		{"apache2", unix.SIGWINCH, false, "stops", "Apache reopens its logs on SIGUSR1 or SIGHUP"},
		{"traefik", unix.SIGHUP, false, "ends", "Traefik reopens its logs on SIGUSR1"},
		{"node", unix.SIGUSR1, true, "opens its debugger", "see the manual of Node.js"},
		{"PM2 v7.0.3: Go", unix.SIGUSR2, true, "", ""},
		{"gunicorn: maste", unix.SIGUSR2, false, "starts a second gunicorn", "SIGUSR1"},
		{"mongod", unix.SIGUSR1, true, "", ""},
		{"fail2ban-server", unix.SIGUSR1, true, "", ""},
		{"supervisord", unix.SIGHUP, false, "ends all that it runs", "Supervisor reopens its logs on SIGUSR2"},
		{"chronyd", unix.SIGHUP, false, "ends", "run chronyc cyclelogs"},
		{"smbd", unix.SIGHUP, true, "its helpers do not", "run systemctl kill --signal=HUP smbd"},
		{"nginx-of-mine", unix.SIGUSR2, true, "", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name+" "+unix.SignalName(tc.sig), func(t *testing.T) {
			t.Parallel()
			c := called(t, tc.name)
			p := open(t, pidfileOf(t, c.pid()))
			doubt := p.Doubt(tc.sig)
			if tc.doubt == "" && doubt != nil {
				t.Errorf("doubted: %v", doubt)
			}
			for _, err := range []error{p.Check(tc.sig, Match{}), p.Signal(tc.sig)} {
				if tc.fine {
					must(t, err)
					continue
				}
				refuses(t, err, Harmful)
				doubt = err
			}
			if tc.doubt != "" {
				refuses(t, doubt, Harmful)
				if e := doubt.(*Error); !strings.Contains(e.Text, tc.doubt) || !strings.Contains(e.Hint, tc.hint) {
					t.Errorf("said %q, hint %q", e.Text, e.Hint)
				}
			}
			c.ping()
		})
	}
}

// A program is known by its file as well as by what it calls itself.
func TestKnownByProgram(t *testing.T) {
	cat, err := exec.LookPath("cat")
	must(t, err)
	program := filepath.Join(folder(t), "haproxy")
	must(t, exec.Command("cp", cat, program).Run())
	c := start(t, exec.Command("sh", "-c", `trap "" USR1; exec "$0"`, program))
	c.ping()
	refuses(t, open(t, pidfileOf(t, c.pid())).Check(unix.SIGUSR1, Match{}), Harmful)
}

func TestIgnoredSignalIsDoubted(t *testing.T) {
	t.Parallel()
	c := start(t, exec.Command("sh", "-c", `trap "" USR2; exec cat`))
	c.ping()
	p := open(t, pidfileOf(t, c.pid()))
	must(t, p.Check(unix.SIGUSR2, Match{}))
	refuses(t, p.Doubt(unix.SIGUSR2), Harmful)
	must(t, p.Doubt(unix.SIGUSR1))
}

func TestServicesAreRight(t *testing.T) {
	t.Parallel()
	for _, s := range Services() {
		if s.Name == "" || s.process == nil || len(s.Reopen) == 0 && s.Instead == "" && len(s.harms) == 0 {
			t.Errorf("incomplete: %+v", s)
		}
		if s.Pidfile != "" && !filepath.IsAbs(s.Pidfile) {
			t.Errorf("%s: pidfile %q", s.Name, s.Pidfile)
		}
		for _, h := range s.harms {
			for _, sig := range s.Reopen {
				if h.sig == sig {
					t.Errorf("%s: %s both reopens and harms", s.Name, unix.SignalName(sig))
				}
			}
		}
	}
	for name, want := range map[string]string{
		"nginx": "/run/nginx.pid", "php8.2-fpm": "/run/php/php8.2-fpm.pid", "php-fpm8.2": "/run/php/php8.2-fpm.pid",
		"mysql": "/run/mysqld/mysqld.pid", "nothing": "", "rsyslog": "",
	} {
		got := ""
		for _, s := range Services() {
			if s.Is(name) {
				got = s.PidfileOf(name)
			}
		}
		if got != want {
			t.Errorf("%s: pidfile %q, want %q", name, got, want)
		}
	}
}

func TestHintNamesTheUnit(t *testing.T) {
	t.Parallel()
	p := &Process{path: "/run/php/php8.2-fpm.pid", sight: sight{cgroup: "/system.slice/php8.2-fpm.service"}}
	if got, want := p.remedy(), `write unit = "php8.2-fpm.service" instead of the pidfile`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, cgroup := range []string{"/", "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service", "/user.slice/user-1000.slice/session-" + strconv.Itoa(3) + ".scope"} {
		p.cgroup = cgroup
		if got := p.remedy(); strings.Contains(got, "unit") {
			t.Errorf("%s: got %q", cgroup, got)
		}
	}
}
