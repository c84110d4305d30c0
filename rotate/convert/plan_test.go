package convert_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rotate/rotate"
	"rotate/rotate/convert"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// corpus is the configurations that distributions and packages ship, and those
// that are made to be difficult.
const corpus = "../../testdata/logrotate.d"

// TestCorpusMeansTheSame converts every configuration at hand. Policies and
// plans must be those of the source.
func TestCorpusMeansTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(corpus + "/*")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files in %s: %v", len(files), corpus, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			// What the machine has in its folders is none of the test's business.
			text := strings.ReplaceAll(string(data), "\ninclude ", "\n# include ")
			converts(t, file, text)
		})
	}
}

// converts compares a text with what becomes of it.
func converts(t *testing.T, name, text string) {
	t.Helper()
	config, err := policy.ParseBlocks(name, []byte(text))
	if err != nil {
		t.Log(err) // it is the reader's; the rest is converted
	}
	source := config.Policies
	made, odd, err := convert.TOML(source, map[string]string{name: text})
	if err != nil {
		t.Fatal(err)
	}
	if len(odd) > 0 {
		t.Log(odd)
	}
	got, err := policy.Parse("", []byte(made))
	if err != nil {
		t.Fatalf("%v in\n%s", err, made)
	}
	if len(got) != len(source) {
		t.Fatalf("%d policies of %d in\n%s", len(got), len(source), made)
	}
	for i := range got {
		if g, w := lean(got[i]), lean(source[i]); !reflect.DeepEqual(g, w) {
			t.Errorf("got  %+v\nwant %+v\nin\n%s", g, w, made)
		}
	}
	comparePlans(t, source, got)
}

// lean is same, without what may be said in other ways: a target for a script,
// and settings that have no effect.
func lean(p *policy.Policy) policy.Policy {
	q := same(p)
	targets := len(q.Notify)
	if t, ok := convert.Script(q.Scripts.Post); ok {
		q.Scripts.Post, targets = "", targets+len(t.Targets)
	}
	if t, ok := convert.Script(q.Scripts.Last); ok && q.Scripts.Post == "" {
		q.Scripts.Last, targets = "", targets+len(t.Targets)
	}
	q.Notify = make([]policy.Target, targets)
	q.Scripts.Shared = q.Scripts.Shared && q.Scripts.Pre+q.Scripts.Post != ""
	q.DelayCompress = q.DelayCompress && q.Compress.Enabled()
	if q.Size > 0 {
		q.Frequency, q.MinSize, q.MaxSize, q.MinAge = policy.Frequency{}, 0, 0, 0
	}
	q.Frequency.Day = max(q.Frequency.Day, policy.AnyDay)
	if q.Frequency.Unit == policy.Never {
		q.Frequency = policy.Frequency{}
	}
	if q.Method != policy.Rename {
		q.Create = nil
	}
	if q.OldDir == "" {
		q.MakeDir = nil
	}
	if q.DateExt {
		q.Start = 1
	} else {
		q.DateFormat, q.DateYesterday, q.DateHourAgo = "", false, false
	}
	return q
}

// comparePlans lets both decide about logs that they match.
func comparePlans(t *testing.T, source, made []*policy.Policy) {
	t.Helper()
	root := t.TempDir()
	source, made = below(root, source), below(root, made)
	now := time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC)
	state := filepath.Join(root, "status")
	lines := "logrotate state -- version 2\n"
	for i, p := range source {
		for k, pattern := range p.Paths {
			log := sample(pattern.Text)
			for n, name := range []string{log, log + ".1", log + ".2.gz", log + "-20260101"} {
				write(t, name, (i+k)*1<<20/2+3000, now.AddDate(0, 0, -n))
			}
			if p.OldDir != "" && !filepath.IsAbs(p.OldDir) {
				write(t, filepath.Join(filepath.Dir(log), p.OldDir, filepath.Base(log)+".1"), 10, now)
			}
			lines += fmt.Sprintf("%q 2026-10-%d-3:0:0\n", log, 1+(i+k)%20)
		}
	}
	if err := os.WriteFile(state, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		o := rotate.Options{State: state, Now: now, Force: force}
		want, got := decisions(t, source, o), decisions(t, made, o)
		if len(want) == 0 && len(source) > 0 {
			t.Error("no log was looked at")
		}
		for log, w := range want {
			if g := got[log]; g != w {
				t.Errorf("%s (force %t)\ngot  %s\nwant %s", log, force, g, w)
			}
		}
	}
}

// decisions returns what is decided about each log, as text.
func decisions(t *testing.T, policies []*policy.Policy, o rotate.Options) map[string]string {
	t.Helper()
	run, err := rotate.Prepare(context.Background(), policies, o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range run.Plan.Policies {
		for _, l := range p.Logs {
			text := fmt.Sprintf("%s %+v", l.Action, l.Reason())
			w := l.Work()
			for _, s := range append(w.Turn, w.Finish...) {
				text += fmt.Sprintf("\n%s %s %s %+v", s.Op, where(s.From), where(s.To), s.Reason)
			}
			for _, p := range w.Settle {
				text += "\nsettle " + where(p)
			}
			out[l.Path()] = text
		}
	}
	return out
}

func where(p plan.Place) string {
	if p.Dir == nil {
		return "-"
	}
	return p.Path()
}

// below moves policies to another root.
func below(root string, policies []*policy.Policy) (out []*policy.Policy) {
	for _, p := range policies {
		q := *p
		q.Paths = nil
		for _, x := range p.Paths {
			q.Paths = append(q.Paths, policy.Pattern{Text: root + x.Text, Pos: x.Pos})
		}
		if filepath.IsAbs(q.OldDir) {
			q.OldDir = root + q.OldDir
		}
		q.Su = nil // the folders of the test are not theirs
		out = append(out, &q)
	}
	return out
}

// sample returns a name that a pattern matches.
func sample(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '\\':
			i++
			b.WriteByte(pattern[i])
		case '*', '?':
			b.WriteByte('x')
		case '[':
			end := i + strings.IndexByte(pattern[i:], ']')
			if pattern[i+1] == '^' {
				b.WriteByte('z')
			} else {
				b.WriteByte(pattern[i+1])
			}
			i = end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func write(t *testing.T, name string, size int, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, make([]byte, size), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}
