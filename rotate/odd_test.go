package rotate

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// TestOddFiles gives what is no log to turn to a policy that skips it and to
// one that does not. Which of it is a failure under SkipOdd is what logrotate
// 3.22 exits with; that it turns pipes, sockets and devices is not followed.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	hardLink := func(w *world) {
		w.write("log/a.log", "a")
		w.must(os.Link(w.path("log/a.log"), w.path("log/other")))
	}
	for name, c := range map[string]struct {
		path    string
		make    func(*world)
		missing bool // there is nothing at all, which SkipOdd does not excuse
	}{
		"folder":          {"a.log", func(w *world) { w.mkdir("log/a.log") }, false},
		"folder by glob":  {"*.log", func(w *world) { w.mkdir("log/a.log") }, false},
		"pipe":            {"*.log", func(w *world) { w.must(unix.Mkfifo(w.path("log/a.log"), 0o600)) }, false},
		"socket":          {"a.log", func(w *world) { w.must(unix.Mknod(w.path("log/a.log"), unix.S_IFSOCK|0o600, 0)) }, false},
		"device":          {"a.log", func(w *world) { w.must(unix.Mknod(w.path("log/a.log"), unix.S_IFCHR|0o600, 1<<8|3)) }, false},
		"link":            {"a.log", func(w *world) { w.write("log/b", "b"); w.must(os.Symlink("b", w.path("log/a.log"))) }, false},
		"link to nothing": {"*.log", func(w *world) { w.must(os.Symlink("b", w.path("log/a.log"))) }, false},
		"hard link":       {"a.log", hardLink, false},
		"nothing":         {"a.log", func(*world) {}, true},
		"no match":        {"*.log", func(*world) {}, true},
		"no folder":       {"no/*.log", func(*world) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.make(w)
			for _, skip := range []bool{false, true} {
				all := w.policies("[log.app]\npaths=['DIR/log/" + c.path + "']\nfrequency='daily'\nrotate=2\n")
				all[0].SkipOdd = skip
				marks := w.marks()
				r := w.runPolicies(all, func(o *Options) { o.Force = true })
				if want := c.missing || !skip; r.Failed() != want {
					t.Errorf("skipping is %v: failed is %v: %v", skip, r.Failed(), said(r))
				}
				for path, mark := range w.marks() {
					if strings.HasPrefix(path, w.path("log/")) && marks[path] != mark {
						t.Errorf("%s was changed", path)
					}
				}
			}
		})
	}
}

// TestDuplicates lets the first policy have a log, and says so to the next, or
// not. The rest of that one is served.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	for _, ignore := range []bool{false, true} {
		w := newWorld(t)
		for _, name := range []string{"a.log", "a.log.1", "b.log"} {
			w.write("log/"+name, name)
		}
		w.mkdir("log/c.log")
		all := w.policies("[log.one]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=3\n[log.two]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=3\n")
		for _, p := range all {
			p.IgnoreDuplicates, p.SkipOdd = !ignore, true
		}
		all[0].IgnoreDuplicates = ignore // what the first one says counts
		r := w.runPolicies(all, func(o *Options) { o.Force = true })
		w.want("log", map[string]string{"a.log.1": "a.log", "a.log.2": "a.log.1", "b.log.1": "b.log"})
		if r.Failed() == ignore {
			t.Errorf("ignoring is %v, failed is %v", ignore, r.Failed())
		}
		problems := r.Plan.Policies[1].Problems
		if ignore {
			if len(problems) > 0 {
				t.Errorf("problems %v", problems)
			}
			continue
		}
		if len(problems) != 1 {
			t.Fatalf("problems %v", problems)
		}
		p := problems[0]
		if p.Path != w.path("log/a.log") || p.Reason.Code != plan.Duplicate || p.Pos != all[1].Paths[0].Pos || !strings.HasPrefix(p.Detail, fmt.Sprintf(`policy "one" has %q, at `, p.Path)) {
			t.Errorf("problem %+v", p)
		}
	}
}

// TestDuplicatesOfOnePolicy says once for each further pattern that a log has
// it already, and turns it once. What is there as an archive is none.
func TestDuplicatesOfOnePolicy(t *testing.T) {
	t.Parallel()
	for _, ignore := range []bool{false, true} {
		w := newWorld(t)
		for _, name := range []string{"a.log", "a.log.1", "b.log"} {
			w.write("log/"+name, name)
		}
		w.mkdir("log/a.d")
		all := w.policies("[log.one]\npaths=['DIR/log/a.log', 'DIR/log/a*', 'DIR/log/a.l*', 'DIR/log/b*']\nfrequency='daily'\nrotate=3\n")
		all[0].IgnoreDuplicates, all[0].SkipOdd = ignore, true
		r := w.runPolicies(all, func(o *Options) { o.Force = true })
		w.want("log", map[string]string{"a.log.1": "a.log", "a.log.2": "a.log.1", "b.log.1": "b.log"})
		if r.Failed() == ignore {
			t.Errorf("ignoring is %v, failed is %v", ignore, r.Failed())
		}
		var at []policy.Position
		for _, p := range r.Plan.Policies[0].Problems {
			if p.Path != w.path("log/a.log") || p.Reason.Code != plan.Duplicate || p.Detail != fmt.Sprintf("several patterns match %q", p.Path) {
				t.Errorf("problem %+v", p)
			}
			at = append(at, p.Pos)
		}
		if want := []policy.Position{all[0].Paths[1].Pos, all[0].Paths[2].Pos}; !ignore && !slices.Equal(at, want) {
			t.Errorf("said at %v, want %v", at, want)
		}
	}
}

// runPolicies is run with policies that no text says.
func (w *world) runPolicies(all []*policy.Policy, change ...func(*Options)) *Report {
	w.Helper()
	o := Options{State: w.path("state"), Now: w.now, Jobs: 2}
	for _, c := range change {
		c(&o)
	}
	r, err := Prepare(context.Background(), all, o)
	w.must(err)
	return r.Execute(context.Background())
}
