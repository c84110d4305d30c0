package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"rotate/rotate/policy"
)

func TestFailSaysEachErrorOnItsLine(t *testing.T) {
	t.Parallel()
	v := newWritten(ascii)
	v.fail(errors.Join(
		errors.New("first"),
		policy.Errors{
			{Pos: policy.Position{File: "a.toml", Line: 1, Col: 2}, Text: "second", Hint: "mend it"},
			{Pos: policy.Position{File: "a.toml", Line: 3, Col: 4}, Text: "third", Hint: "mend it"},
		},
		&fs.PathError{Op: "open", Path: "/a", Err: syscall.ENOSPC},
		fmt.Errorf("fourth: %w", errors.Join(errors.New("a"), errors.New("b"))),
	))
	want := strings.Join([]string{
		"rotate: error: first",
		"rotate: error: a.toml:1:2: second",
		"rotate: hint: mend it",
		"rotate: error: a.toml:3:4: third",
		"rotate: error: open /a: no space left on device",
		"rotate: hint: " + hint(syscall.ENOSPC),
		"rotate: error: fourth: a; b",
		"",
	}, "\n")
	if got := v.err.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestResultsComeBeforeTheErrorsThatFollow(t *testing.T) {
	t.Parallel()
	both := &strings.Builder{}
	v := newWritten(ascii)
	v.voice.out.Reset(both)
	v.voice.err = both
	v.say("result")
	v.fail(errors.New("broken"))
	if got := both.String(); got != "result\nrotate: error: broken\n" {
		t.Errorf("got %q", got)
	}
}

func TestEveryHintIsInOurVoice(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, h := range hints {
		texts = append(texts, h.text)
	}
	for _, text := range remedies {
		texts = append(texts, text)
	}
	for _, text := range texts {
		if text == "" || strings.HasSuffix(text, ".") || text[:1] != strings.ToLower(text[:1]) {
			t.Errorf("%q: lower case, and no full stop", text)
		}
	}
}

func TestColourIsOnlyAroundText(t *testing.T) {
	t.Parallel()
	s := style{colour: true}
	if got := s.bold("a"); got != "\x1b[1ma\x1b[0m" || visible(got) != 1 {
		t.Errorf("got %q, %d columns", got, visible(got))
	}
	if got := ascii.bold("a"); got != "a" {
		t.Errorf("got %q", got)
	}
}

func TestUnicodeLocale(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{"", "", "", false},
		{"", "", "C.UTF-8", true},
		{"", "", "de_DE.utf8", true},
		{"", "", "de_DE.UTF-8@euro", true},
		{"", "", "C", false},
		{"C", "", "en_US.UTF-8", false},
		{"", "en_US.UTF-8", "C", true},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", c.ctype)
		t.Setenv("LANG", c.lang)
		if got := unicodeLocale(); got != c.want {
			t.Errorf("LC_ALL=%q LC_CTYPE=%q LANG=%q: got %t", c.all, c.ctype, c.lang, got)
		}
	}
}
