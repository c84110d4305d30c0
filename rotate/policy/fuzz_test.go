package policy

import (
	"path"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// seed adds the cases that the tables have, of which there must be some.
func seed[T any](f *testing.F, cases ...T) {
	f.Helper()
	if len(cases) == 0 {
		f.Fatal("no seeds")
	}
	for _, c := range cases {
		f.Add(c)
	}
}

func FuzzTOML(f *testing.F) {
	var below, alone []string
	for _, s := range slipsBelow() {
		below = append(below, good+s.in)
	}
	for _, s := range slipsAlone() {
		alone = append(alone, s.in)
	}
	seed(f, below...)
	seed(f, alone...)
	seed(f, documents()...)
	seed(f, everything)
	f.Fuzz(func(t *testing.T, text string) {
		if bad := checkShape(strings.TrimLeft(text, "\ufeff")); bad != "" {
			t.Errorf("places: %s", bad)
		}
		policies, err := Parse("f", []byte(text))
		if again, errAgain := Parse("f", []byte(text)); !reflect.DeepEqual(policies, again) || describe(err) != describe(errAgain) {
			t.Errorf("not the same twice:\n%s\n%s", describe(err), describe(errAgain))
		}
		if err != nil {
			checkErrors(t, text, err.(Errors))
			if policies != nil {
				t.Errorf("%d policies of a file in error", len(policies))
			}
		}
		for _, p := range policies {
			checkPolicy(t, p)
		}
	})
}

// checkErrors demands that every error points into the text and says something.
func checkErrors(t *testing.T, text string, errs Errors) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, e := range errs {
		if e.Pos.File != "f" || e.Pos.Line < 1 || e.Pos.Line > len(lines) ||
			e.Pos.Col < 1 || e.Pos.Col > len(lines[e.Pos.Line-1])+1 || e.Text == "" {
			t.Errorf("bad error %v (hint %s)", e, e.Hint)
		}
	}
}

// checkPolicy demands what the rest of the program takes for granted.
func checkPolicy(t *testing.T, p *Policy) {
	t.Helper()
	if p.Name == "" || p.Pos.Line < 1 || len(p.Paths) == 0 || p.DateFormat == "" || p.Start < 0 || p.Rotate < -1 {
		t.Errorf("bad policy %+v", p)
	}
	for _, pattern := range append(p.Paths, p.Exclude...) {
		if !path.IsAbs(pattern.Text) || path.Clean(pattern.Text) != pattern.Text || pattern.Pos.Line < 1 {
			t.Errorf("bad pattern %+v", pattern)
		}
	}
	if p.Frequency.Unit == Never && p.Size == 0 && p.MaxSize == 0 {
		t.Errorf("never due: %+v", p)
	}
	if p.Compress.Enabled() != (p.Compress.Ext != "") || (p.Compress.Method == "command") != (len(p.Compress.Command) > 0) {
		t.Errorf("bad compression %+v", p.Compress)
	}
	for _, target := range p.Notify {
		if (target.Pidfile == "") == (target.Command == nil) || (target.Pidfile == "") != (target.Signal == 0) || target.Wait < 0 {
			t.Errorf("bad target %+v", target)
		}
	}
}

// FuzzLogrotate reads a text in logrotate's language, but for what it includes.
func FuzzLogrotate(f *testing.F) {
	var texts []string
	for _, c := range languageCases(f, "testdata/language.txt") {
		texts = append(texts, strings.ReplaceAll(c.text, "L/", "/l/"))
	}
	seed(f, texts...)
	f.Fuzz(func(t *testing.T, text string) {
		read := func() *blocks {
			b := &blocks{source: newSource("f", text)}
			if ok := b.read(newDraft()); ok != (len(b.errs) == 0) {
				t.Errorf("%v with %d errors", ok, len(b.errs))
			}
			return b
		}
		b := read()
		if again := read(); !reflect.DeepEqual(b, again) {
			t.Errorf("not the same twice:\n%s\n%s", describe(b.errs.orNil()), describe(again.errs.orNil()))
		}
		for _, list := range []Errors{b.errs, b.warnings, b.advice} {
			checkErrors(t, text, list)
			for _, e := range list {
				if len(e.Logrotate()) == 0 {
					t.Errorf("nothing to say of %v", e)
				}
			}
		}
		for _, p := range b.policies {
			p.Name = "f"
			checkPolicy(t, p)
		}
	})
}

// FuzzGlob demands patterns that can be matched, and that plain names match
// themselves.
func FuzzGlob(f *testing.F) {
	seed(f, "*", "[[:punct:]]", "[!]a]", `\*`, "a**b", "[", "}{", "[a-", `[\]]`, "[[.a.]]")
	f.Fuzz(func(t *testing.T, glob string) {
		if pattern := fromGlob(glob); !strings.Contains(glob, "/") && !doublestar.ValidatePattern(pattern) {
			t.Errorf("%q is %q, which is none", glob, pattern)
		}
		if !strings.ContainsAny(glob, `*?[\`) && utf8.ValidString(glob) && !matchesName(glob, glob) {
			t.Errorf("%q does not match itself", glob)
		}
	})
}

func FuzzSize(f *testing.F) {
	var texts []string
	for _, c := range sizeCases() {
		texts = append(texts, c.in)
	}
	seed(f, texts...)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseSize(s)
		if err != nil {
			return
		}
		if again, err := ParseSize(FormatSize(n)); err != nil || again != n || n < 0 {
			t.Errorf("%q is %d, which is written %q, which is %d, %v", s, n, FormatSize(n), again, err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	var texts []string
	for _, c := range durationCases() {
		texts = append(texts, c.in)
	}
	seed(f, texts...)
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d || d < 0 || d%time.Millisecond != 0 {
			t.Errorf("%q is %d, which is written %q, which is %d, %v", s, d, FormatDuration(d), again, err)
		}
	})
}
