package rotate

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// perLog is what a run may keep of a log that is due, in bytes: a hundred
// thousand must leave room for the program, its runtime and its garbage in
// 64 MiB.
const perLog = 440

// TestMemoryPerLog counts what a run holds at its end, when it holds most: the
// plan, the report and the state.
func TestMemoryPerLog(t *testing.T) {
	for _, tt := range []struct{ name, keys string }{
		{"renamed", "create=true\n"},
		{"compressed", "create=true\ncompress='gzip'\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const few, many = 100, 3_000
			at := map[int]uint64{}
			for _, logs := range []int{few, many} {
				at[logs] = heldBy(t, logs, tt.keys)
			}
			got := float64(at[many]-at[few]) / (many - few)
			t.Logf("%.0f bytes a log", got)
			if got > perLog {
				t.Errorf("a log that is due takes %.0f bytes, want %d at most", got, perLog)
			}
		})
	}
}

// heldBy is how many bytes a run over so many logs, all due, holds.
func heldBy(t *testing.T, logs int, keys string) uint64 {
	t.Helper()
	w := newWorld(t)
	var names []string
	for i := range logs {
		name := fmt.Sprintf("log/app%06d.log", i)
		w.write(name, "a line\n")
		names = append(names, name)
	}
	w.seen(names...)
	before := heap()
	r := w.prepare(daily + keys)
	report := r.Execute(context.Background())
	after := heap()
	if report.Failed() || len(report.Logs) != logs {
		t.Fatalf("%d logs of %d: %s", len(report.Logs), logs, strings.Join(said(report), ", "))
	}
	runtime.KeepAlive(r)
	runtime.KeepAlive(w)
	return after - before
}

// heap is the bytes of what can be reached. It takes two collections to be rid
// of what was pooled.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
