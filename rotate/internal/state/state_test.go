package state

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
)

var day = time.Date(2026, time.November, 23, 7, 48, 0, 0, time.UTC)

// given writes text to a new file and returns its path.
func given(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) (*State, []error) {
	t.Helper()
	s, warnings, err := Read(path, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	at := func(y, mo, d, h, mi, s int) time.Time {
		return time.Date(y, time.Month(mo), d, h, mi, s, 0, time.UTC)
	}
	for _, tt := range []struct {
		name, line string
		log        string // "": the line is bad
		want       time.Time
	}{
		{"version 2", `"/var/log/app.log" 2026-11-23-7:48:0`, "/var/log/app.log", day},
		{"zeros before the digits", `"/a" 2026-01-02-03:04:05`, "/a", at(2026, 1, 2, 3, 4, 5)},
		{"day only", `"/a" 2026-1-2`, "/a", at(2026, 1, 2, 0, 0, 0)},
		{"hour only", `"/a" 2026-1-2-3`, "/a", at(2026, 1, 2, 3, 0, 0)},
		{"text after the date is ignored", `"/a" 2026-1-2zzz`, "/a", at(2026, 1, 2, 0, 0, 0)},
		{"no quotes", `/var/log/a 2026-1-2`, "/var/log/a", at(2026, 1, 2, 0, 0, 0)},
		{"blanks around", " \t/a\t 2026-1-2 \r", "/a", at(2026, 1, 2, 0, 0, 0)},
		{"escaped blank", `/a\ b 2026-1-2`, "/a b", at(2026, 1, 2, 0, 0, 0)},
		{"quotes inside a word", `/a" b "c 2026-1-2`, "/a b c", at(2026, 1, 2, 0, 0, 0)},
		{"text after a quote", `"/a"b 2026-1-2`, "/ab", at(2026, 1, 2, 0, 0, 0)},
		{"single quotes", `'/a "b' 2026-1-2`, `/a "b`, at(2026, 1, 2, 0, 0, 0)},
		{"escaped quote", `"/a\"b" 2026-1-2`, `/a"b`, at(2026, 1, 2, 0, 0, 0)},
		{"escaped backslash", `"/a\\nb" 2026-1-2`, `/a\nb`, at(2026, 1, 2, 0, 0, 0)},
		{"escaped newline", `"/a\nb" 2026-1-2`, "/a\nb", at(2026, 1, 2, 0, 0, 0)},
		{"unknown escape stands for itself", `"/a\xb" 2026-1-2`, `/a\xb`, at(2026, 1, 2, 0, 0, 0)},
		{"open quote at the date", `/a "2026-1-2`, "/a", at(2026, 1, 2, 0, 0, 0)},
		{"not UTF-8", "\"/\xff\" 2026-1-2", "/\xff", at(2026, 1, 2, 0, 0, 0)},
		{"a day that the month does not have", `"/a" 2026-2-31`, "/a", at(2026, 3, 3, 0, 0, 0)},
		{"never", `"/a" 1900-1-0`, "/a", at(1970, 1, 1, 0, 0, 0)},
		{"last second", `"/a" 2100-12-31-23:59:59`, "/a", at(2100, 12, 31, 23, 59, 59)},

		{name: "no date", line: `"/a"`},
		{name: "no name", line: `"" 2026-1-2`},
		{name: "third word", line: `"/a" 2026-1-2 x`},
		{name: "open quote", line: `"/a 2026-1-2`},
		{name: "backslash at the end", line: `/a 2026-1-2\`},
		{name: "NUL in the name", line: "\"/a\x00\" 2026-1-2"},
		{name: "year 99999", line: `"/a" 99999-1-2`},
		{name: "year beyond any number", line: `"/a" 99999999999999999999999-1-2`},
		{name: "year 1969", line: `"/a" 1969-1-2`},
		{name: "month 13", line: `"/a" 2026-13-2`},
		{name: "month 0", line: `"/a" 2026-0-2`},
		{name: "day 32", line: `"/a" 2026-1-32`},
		{name: "hour 24", line: `"/a" 2026-1-2-24:0:0`},
		{name: "minute 60", line: `"/a" 2026-1-2-3:60:0`},
		{name: "second 60", line: `"/a" 2026-1-2-3:4:60`},
		{name: "two numbers", line: `"/a" 2026-1`},
		{name: "slashes", line: `"/a" 2026/1/2`},
		{name: "negative", line: `"/a" 2026--1-2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := given(t, header2+"\n\"/before\" 2026-11-23-7:48:0\n"+tt.line+"\n\"/after\" 2026-11-23-7:48:0\n")
			s, warnings := read(t, path)
			for _, log := range []string{"/before", "/after"} {
				if got, ok := s.Last(log); !ok || !got.Equal(day) {
					t.Errorf("%s: got %v, %v", log, got, ok)
				}
			}
			if tt.log == "" {
				if s.Len() != 2 || len(warnings) != 1 || !strings.HasPrefix(fmt.Sprint(warnings[0]), path+":3: ") {
					t.Errorf("got %d logs and warnings %q, want one warning about line 3", s.Len(), warnings)
				}
				return
			}
			if got, ok := s.Last(tt.log); !ok || !got.Equal(tt.want) || len(warnings) != 0 {
				t.Errorf("got %v, %v and warnings %q; want %v", got, ok, warnings, tt.want)
			}
			if s.Changed() {
				t.Error("reading is a change")
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	const entry = "\"/a\" 2026-11-23-7:48:0\n"
	for _, tt := range []struct {
		name, text string
		logs       []string
		warnings   int
		bad        bool
	}{
		{name: "empty"},
		{name: "header only", text: header2 + "\n"},
		{name: "version 1", text: header1 + "\n/a 2026-11-23\n", logs: []string{"/a"}},
		{name: "blank lines", text: header2 + "\n\n \n" + entry + "\n", logs: []string{"/a"}},
		{name: "no newline at the end", text: header2 + "\n" + entry[:len(entry)-1], logs: []string{"/a"}},
		{name: "no header", text: entry + entry, logs: []string{"/a"}, warnings: 1},
		{name: "unknown version", text: "logrotate state -- version 9\n" + entry, logs: []string{"/a"}, warnings: 1},
		{name: "unknown version and nothing else", text: "logrotate state -- version 9\n", warnings: 1},
		{name: "header cut short", text: "logrot", warnings: 1},
		{name: "garbage before an entry", text: "x\ny\n" + entry, logs: []string{"/a"}, warnings: 2},
		{name: "all NUL", text: strings.Repeat("\x00", 4096), warnings: 1},
		{name: "line of 16 MiB", text: header2 + "\n" + strings.Repeat("x", 16<<20) + "\n" + entry, logs: []string{"/a"}, warnings: 1},
		{name: "name of 1 MiB", text: header2 + "\n/" + strings.Repeat("x", 1<<20) + " 2026-1-1\n", logs: []string{"/" + strings.Repeat("x", 1<<20)}},
		{name: "later duplicate wins", text: header2 + "\n\"/a\" 2020-1-1\n" + entry, logs: []string{"/a"}},
		{name: "a thousand bad lines", text: header2 + "\n" + strings.Repeat("x\n", 1000), warnings: warningLimit + 1},
		{name: "somebody else's file", text: "root:x:0:0:root:/root:/bin/bash\n", bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := given(t, tt.text)
			s, warnings, err := Read(path, time.UTC)
			if tt.bad {
				if err == nil || !strings.Contains(err.Error(), "not a state file") {
					t.Errorf("got error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(s.last)); !slices.Equal(got, tt.logs) {
				t.Errorf("got logs %.80q", got)
			}
			if len(warnings) != tt.warnings {
				t.Errorf("got %d warnings, want %d: %.300q", len(warnings), tt.warnings, warnings)
			}
			if got, ok := s.Last("/a"); ok && got.Year() != 2026 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestReadPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := given(t, header2+"\n/a 2026-1-2\n")
	link := filepath.Join(dir, "link")
	fifo := filepath.Join(dir, "fifo")
	large := filepath.Join(dir, "large")
	for _, err := range []error{
		os.Symlink(file, link),
		unix.Mkfifo(fifo, 0o600),
		os.WriteFile(large, nil, 0o600),
		os.Truncate(large, sizeLimit+1),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, path string
		logs       int
		err        string
	}{
		{"missing", filepath.Join(dir, "missing"), 0, ""},
		{"symbolic link", link, 1, ""},
		{"discarded", "/dev/null", 0, ""},
		{"folder", dir, 0, "not a regular file"},
		{"FIFO", fifo, 0, "not a regular file"},
		{"too large", large, 0, "larger than 64 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _, err := Read(tt.path, time.UTC)
			if tt.err != "" {
				if want := fmt.Sprintf("read %q: %s", tt.path, tt.err); fmt.Sprint(err) != want {
					t.Errorf("got %v, want %v", err, want)
				}
				return
			}
			if err != nil || s.Len() != tt.logs {
				t.Errorf("got %v, error %v", s, err)
			}
		})
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status")
	s, _ := read(t, path)
	s.Set("/b", day)
	s.Set("/a\"\\\n\xff", day.Add(time.Nanosecond))
	s.Set("/gone", day)
	s.Delete("/gone")
	if !s.Changed() {
		t.Fatal("not changed")
	}
	if err := s.Save(&fsys.FS{}, nil); err != nil {
		t.Fatal(err)
	}
	want := header2 + "\n" + `"/a\"\\\n` + "\xff" + `" 2026-11-23-7:48:0` + "\n" + `"/b" 2026-11-23-7:48:0` + "\n"
	if got := readText(t, path); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}

	// What is on disk already is not written again.
	s, _ = read(t, path)
	s.Set("/b", day)
	s.Delete("/never")
	if s.Changed() {
		t.Error("changed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(&fsys.FS{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("saved what did not change: %v", err)
	}
}

func TestSaveTakesThePlaceOfALink(t *testing.T) {
	t.Parallel()
	file := given(t, header2+"\n/a 2026-1-2\n")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	s, _ := read(t, link)
	s.Set("/b", day)
	if err := s.Save(&fsys.FS{}, nil); err != nil {
		t.Fatal(err)
	}
	if s, _ := read(t, file); s.Len() != 1 {
		t.Errorf("wrote through the link: %v", s.last)
	}
	if s, _ := read(t, link); s.Len() != 2 {
		t.Errorf("got %v", s.last)
	}
}

func TestSaveFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "status")
	s, _ := read(t, path)
	s.Set("/a", day)
	if err := s.Save(&fsys.FS{}, nil); !errors.Is(err, fs.ErrNotExist) || !s.Changed() {
		t.Errorf("got %v, changed %v", err, s.Changed())
	}
}

func TestSaveDiscards(t *testing.T) {
	t.Parallel()
	s, _ := read(t, "/dev/null")
	s.Set("/a", day)
	if err := s.Save(&fsys.FS{}, nil); err != nil || s.Changed() {
		t.Errorf("got %v, changed %v", err, s.Changed())
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().Type() != os.ModeDevice|os.ModeCharDevice {
		t.Errorf("/dev/null is %v, %v", info, err)
	}
}

func TestSetKeepsToWhatLogrotateReads(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Pacific/Auckland", "America/Los_Angeles"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := Read("/dev/null", loc)
		if err != nil {
			t.Fatal(err)
		}
		for year, want := range map[int]string{
			1: "1970-1-1-0:0:0", 1969: "1970-1-1-0:0:0", 2026: "2026-6-1-0:0:0",
			2101: "2100-12-31-23:59:59", 99999: "2100-12-31-23:59:59",
		} {
			s.Set("/a", time.Date(year, time.June, 1, 0, 0, 0, 0, loc))
			if got, _ := s.Last("/a"); date(got) != want {
				t.Errorf("%s: year %d: got %s, want %s", zone, year, date(got), want)
			}
		}
	}
}

func TestAllIsSortedAndLetsGo(t *testing.T) {
	t.Parallel()
	s, _ := read(t, "/dev/null")
	for _, log := range []string{"/c", "/a", "/b"} {
		s.Set(log, day)
	}
	var got []string
	for log := range s.All() {
		got = append(got, log)
		s.Delete(log)
	}
	if !slices.Equal(got, []string{"/a", "/b", "/c"}) || s.Len() != 0 {
		t.Errorf("got %q, left %d", got, s.Len())
	}
}

// A hundred thousand logs must cost less than 12 MB, the file's text included.
func TestMemory(t *testing.T) {
	const logs, limit = 100_000, 12 << 20
	var text strings.Builder
	fmt.Fprintln(&text, header2)
	for i := range logs {
		fmt.Fprintf(&text, "\"/var/log/service-%03d/access-%05d.log\" 2026-11-23-7:48:0\n", i%100, i)
	}
	path := given(t, text.String())
	text.Reset()

	before := heap()
	s, _ := read(t, path)
	used := heap() - before
	if s.Len() != logs {
		t.Fatalf("got %d logs", s.Len())
	}
	t.Logf("%d logs: %.1f MB", logs, float64(used)/(1<<20))
	if used > limit {
		t.Errorf("%d bytes, want at most %d", used, limit)
	}
	runtime.KeepAlive(s)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	fmt.Fprintln(&text, header2)
	for i := range 100_000 {
		fmt.Fprintf(&text, "\"/var/log/service-%03d/access-%05d.log\" 2026-11-23-7:48:0\n", i%100, i)
	}
	path := given(b, text.String())
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		read(b, path)
	}
}

// FuzzRoundTrip saves any two names and reads them back.
func FuzzRoundTrip(f *testing.F) {
	f.Add("/var/log/app.log", "/a\"\\\n\r\t\xff 'b'", int64(1), int64(2))
	f.Add(`\`, `\n`, int64(-1), int64(1)<<40)
	f.Fuzz(func(t *testing.T, a, b string, x, y int64) {
		if a == "" || b == "" || strings.Contains(a+b, "\x00") {
			t.Skip("not paths")
		}
		s := &State{loc: time.UTC, last: map[string]int64{}}
		s.Set(a, time.Unix(x, 0))
		s.Set(b, time.Unix(y, 0))
		var text strings.Builder
		if err := s.write(&text); err != nil {
			t.Fatal(err)
		}
		got := &State{loc: time.UTC, last: map[string]int64{}}
		warnings, err := got.parse(text.String())
		if err != nil || len(warnings) != 0 || !maps.Equal(got.last, s.last) {
			t.Errorf("%q: got %v, warnings %q, error %v", text.String(), got.last, warnings, err)
		}
	})
}

// FuzzParse puts any bytes between two lines, which must survive.
func FuzzParse(f *testing.F) {
	f.Add("\"/a\" 2026-1-2\n'\\\x00\n")
	f.Add("/\xff 99999-1-2")
	f.Fuzz(func(t *testing.T, junk string) {
		const before, after = "\"/before\" 2026-11-23-7:48:0\n", "\n\"/after\" 2026-11-23-7:48:0\n"
		s := &State{loc: time.UTC, last: map[string]int64{}}
		if _, err := s.parse(header2 + "\n" + before + junk + after); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Last("/after"); !ok || !got.Equal(day) {
			t.Errorf("after: got %v, %v", got, ok)
		}
		if _, ok := s.Last("/before"); !ok {
			t.Error("before: lost")
		}
		for log := range s.last {
			if log == "" || strings.Contains(log, "\x00") {
				t.Errorf("got log %q", log)
			}
		}
	})
}
