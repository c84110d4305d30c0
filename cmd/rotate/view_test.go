package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlanView(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		all  bool
		style
	}{
		{"plan.txt", false, fancy},
		{"plan_ascii.txt", false, ascii},
		{"plan_verbose.txt", true, fancy},
	} {
		v := newWritten(c.style)
		v.plan(newFixture().plan, c.all)
		v.flush()
		golden(t, c.file, v.out.String())
		if v.err.Len() > 0 {
			t.Errorf("%s: standard error has %q", c.file, v.err.String())
		}
	}
}

func TestReportView(t *testing.T) {
	t.Parallel()
	v := newWritten(fancy)
	f := newFixture()
	v.done(f.report)
	v.obstacles(f.plan)
	v.failures(f.report)
	golden(t, "done.txt", v.out.String())
	golden(t, "failures.txt", v.err.String())
}

func TestViewsFitTheTerminal(t *testing.T) {
	t.Parallel()
	f := newFixture()
	for _, style := range []style{fancy, {colour: true, arrow: "→", dash: "—"}} {
		v := newWritten(style)
		v.plan(f.plan, true)
		v.done(f.report)
		v.flush()
		for line := range strings.Lines(v.out.String()) {
			line = strings.TrimSuffix(line, "\n")
			long := slices.ContainsFunc(strings.Fields(line), func(word string) bool { return visible(word) > width/2 })
			if visible(line) > width && !long { // a long path is never broken
				t.Errorf("%d columns: %q", visible(line), line)
			}
		}
	}
}

func TestNoEscapesWithoutColour(t *testing.T) {
	t.Parallel()
	f := newFixture()
	v := newWritten(fancy)
	v.plan(f.plan, true)
	v.done(f.report)
	v.failures(f.report)
	v.flush()
	if all := v.out.String() + v.err.String(); strings.Contains(all, "\x1b") || !utf8.ValidString(all) {
		t.Errorf("control characters or broken UTF-8 in %q", all)
	}
}
