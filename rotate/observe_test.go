package rotate

import (
	"os"
	"slices"
	"testing"

	"rotate/rotate/plan"
)

// decided lists what a plan makes of each log.
func decided(p *plan.Plan) (all []string) {
	for _, pp := range p.Policies {
		for _, l := range pp.Logs {
			all = append(all, pp.Policy.Name+" "+l.Action.String()+" "+l.Name)
		}
		for _, x := range pp.Problems {
			all = append(all, pp.Policy.Name+" problem "+x.Reason.Code.String())
		}
	}
	return all
}

func TestObserve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files  []string // a trailing slash makes a folder
		seen   []string
		toml   string
		only   []string
		expect []string
	}{
		"archives are not logs": {
			files:  []string{"log/a.log", "log/a.log.1", "log/a.log.2.gz", "log/a.log.1.1"},
			seen:   []string{"log/a.log"},
			toml:   "[log.x]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=9\n",
			expect: []string{"x turn a.log"},
		},
		"archives that sort before their log are not logs": {
			files:  []string{"log/a.log", "log/a.1.log", "log/a.2.log"},
			seen:   []string{"log/a.log"},
			toml:   "[log.x]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=9\nextension='.log'\n",
			expect: []string{"x turn a.log"},
		},
		"numbers without their log are logs": {
			files:  []string{"log/worker.1", "log/worker.2"},
			toml:   "[log.x]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave worker.1", "x leave worker.2"},
		},
		"a log that is gone keeps its archives in order": {
			files:  []string{"log/a.log.1", "log/a.log.2", "log/a.log.3"},
			seen:   []string{"log/a.log"},
			toml:   "[log.x]\npaths=['DIR/log/*.log']\nmissingok=true\nfrequency='daily'\nrotate=2\n",
			expect: []string{"x leave a.log"},
		},
		"the first policy has the log": {
			files:  []string{"log/a.log", "log/b.log"},
			toml:   "[log.x]\npaths=['DIR/log/a*']\nfrequency='daily'\nrotate=1\n[log.y]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave a.log", "y leave b.log"},
		},
		"archives of an earlier policy's log are nobody's logs": {
			files:  []string{"log/a.log", "log/a.log.1", "log/a.log.2.gz", "log/b"},
			seen:   []string{"log/a.log"},
			toml:   "[log.x]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=9\n[log.y]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x turn a.log", "y leave b"},
		},
		"a log that was turned and not made again": {
			files:  []string{"log/a.log.1"},
			seen:   []string{"log/a.log"},
			toml:   "[log.x]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=9\n[log.y]\npaths=['DIR/log/*.log']\nfrequency='daily'\nrotate=9\n",
			expect: []string{"x leave a.log"},
		},
		"exclude": {
			files:  []string{"log/a.log", "log/b.log"},
			toml:   "[log.x]\npaths=['DIR/log/*']\nexclude=['DIR/**/b*']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave a.log"},
		},
		"two stars go down": {
			files:  []string{"log/a.log", "log/in/b.log", "log/in/deep/c.log", "log/.hidden/d.log"},
			toml:   "[log.x]\npaths=['DIR/log/**/*.log']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave a.log", "x leave b.log", "x leave c.log"},
		},
		"a star in the middle": {
			files:  []string{"log/a/x.log", "log/b/x.log", "log/file"},
			toml:   "[log.x]\npaths=['DIR/log/*/x.log']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave x.log", "x leave x.log"},
		},
		"below a star a folder may be missing": {
			files:  []string{"log/a/in/x.log", "log/b/", "log/file"},
			toml:   "[log.x]\npaths=['DIR/log/*/in/x.log', 'DIR/log/*/in/*.log']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave x.log"},
		},
		"braces and classes": {
			files:  []string{"log/a1", "log/b2", "log/c3"},
			toml:   "[log.x]\npaths=['DIR/log/{a,b}[0-9]']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave a1", "x leave b2"},
		},
		"a star does not mean folders": {
			files:  []string{"log/a.log", "log/sub/"},
			toml:   "[log.x]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x leave a.log"},
		},
		"a folder by its name": {
			files:  []string{"log/a.log/"},
			toml:   "[log.x]\npaths=['DIR/log/a.log']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x refuse a.log"},
		},
		"nothing matches": {
			toml:   "[log.x]\npaths=['DIR/log/*.log', 'DIR/log/b']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x problem no-match", "x problem missing"},
		},
		"nothing matches and may": {
			toml:   "[log.x]\npaths=['DIR/log/*.log', 'DIR/no/b']\nmissingok=true\nfrequency='daily'\nrotate=1\n",
			expect: nil,
		},
		"no such folder": {
			toml:   "[log.x]\npaths=['DIR/no/*.log']\nfrequency='daily'\nrotate=1\n",
			expect: []string{"x problem unreadable"},
		},
		"only a policy": {
			files:  []string{"log/a.log", "log/b.log"},
			toml:   "[log.x]\npaths=['DIR/log/a*']\nfrequency='daily'\nrotate=1\n[log.y]\npaths=['DIR/log/*']\nfrequency='daily'\nrotate=1\n",
			only:   []string{"y"},
			expect: []string{"y leave b.log"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, f := range c.files {
				if f[len(f)-1] == '/' {
					w.mkdir(f)
					continue
				}
				w.mkdir(f + "/..")
				w.write(f, "text\n")
			}
			w.seen(c.seen...)
			r := w.prepare(c.toml, func(o *Options) { o.Only = c.only })
			if got := decided(r.Plan); !slices.Equal(got, c.expect) {
				t.Errorf("got %q, want %q", got, c.expect)
			}
		})
	}
}

// TestFolderUnderTwoNames has two paths lead to one folder.
func TestFolderUnderTwoNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "text\n")
	w.must(os.Symlink("log", w.path("link")))
	r := w.prepare("[log.x]\npaths=['DIR/log/*', 'DIR/link/*']\nfrequency='daily'\nrotate=1\n")
	if got, want := decided(r.Plan), []string{"x leave a.log"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNothingIsStattedThatNoRuleNeeds counts on plan.Needs.
func TestNothingIsStattedThatNoRuleNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("log/a.log", "text\n")
	w.write("state", "logrotate state -- version 2\n\""+w.path("log/a.log")+"\" 2026-3-14-11:0:0\n")
	r := w.prepare(daily)
	if l := r.Plan.Policies[0].Logs[0]; l.Stat != nil {
		t.Errorf("a log that is not due was looked at: %+v", l.Stat)
	}
}
