package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/testdata/host"
)

var debt = Owed{Policy: "api", Log: "/srv/a.log", Archive: "/srv/a.log.1", Ino: 1<<64 - 1, Turned: day}

func equal(a, b Owed) bool {
	return a.Same(b)
}

func TestOwedRoundTrip(t *testing.T) {
	t.Parallel()
	path := OwedPath(filepath.Join(t.TempDir(), "status"))
	other := debt
	other.Log = "/srv/\xff\"<&>\n\x01é.log"
	other.Archive = `/srv/\xff.1`
	other.Policy = `"quoted"`
	other.Turned = day.Add(123456789 * time.Nanosecond)
	other.Last = day
	want := []Owed{debt, other}
	if err := WriteOwed(&fsys.FS{}, path, slices.Values(want)); err != nil {
		t.Fatal(err)
	}
	text := readText(t, path)
	t.Log("\n" + text)
	if line := `{"policy":"api","log":"/srv/a.log","archive":"/srv/a.log.1","ino":18446744073709551615,"turned":"2026-11-23T07:48:00Z"}`; !strings.Contains(text, line) {
		t.Errorf("not as readable as it was:\n%s", text)
	}
	got, warnings, err := ReadOwed(path, time.UTC)
	if err != nil || len(warnings) != 0 || !slices.EqualFunc(got, want, equal) {
		t.Errorf("got %+v, warnings %q, error %v", got, warnings, err)
	}

	for range 2 { // with a file, and without
		if err := WriteOwed(&fsys.FS{}, path, slices.Values[[]Owed](nil)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("nothing is owed, yet: %v", err)
		}
	}
	if got, warnings, err := ReadOwed(path, time.UTC); err != nil || len(got)+len(warnings) != 0 {
		t.Errorf("got %+v, warnings %q, error %v", got, warnings, err)
	}
}

func TestReadOwed(t *testing.T) {
	t.Parallel()
	const (
		head = `{"format":"rotate owed","version":1}` + "\n"
		line = `{"policy":"api","log":"/srv/a.log","archive":"/srv/a.log.1","ino":18446744073709551615,"turned":"2026-11-23T07:48:00Z"}` + "\n"
	)
	for _, tt := range []struct {
		name, text string
		owed       int
		warn       string // of the only warning
	}{
		{"empty", "", 0, ""},
		{"header", head, 0, ""},
		{"one", head + line, 1, ""},
		{"unknown field", head + strings.Replace(line, "{", `{"more":{"x":1},`, 1), 1, ""},
		{"no newline at the end", head + line[:len(line)-1], 1, ""},
		{"no header", line, 1, ":1: not the first line of version 1"},
		{"later version", `{"format":"rotate owed","version":2}` + "\n" + line, 1, ":1: not the first line of version 1"},
		{"garbage", head + "x\n" + line, 1, ":2: "},
		{"NUL", head + "\x00\x00\n" + line, 1, ":2: "},
		{"cut short", head + line + line[:50], 1, ":3: "},
		{"no archive", head + `{"log":"/a"}` + "\n" + line, 1, ":2: names no log or no archive"},
		{"bad quoting", head + `{"log":"\"/a","archive":"/b"}` + "\n" + line, 1, ":2: invalid syntax"},
		{"bad number", head + strings.Replace(line, "18446744073709551615", "-1", 1) + line, 1, ":2: "},
		{"long line", head + strings.Repeat("x", 16<<20) + "\n" + line, 1, ":2: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := given(t, tt.text)
			owed, warnings, err := ReadOwed(path, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			if len(owed) != tt.owed || tt.owed == 1 && !equal(owed[0], debt) {
				t.Errorf("got %+v", owed)
			}
			if tt.warn == "" && len(warnings) != 0 || tt.warn != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0].Error(), path+tt.warn)) {
				t.Errorf("got warnings %q, want %q", warnings, tt.warn)
			}
		})
	}
}

// TestKnown writes down a turn, and asks a state in which zone whatever.
func TestKnown(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		host.Lacks(t, err)
	}
	again := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC).In(berlin) // and once more, an hour later
	for _, tt := range []struct {
		name        string
		last        time.Time // in the record
		text        string    // in the state; "": it does not know the log
		known       bool
		turnedAfter time.Duration // day
	}{
		{"as it was", day, "2026-11-23-7:48:0", false, 0},
		{"turned", day, "2026-11-24-7:48:0", true, 0},
		{"turned, and the clock went back", day, "2026-11-22-7:48:0", true, 0},
		{"a state that is lost", day, "", false, 0},
		{"in the hour that comes twice", again, "2026-10-25-2:30:0", false, 0},
		{"in its second time", again.Add(time.Hour), "2026-10-25-2:30:0", false, 0},
		{"not known what it was", time.Time{}, "2026-11-23-7:48:0", true, 0},
		{"not known, and before the turn", time.Time{}, "2026-11-23-7:48:0", false, time.Second},
	} {
		for _, loc := range []*time.Location{time.UTC, berlin, time.FixedZone("east", 14*3600)} {
			if tt.last.IsZero() && loc != time.UTC {
				continue // then clocks are all there is
			}
			path := filepath.Join(t.TempDir(), "status")
			o := debt
			o.Last, o.Turned = tt.last, o.Turned.Add(tt.turnedAfter)
			if err := WriteOwed(&fsys.FS{}, OwedPath(path), slices.Values([]Owed{o})); err != nil {
				t.Fatal(err)
			}
			text := header2 + "\n"
			if tt.text != "" {
				text += "\"/srv/a.log\" " + tt.text + "\n"
			}
			if err := os.WriteFile(path, []byte(text), fileMode); err != nil {
				t.Fatal(err)
			}
			s, _, err := Read(path, loc)
			if err != nil {
				t.Fatal(err)
			}
			owed, _, err := ReadOwed(OwedPath(path), loc)
			if err != nil || len(owed) != 1 {
				t.Fatal(owed, err)
			}
			if last, _ := s.Last("/srv/a.log"); owed[0].Known(last) != tt.known {
				t.Errorf("%s, in %s: %v", tt.name, loc, !tt.known)
			}
		}
	}
}

func TestOwedOfDiscardedState(t *testing.T) {
	t.Parallel()
	path := OwedPath("/dev/null")
	if err := WriteOwed(&fsys.FS{}, path, slices.Values([]Owed{debt})); err != nil {
		t.Fatal(err)
	}
	if err := WriteOwed(&fsys.FS{}, path, slices.Values[[]Owed](nil)); err != nil {
		t.Fatal(err)
	}
	if owed, _, err := ReadOwed(path, time.UTC); err != nil || owed != nil {
		t.Errorf("got %+v, %v", owed, err)
	}
	if _, err := os.Lstat("/dev/null.owed"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("/dev/null.owed: %v", err)
	}
}

func FuzzOwedName(f *testing.F) {
	f.Add("/srv/a.log")
	f.Add("\"/\xff")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := name(s).MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got name
		if err := got.UnmarshalText(text); err != nil || string(got) != s {
			t.Errorf("%q became %q, then %q, %v", s, text, got, err)
		}
	})
}
