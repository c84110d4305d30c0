package main

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// night is when the runs of these tests happen.
var night = time.Date(2026, 11, 23, 3, 10, 0, 0, time.UTC)

// written collects what a voice says.
type written struct {
	*voice
	out, err bytes.Buffer
}

func newWritten(s style) *written {
	w := &written{}
	w.voice = &voice{out: bufio.NewWriter(&w.out), err: &w.err, style: s, errStyle: s, hinted: map[string]bool{}}
	return w
}

var (
	ascii = style{arrow: "->", dash: "-"}
	fancy = style{arrow: "→", dash: "—"}
)

// golden compares what was found with a file.
func golden(t *testing.T, file, found string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", file)
	if *update {
		if err := os.WriteFile(path, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if found != string(want) {
		t.Errorf("%s: found:\n%s\nwant:\n%s", path, found, want)
	}
}

// fixture is a run over the logs of two policies: one is turned, released and
// compressed; of one, a worker does not let go; one is not due; one is a link.
type fixture struct {
	plan   *plan.Plan
	report *rotate.Report
}

func newFixture() fixture { return newFixtureOf(5) }

// newFixtureOf has a log with so many archives.
func newFixtureOf(archives int) fixture {
	dir := &plan.Dir{Path: "/srv/api/log", ID: plan.ID{Dev: 1, Ino: 2}, Free: -1}
	away := &plan.Dir{Path: "/var/log/a-service-with-a-rather-long-name/that-logs-to-many-folders", ID: plan.ID{Dev: 1, Ino: 3}, Free: -1}
	old := &plan.Dir{Path: "/var/log/a-service-with-a-rather-long-name/that-logs-to-many-folders/old", ID: plan.ID{Dev: 1, Ino: 4}, Free: -1}
	at := func(d *plan.Dir, name string) plan.Place { return plan.Place{Dir: d, Name: name} }

	api := &policy.Policy{
		Name: "api", Pos: policy.Position{File: "/etc/rotate.toml", Line: 4, Col: 1},
		Paths:     []policy.Pattern{{Text: "/srv/api/log/*.log", Pos: policy.Position{File: "/etc/rotate.toml", Line: 5, Col: 14}}},
		Frequency: policy.Frequency{Unit: policy.Daily, Day: policy.AnyDay},
		Create:    &policy.Create{Mode: 0o640, UID: 0, GID: 0},
		Start:     1, Rotate: archives,
		Compress: policy.Compression{Method: "gzip", Ext: ".gz"},
		Notify:   []policy.Target{{Pidfile: "/run/api/master.pid", Signal: syscall.SIGUSR2, Wait: 10 * time.Second}},
	}
	slow := &policy.Policy{
		Name: "slow", Pos: policy.Position{File: "/etc/rotate.d/slow.toml", Line: 1, Col: 1},
		Frequency: policy.Frequency{Unit: policy.Never}, MaxSize: 200 << 20,
		Start: 1, Rotate: -1, MaxAge: 90 * 24 * time.Hour, OldDir: "old",
		Compress: policy.Compression{Method: "zstd", Ext: ".zst"},
		Notify:   []policy.Target{{Command: []string{"systemctl", "reload", "slow"}, Wait: time.Minute}},
		Scripts:  policy.Scripts{Pre: "true"},
	}

	app := plan.LogPlan{
		LogFacts: &plan.LogFacts{
			Place: at(dir, "app.log"), Stat: &plan.Stat{Size: 4_300_000, Links: 1, ModTime: night},
			Last: night.AddDate(0, 0, -1), Archive: dir,
		},
		Action: plan.Turn,
		Reason: plan.Reason{Code: plan.DueDaily, Have: night.AddDate(0, 0, -1).Unix()},
		Turned: at(dir, "app.log.1"),
		Settle: []plan.Place{at(dir, "app.log.1")},
	}
	names := []string{"app.log", "app.log.1", "app.log.2", "app.log.3", "app.log.4", "app.log.5", "app.log.6"}
	for i := archives; i >= 0; i-- {
		ext := ".gz"
		if i == 0 {
			ext = ""
		} else {
			app.Archives = append(app.Archives, plan.Archive{Place: at(dir, names[i]+ext), Ext: ext, Size: -1})
		}
		app.Turn = append(app.Turn, plan.Step{Op: plan.Rename, From: at(dir, names[i]+ext), To: at(dir, names[i+1]+ext)})
	}
	app.Turn = append(app.Turn, plan.Step{Op: plan.Create, From: at(dir, "app.log")})
	app.Finish = []plan.Step{
		{Op: plan.Remove, From: at(dir, names[archives+1]+".gz"), Reason: plan.Reason{Code: plan.BeyondRotate, Have: int64(archives) + 1, Limit: int64(archives)}},
		{Op: plan.Compress, From: at(dir, "app.log.1"), To: at(dir, "app.log.1.gz")},
	}

	stuck := plan.LogPlan{
		LogFacts: &plan.LogFacts{
			Place: at(dir, "jobs.log"), Last: night, Archive: dir,
			Archives: []plan.Archive{{Place: at(dir, "jobs.log.1"), Size: -1}},
			Owed:     []plan.Owed{{Archive: at(dir, "jobs.log.1"), Since: night.AddDate(0, 0, -1)}},
		},
		Reason: plan.Reason{Code: plan.NotDue, Have: night.AddDate(0, 0, -1).Unix(), Limit: night.AddDate(0, 0, 1).Truncate(24 * time.Hour).Unix()},
		Settle: []plan.Place{at(dir, "jobs.log.1")},
		Finish: []plan.Step{{Op: plan.Compress, From: at(dir, "jobs.log.1"), To: at(dir, "jobs.log.1.gz")}},
	}
	idle := plan.LogPlan{
		LogFacts: &plan.LogFacts{Place: at(dir, "new.log"), Archive: dir},
		Reason:   plan.Reason{Code: plan.FirstSeen, Limit: night.AddDate(0, 0, 1).Truncate(24 * time.Hour).Unix()},
	}
	link := plan.LogPlan{
		LogFacts: &plan.LogFacts{Place: at(dir, "link.log"), Kind: plan.Symlink, Archive: dir},
		Action:   plan.Refuse,
		Reason:   plan.Reason{Code: plan.IsSymlink},
	}
	large := plan.LogPlan{
		LogFacts: &plan.LogFacts{
			Place: at(away, "caf\xe9\n.log"), Stat: &plan.Stat{Size: 300 << 20, Links: 1, ModTime: night}, Archive: old,
			Archives: []plan.Archive{{Place: at(old, "caf\xe9\n.log.1.zst"), Ext: ".zst", Size: 3, ModTime: night.AddDate(0, 0, -100)}},
		},
		Action: plan.Turn,
		Reason: plan.Reason{Code: plan.OverMaxSize, Have: 300 << 20, Limit: 200 << 20},
		Turn: []plan.Step{
			{Op: plan.PreRotate, From: at(away, "caf\xe9\n.log")},
			{Op: plan.Rename, From: at(old, "caf\xe9\n.log.1.zst"), To: at(old, "caf\xe9\n.log.2.zst")},
			{Op: plan.Rename, From: at(away, "caf\xe9\n.log"), To: at(old, "caf\xe9\n.log.1")},
		},
		Turned: at(old, "caf\xe9\n.log.1"),
		Settle: []plan.Place{at(old, "caf\xe9\n.log.1")},
		Finish: []plan.Step{
			{Op: plan.Remove, From: at(old, "caf\xe9\n.log.2.zst"), Reason: plan.Reason{Code: plan.OverAge, Have: 100 * 86400, Limit: 90 * 86400}},
			{Op: plan.Compress, From: at(old, "caf\xe9\n.log.1"), To: at(old, "caf\xe9\n.log.1.zst")},
		},
	}

	p := &plan.Plan{Now: night, Policies: []plan.PolicyPlan{
		{
			Policy: api, Logs: []plan.LogPlan{app, stuck, idle, link},
			Problems: []plan.Problem{{Path: "/srv/api/log/*.log", Reason: plan.Reason{Code: plan.NoMatch}}},
		},
		{Policy: slow, Logs: []plan.LogPlan{large}},
	}}
	return fixture{p, reportOn(p)}
}

// reportOn is a report on the plan of the fixture.
func reportOn(p *plan.Plan) *rotate.Report {
	api, slow := &p.Policies[0], &p.Policies[1]
	app, stuck, link, large := &api.Logs[0], &api.Logs[1], &api.Logs[3], &slow.Logs[0]
	steps := func(l *plan.LogPlan, done bool) (all []rotate.StepReport) {
		for _, list := range [][]plan.Step{l.Turn, l.Finish} {
			for i := range list {
				r := rotate.StepReport{Step: &list[i], Done: done}
				if list[i].Op == plan.Compress && done {
					r.In, r.Out = 4_300_000, 317_000
				}
				all = append(all, r)
			}
		}
		return all
	}
	largeSteps := steps(large, true)
	largeSteps[len(largeSteps)-1] = rotate.StepReport{Step: &large.Finish[1]}
	holders := []signaler.Holder{
		{PID: 4712, PPID: 4711, Name: "node", Exe: "/usr/bin/node", User: "api", FD: 21, Append: true, Writable: true, Worker: true, Unit: "api.service"},
	}
	return &rotate.Report{
		Plan: p,
		Logs: []*rotate.LogReport{
			{
				Policy: api.Policy, Log: app, Turned: true, Steps: steps(app, true),
				Settled: []rotate.Settled{{Archive: app.Settle[0], Since: night, Status: signaler.Released, After: 12 * time.Millisecond}},
			},
			{
				Policy: api.Policy, Log: stuck, Steps: steps(stuck, false),
				Settled: []rotate.Settled{{
					Archive: stuck.Settle[0], Since: night.AddDate(0, 0, -1), Status: signaler.Held,
					After: 10 * time.Second, Holders: holders, Complete: true,
				}},
			},
			{Policy: api.Policy, Log: link},
			{
				Policy: slow.Policy, Log: large, Turned: true, Steps: largeSteps,
				Settled: []rotate.Settled{{Archive: large.Settle[0], Since: night, Status: signaler.Unknown, Err: syscall.ENOLCK}},
				Errs:    []error{&fs.PathError{Op: "compress", Path: "/var/log/old/x.1", Err: syscall.ENOSPC}},
			},
		},
		Targets: []*rotate.TargetReport{
			{
				Target: api.Policy.Notify[0], Policy: "api",
				Told: []*rotate.Told{{Pidfile: "/run/api/master.pid", PID: 4711, Name: "node"}},
			},
			{Target: slow.Policy.Notify[0], Policy: "slow", Err: errors.New(`run ["systemctl" "reload" "slow"]: exit status 1`)},
		},
	}
}
