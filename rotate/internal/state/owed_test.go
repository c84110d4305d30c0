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
)

var debt = Owed{Policy: "api", Log: "/srv/a.log", Archive: "/srv/a.log.1", Ino: 1<<64 - 1, Turned: day}

func equal(a, b Owed) bool {
	same := a.Turned.Equal(b.Turned)
	a.Turned, b.Turned = time.Time{}, time.Time{}
	return same && a == b
}

func TestOwedRoundTrip(t *testing.T) {
	t.Parallel()
	path := OwedPath(filepath.Join(t.TempDir(), "status"))
	other := debt
	other.Log = "/srv/\xff\"<&>\n\x01é.log"
	other.Archive = `/srv/\xff.1`
	other.Policy = `"quoted"`
	other.Turned = day.Add(123456789 * time.Nanosecond)
	want := []Owed{debt, other}
	if err := WriteOwed(&fsys.FS{}, path, slices.Values(want)); err != nil {
		t.Fatal(err)
	}
	text := readText(t, path)
	t.Log("\n" + text)
	if line := `{"policy":"api","log":"/srv/a.log","archive":"/srv/a.log.1","ino":18446744073709551615,"turned":"2026-11-23T07:48:00Z"}`; !strings.Contains(text, line) {
		t.Errorf("not as readable as it was:\n%s", text)
	}
	got, warnings, err := ReadOwed(path)
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
	if got, warnings, err := ReadOwed(path); err != nil || len(got)+len(warnings) != 0 {
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
			owed, warnings, err := ReadOwed(path)
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

func TestOwedOfDiscardedState(t *testing.T) {
	t.Parallel()
	path := OwedPath("/dev/null")
	if err := WriteOwed(&fsys.FS{}, path, slices.Values([]Owed{debt})); err != nil {
		t.Fatal(err)
	}
	if err := WriteOwed(&fsys.FS{}, path, slices.Values[[]Owed](nil)); err != nil {
		t.Fatal(err)
	}
	if owed, _, err := ReadOwed(path); err != nil || owed != nil {
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
