package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rotate/rotate"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// Who still writes decides what to look into.
func TestHintOnAWriterThatStays(t *testing.T) {
	t.Parallel()
	target := policy.Target{Pidfile: "/run/a.pid", Signal: 12}
	told := &rotate.TargetReport{Target: target, Told: []*rotate.Told{{PID: 10, Name: "node"}}}
	missing := &rotate.TargetReport{Target: target, Missing: true}
	with := &policy.Policy{Name: "a", Notify: []policy.Target{target}}
	for _, c := range []struct {
		name    string
		policy  *policy.Policy
		target  *rotate.TargetReport
		settled rotate.Settled
		want    string
	}{
		{"who was told", with, told, heldBy(signaler.Holder{PID: 10}), "it got SIGUSR2"},
		{"a worker of who was told", with, told, heldBy(signaler.Holder{PID: 11, PPID: 10}), "its master 10 got SIGUSR2"},
		{"somebody else", with, told, heldBy(signaler.Holder{PID: 20, PPID: 1}), "neither this process nor its parent"},
		{"no pidfile", with, missing, heldBy(signaler.Holder{PID: 20}), "there is no /run/a.pid"},
		{"nobody to tell", &policy.Policy{Name: "a"}, told, heldBy(signaler.Holder{PID: 20}), "[[log.a.notify]]"},
		{"not seen, and not all looked at", with, told, rotate.Settled{Status: signaler.Held}, "run as root"},
		{"not seen", with, told, rotate.Settled{Status: signaler.Held, Complete: true}, "container"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &rotate.Report{Targets: []*rotate.TargetReport{c.target}}
			if got := holdHint(r, &rotate.LogReport{Policy: c.policy}, &c.settled); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

func heldBy(h ...signaler.Holder) rotate.Settled {
	return rotate.Settled{Status: signaler.Held, Holders: h, Complete: true}
}

func TestHoldersAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		holders []signaler.Holder
		want    string
	}{
		{
			[]signaler.Holder{{PID: 2, PPID: 1, Name: "node", User: "api", FD: 21, Writable: true, Worker: true, Unit: "api.service"}},
			"node (pid 2, user api, worker of 1, api.service, fd 21)",
		},
		{[]signaler.Holder{{PID: 2, Name: "db", User: "db", FD: -1, Mapped: true}}, "db (pid 2, user db, mapped)"},
		{
			[]signaler.Holder{{PID: 1, Name: "a"}, {PID: 2, Name: "b"}, {PID: 3, Name: "c"}, {PID: 4}, {PID: 5}},
			"a (pid 1, user , fd 0), b (pid 2, user , fd 0), c (pid 3, user , fd 0), 2 more",
		},
	} {
		if got := holders(c.holders, nil); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestUnhealthyTargets(t *testing.T) {
	t.Parallel()
	target := policy.Target{Pidfile: "/run/a.pid", Signal: 12}
	for _, c := range []struct {
		name   string
		report rotate.TargetReport
		want   string
	}{
		{"told", rotate.TargetReport{Told: []*rotate.Told{{PID: 1}}}, ""},
		{"missing", rotate.TargetReport{Missing: true}, ""},
		{
			"two pidfiles of a pattern are wrong",
			rotate.TargetReport{Err: errors.Join(
				&signaler.Error{Pidfile: "/a", Kind: signaler.Stale, Text: "names process 7, which does not exist", Hint: "remove it"},
				&signaler.Error{Pidfile: "/b", Kind: signaler.Empty, Text: "is empty", Hint: "restart it"},
			)},
			"rotate: error: policy a: pidfile \"/a\": names process 7, which does not exist\nrotate: hint: remove it\n" +
				"rotate: error: policy a: pidfile \"/b\": is empty\nrotate: hint: restart it\n",
		},
		{
			"it died of the signal",
			rotate.TargetReport{Told: []*rotate.Told{{PID: 7, Name: "node", Died: true}}},
			"rotate: error: policy a: node (pid 7) ended after it got SIGUSR2\n" +
				"rotate: hint: see the service's manual for the signal on which it reopens its logs, and start it again\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newWritten(ascii)
			c.report.Target, c.report.Policy = target, "a"
			v.unhealthy(&c.report)
			if got := v.err.String(); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

func TestBytesAtRiskAreAWarning(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.report.Logs = f.report.Logs[:1]
	f.report.Targets = nil
	f.report.Logs[0].Rare = &rotate.Rare{AtRisk: 2048}
	v := newWritten(ascii)
	v.failures(f.report)
	if got := v.err.String(); !strings.HasPrefix(got, "rotate: warning: /srv/api/log/app.log: 2.0k were written while it was copied and truncated") {
		t.Errorf("got %q", got)
	}
}

func TestHeldByWhomCannotBeTold(t *testing.T) {
	t.Parallel()
	f := newFixture()
	l := f.report.Logs[1]
	for complete, hint := range map[bool]string{true: "it may be a process of another container, ", false: "not every process may be looked into: "} {
		s := heldBy()
		s.Archive, s.Complete = l.Rare.Settled[0].Archive, complete
		if text := stillWritten(f.report, l, &s); !strings.Contains(text, "jobs.log.1 is still written, by whom cannot be told; left ") {
			t.Errorf("got %q", text)
		}
		if text := holdHint(f.report, l, &s); !strings.HasPrefix(text, hint) {
			t.Errorf("complete %v: hint %q", complete, text)
		}
	}
}

func TestResultsOfALogThatOwes(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.report.Logs[1].Rare.Settled[0].Since = night.Add(-time.Hour)
	text := stillWritten(f.report, f.report.Logs[1], &f.report.Logs[1].Rare.Settled[0])
	if !strings.Contains(text, "jobs.log.1, turned 2026-11-23 02:10, is still written by node") {
		t.Errorf("got %q", text)
	}
	f.report.Logs[1].Rare.Settled[0].Since = night
	if text := stillWritten(f.report, f.report.Logs[1], &f.report.Logs[1].Rare.Settled[0]); strings.Contains(text, "turned") {
		t.Errorf("of this very run: %q", text)
	}
}
