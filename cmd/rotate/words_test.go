package main

import (
	"testing"
	"time"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0B", 1023: "1023B", 1024: "1.0k", 1536: "1.5k", 10188: "9.9k", 10189: "10k", 317_000: "310k",
		4_300_000: "4.1M", 200 << 20: "200M", 3 << 30: "3.0G", 5 << 40: "5.0T", 1<<63 - 1: "8192P",
	} {
		if got := size(n); got != want {
			t.Errorf("size(%d) is %q, want %q", n, got, want)
		}
	}
}

func TestTook(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0ms", 12*time.Millisecond + 300*time.Microsecond: "12ms", 1234 * time.Millisecond: "1.2s",
		12*time.Second + 700*time.Millisecond: "13s", 61 * time.Second: "1m1s", 26 * time.Hour: "1d2h",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestOrdinal(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 111: "111th", 112: "112th", 122: "122nd"} {
		if got := ordinal(n); got != want {
			t.Errorf("ordinal(%d) is %q", n, got)
		}
	}
}

func TestNameShowsWhatATerminalWouldNot(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"/srv/app.log":       "/srv/app.log",
		"/srv/café.log":      "/srv/café.log",
		"":                   `""`,
		"a b":                `"a b"`,
		`a"b`:                `"a\"b"`,
		"caf\xe9":            `"caf\xe9"`,
		"two\nlines":         `"two\nlines"`,
		"\x1b[31mred":        `"\x1b[31mred"`,
		"right\u202eto left": `"right\u202eto left"`,
	} {
		if got := name(s); got != want {
			t.Errorf("name(%q) is %s, want %s", s, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"plain":         "plain",
		"one\ntwo":      "one; two",
		"\x1b[2Jclear":  `\x1b[2Jclear`,
		"caf\xe9 it's":  `caf\xe9 it's`,
		"rewrite\rthis": `rewrite\rthis`,
	} {
		if got := oneLine(s); got != want {
			t.Errorf("oneLine(%q) is %q, want %q", s, got, want)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	root, srv, old, other := &plan.Dir{Path: "/"}, &plan.Dir{Path: "/srv"}, &plan.Dir{Path: "/srv/old"}, &plan.Dir{Path: "/srv2"}
	for _, c := range []struct {
		from, in *plan.Dir
		want     string
	}{
		{srv, srv, "a"},
		{srv, old, "old/a"},
		{srv, other, "/srv2/a"},
		{root, srv, "srv/a"},
		{old, srv, "/srv/a"},
	} {
		if got := within(c.from, plan.Place{Dir: c.in, Name: "a"}); got != c.want {
			t.Errorf("%s from %s is %q, want %q", c.in.Path, c.from.Path, got, c.want)
		}
	}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy.Create
		want string
	}{
		{policy.Create{Mode: -1, UID: -1, GID: -1}, "like the old one"},
		{policy.Create{Mode: 0o640, UID: -1, GID: -1}, "0640"},
		{policy.Create{Mode: 0o600, UID: 0, GID: -1}, "0600 root:"},
		{policy.Create{Mode: -1, UID: 0, GID: 0}, "root:root"},
		{policy.Create{Mode: -1, UID: 4_000_000_000, GID: -1}, "4000000000:"},
	} {
		if got := looks(&c.Create); got != c.want {
			t.Errorf("%+v looks %q, want %q", c.Create, got, c.want)
		}
	}
}
