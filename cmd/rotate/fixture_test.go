package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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

	packed := func(d *plan.Dir, log string, g int, ext string) plan.Archive {
		return plan.Archive{
			Place: at(d, fmt.Sprintf("%s.%d%s", log, g, ext)), Generation: plan.Generation{N: g}, Ext: ext, Size: -1,
		}
	}
	app := plan.LogFacts{
		Place: at(dir, "app.log"), Stat: &plan.Stat{Size: 4_300_000, ModTime: night.UnixNano()},
		Last: night.AddDate(0, 0, -1), Archive: dir,
	}
	for i := archives; i > 0; i-- {
		app.Archives = append(app.Archives, packed(dir, "app.log", i, ".gz"))
	}
	stuck := plan.LogFacts{
		Place: at(dir, "jobs.log"), Last: night, Archive: dir,
		Archives: []plan.Archive{packed(dir, "jobs.log", 1, "")},
		Past:     &plan.Past{Owed: []plan.Owed{{Archive: at(dir, "jobs.log.1"), ID: plan.ID{Dev: 1, Ino: 7}, Since: night.AddDate(0, 0, -1)}}},
	}
	large := plan.LogFacts{
		Place: at(away, "caf\xe9\n.log"), Stat: &plan.Stat{Size: 300 << 20, ModTime: night.UnixNano()}, Archive: old,
		Archives: []plan.Archive{packed(old, "caf\xe9\n.log", 1, ".zst")},
	}
	large.Archives[0].Size, large.Archives[0].ModTime = 3, night.AddDate(0, 0, -100)

	p := plan.Decide(&plan.Facts{Now: night, Policies: []plan.PolicyFacts{
		{
			Policy: api,
			Logs: []plan.LogFacts{
				app, stuck,
				{Place: at(dir, "new.log"), Archive: dir},
				{Place: at(dir, "link.log"), Kind: plan.Symlink, Archive: dir},
			},
			Problems: []plan.Problem{{Path: "/srv/api/log/*.log", Reason: plan.Reason{Code: plan.NoMatch}}},
		},
		{Policy: slow, Logs: []plan.LogFacts{large}},
	}})
	return fixture{p, reportOn(p)}
}

// reportOn is a report on the plan of the fixture.
func reportOn(p *plan.Plan) *rotate.Report {
	api, slow := &p.Policies[0], &p.Policies[1]
	app, stuck, link, large := &api.Logs[0], &api.Logs[1], &api.Logs[3], &slow.Logs[0]
	turned := func(l *plan.LogPlan) int32 { return int32(len(l.Work().Turn)) }
	settled := func(l *plan.LogPlan, since time.Time) plan.Owed {
		return plan.Owed{Archive: l.Work().Settle[0], Since: since}
	}
	holders := []signaler.Holder{
		{PID: 4712, PPID: 4711, Name: "node", Exe: "/usr/bin/node", User: "api", FD: 21, Append: true, Writable: true, Worker: true, Unit: "api.service"},
	}
	return &rotate.Report{
		Plan: p,
		Logs: []*rotate.LogReport{
			{
				Policy: api.Policy, Log: app, Turned: true, Begun: turned(app), After: 12 * time.Millisecond,
				Finished: []rotate.Outcome{{Done: true}, {Done: true, In: 4_300_000, Out: 317_000}},
			},
			{
				Policy: api.Policy, Log: stuck,
				Rare: &rotate.Rare{Settled: []rotate.Settled{{
					Owed: settled(stuck, night.AddDate(0, 0, -1)), Status: signaler.Held,
					After: 10 * time.Second, Holders: holders, Complete: true,
				}}},
			},
			{Policy: api.Policy, Log: link},
			{
				Policy: slow.Policy, Log: large, Turned: true, Begun: turned(large),
				Finished: []rotate.Outcome{{Done: true}, {}},
				Rare: &rotate.Rare{
					Settled: []rotate.Settled{{Owed: settled(large, night), Status: signaler.Unknown, Err: syscall.ENOLCK}},
					Errs:    []error{&fs.PathError{Op: "compress", Path: "/var/log/old/x.1", Err: syscall.ENOSPC}},
				},
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
