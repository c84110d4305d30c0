package policy

import (
	"syscall"
	"testing"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Target{
		`unit = "nginx"`: {Unit: "nginx.service", Signal: syscall.SIGUSR2},
		`unit = "getty@tty1.service"` + "\nsignal = 1": {Unit: "getty@tty1.service", Signal: syscall.SIGHUP},
		`unit = "php8.2-fpm"`:                          {Unit: "php8.2-fpm.service", Signal: syscall.SIGUSR2},
		"userunit = \"api\"\nuser = \"root\"":          {Unit: "api.service", UserUnit: true, Signal: syscall.SIGUSR2, Match: Match{User: "root"}},
		"unit = \"a\"\npidfile = \"/p\"":               {Pidfile: "/p", Signal: syscall.SIGUSR2, Match: Match{Unit: "a.service"}},
		"unit = \"a\"\nexe = \"/e\"\ncgroup = \"/c/\"": {Unit: "a.service", Signal: syscall.SIGUSR2, Match: Match{Exe: "/e", Cgroup: "/c"}},
	} {
		policies, err := Parse("x", []byte(good+"[[log.a.notify]]\n"+text+"\n"))
		if err != nil {
			t.Errorf("%s\n%s", text, describe(err))
			continue
		}
		got := policies[0].Notify[0]
		if got.Key() != want.Key() || got.Wait != defaultWait || !got.Signals() {
			t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}
