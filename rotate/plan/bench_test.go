package plan

import (
	"fmt"
	"testing"
	"time"

	"rotate/rotate/policy"
)

// idle is n logs that were turned today, with some archives each.
func idle(n, archives int, p *policy.Policy) *Facts {
	dir := &Dir{Path: "/log", ID: ID{1, 1}, Mount: 1, Free: -1}
	naming := NewNaming(p, time.UTC)
	logs := make([]LogFacts, n)
	for i := range logs {
		l := &logs[i]
		*l = LogFacts{Place: Place{dir, fmt.Sprintf("app-%06d.log", i)}, Archive: dir, Last: noon.Add(-time.Hour)}
		for k := range archives {
			g := Generation{N: p.Start + k}
			l.Archives = append(l.Archives, Archive{Place: Place{dir, naming.Name(l.Name, g) + ".gz"}, Generation: g, Ext: ".gz", Size: 1000, ModTime: noon})
		}
	}
	return &Facts{Now: noon, Policies: []PolicyFacts{{Policy: p, Logs: logs}}}
}

func BenchmarkDecideIdle(b *testing.B) {
	numbered := policy.Policy{Frequency: daily, Rotate: 7, Start: 1, Compress: policy.Compression{Method: "gzip", Ext: ".gz"}}
	budgeted := numbered
	budgeted.MaxTotal = 1 << 40
	for _, bench := range []struct {
		name           string
		logs, archives int
		policy         *policy.Policy
	}{
		{"1k", 1000, 0, &numbered},
		{"100k", 100_000, 0, &numbered},
		{"100k,7 archives", 100_000, 7, &numbered},
		{"100k,7 archives,maxtotal", 100_000, 7, &budgeted},
	} {
		facts := idle(bench.logs, bench.archives, bench.policy)
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Decide(facts)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, p := range map[string]*policy.Policy{
		"numbered": {Start: 1},
		"dated":    {DateExt: true, DateFormat: "-%Y%m%d"},
		"hourly":   {DateExt: true, DateFormat: "-%Y%m%d%H"},
		"week":     {DateExt: true, DateFormat: "-%Y.%U.%w"},
	} {
		n := NewNaming(p, time.UTC)
		archive := n.Name("app.log", n.Newest(noon)) + ".gz"
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.Parse("app.log", archive)
			}
		})
	}
}

// TestIdleLogsCostNothing: deciding to leave a log allocates nothing for it.
func TestIdleLogsCostNothing(t *testing.T) {
	p := &policy.Policy{Frequency: daily, Rotate: 7, Start: 1}
	few, many := idle(1000, 7, p), idle(2000, 7, p)
	count := func(f *Facts) float64 { return testing.AllocsPerRun(10, func() { Decide(f) }) }
	if a, b := count(few), count(many); b > a {
		t.Errorf("%v allocations for 1000 logs, %v for 2000", a, b)
	}
}
