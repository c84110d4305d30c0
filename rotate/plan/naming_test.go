package plan

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"rotate/rotate/policy"
)

// TestNamesAreLogrotates has the names that logrotate 3.21 gives, on
// 2026-11-25, with start 1.
func TestNamesAreLogrotates(t *testing.T) {
	t.Parallel()
	ext := func(e string) policy.Policy { return policy.Policy{Extension: e} }
	add := func(e string) policy.Policy { return policy.Policy{AddExtension: e} }
	both := func(e, a string) policy.Policy { return policy.Policy{Extension: e, AddExtension: a} }
	tests := []struct {
		policy             policy.Policy
		log, number, dated string
	}{
		{policy.Policy{}, "app.log", "app.log.1", "app.log-20261125"},
		{ext(".log"), "app.log", "app.1.log", "app-20261125.log"},
		{ext(".log"), "app", "app.1", "app-20261125"},
		{ext(".log"), "app.logx", "app.logx.1", "app.logx-20261125"},
		{ext(".log"), "app.log.log", "app.log.1.log", "app.log-20261125.log"},
		{ext(".log"), ".log", ".1.log", "-20261125.log"},
		{ext("log"), "app.log", "app..1log", "app.-20261125log"},
		{add(".foo"), "app.log", "app.log.1.foo", "app.log-20261125.foo"},
		{add(".foo"), "app", "app.1.foo", "app-20261125.foo"},
		{add(".log"), "app.log", "app.1.log", "app-20261125.log"},
		{add(".log"), "app", "app.1.log", "app-20261125.log"},
		{both(".log", ".log"), "app.log", "app.1.log", "app-20261125.log"},
		{both(".log", ".log"), "app.log.log", "app.1.log", "app-20261125.log"},
		{both(".log", ".log"), "app.log.log.log", "app.log.1.log", "app.log-20261125.log"},
		{both(".log", ".foo"), "app.log", "app.1.log", "app-20261125.log"},
		{both(".log", ".foo"), "app", "app.1.foo", "app-20261125.foo"},
		{both(".log", ".foo"), "app.log.foo", "app.1.log", "app-20261125.log"},
		{both(".log", ".foo"), "app.foo.log", "app.foo.1.log", "app.foo-20261125.log"},
		{both(".bar.log", ".log"), "app.bar.log", "app.bar.1.log", "app.bar-20261125.log"},
	}
	for _, tt := range tests {
		for _, dated := range []bool{false, true} {
			p, want := tt.policy, tt.number
			p.Start, p.DateExt, p.DateFormat = 1, dated, "-%Y%m%d"
			if dated {
				want = tt.dated
			}
			n := NewNaming(&p, time.UTC)
			g := n.Newest(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
			if got := n.Name(tt.log, g); got != want {
				t.Errorf("extension %q, addextension %q: %s becomes %s, want %s", p.Extension, p.AddExtension, tt.log, got, want)
			}
			if back, e, ok := n.Parse(tt.log, want+".gz"); !ok || back != g || e != ".gz" {
				t.Errorf("%s.gz is read as %v, %q, %v", want, back, e, ok)
			}
		}
	}
}

// TestDatesAreLogrotates has the dates that logrotate 3.21 gives.
func TestDatesAreLogrotates(t *testing.T) {
	t.Parallel()
	const full = "-%Y%m%d-%H%M%S"
	tests := []struct {
		name               string
		format             string
		yesterday, hourAgo bool
		zone               string
		now                string
		want               string
	}{
		{"yesterday", "-%Y%m%d", true, false, "UTC", "2026-11-25 00:10:00", "-20261124"},
		{"yesterday is noon of the day before", full, true, false, "UTC", "2026-11-25 00:10:00", "-20261124-121000"},
		{"an hour ago", full, false, true, "UTC", "2026-11-25 00:10:00", "-20261124-231000"},
		{"yesterday and an hour ago", full, true, true, "UTC", "2026-11-25 00:10:00", "-20261124-111000"},
		{"yesterday, the day after clocks go forward", full, true, false, "Europe/Berlin", "2026-03-30 02:30:00", "-20260329-123000"},
		{"yesterday, the day clocks go forward", full, true, false, "Europe/Berlin", "2026-03-29 12:10:00", "-20260328-111000"},
		{"yesterday, the day clocks go back", full, true, false, "Europe/Berlin", "2026-10-25 23:30:00", "-20261024-133000"},
		{"an hour ago, when clocks went forward", full, false, true, "Europe/Berlin", "2026-03-29 03:30:00", "-20260329-013000"},
		{"seconds since 1970", ".%s", false, false, "UTC", "2026-11-25 12:00:00", ".1795608000"},
		{"the week", "_%V", false, false, "UTC", "2026-11-25 12:00:00", "_48"},
		{"no date at all", ".old", false, false, "UTC", "2026-11-25 12:00:00", ".old"},
		{"other conversions stand for themselves", "-%Y%F%%%", false, false, "UTC", "2026-11-25 12:00:00", "-2026%F%%"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc := zone(t, tt.zone)
			now, err := time.ParseInLocation(time.DateTime, tt.now, loc)
			if err != nil {
				t.Fatal(err)
			}
			n := NewNaming(&policy.Policy{
				DateExt: true, DateFormat: tt.format, DateYesterday: tt.yesterday, DateHourAgo: tt.hourAgo,
			}, loc)
			if got := n.Name("app", n.Newest(now)); got != "app"+tt.want {
				t.Errorf("got %s, want app%s", got, tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	numbered := policy.Policy{Start: 1, Compress: policy.Compression{Method: "command", Ext: ".br"}}
	dated := policy.Policy{DateExt: true, DateFormat: "-%Y%m%d"}
	ending := policy.Policy{Start: 0, Extension: "5"}
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Unix()
	tests := []struct {
		policy policy.Policy
		log    string
		name   string
		want   Generation
		ext    string
		ok     bool
	}{
		{numbered, "app.log", "app.log.1", Generation{N: 1}, "", true},
		{numbered, "app.log", "app.log.12.gz", Generation{N: 12}, ".gz", true},
		{numbered, "app.log", "app.log.2.br", Generation{N: 2}, ".br", true},
		{numbered, "app.log", "app.log.9999999", Generation{N: 9999999}, "", true},
		{numbered, "app.log", "app.log", Generation{}, "", false},
		{numbered, "app.log", "app.log.0", Generation{}, "", false}, // it starts with 1
		{numbered, "app.log", "app.log.01", Generation{}, "", false},
		{numbered, "app.log", "app.log.+1", Generation{}, "", false},
		{numbered, "app.log", "app.log.1.", Generation{}, "", false},
		{numbered, "app.log", "app.log.1.1", Generation{}, "", false},
		{numbered, "app.log", "app.log.1.gz.gz", Generation{}, "", false},
		{numbered, "app.log", "app.log.1.gz~", Generation{}, "", false},
		{numbered, "app.log", "app.log.1.backup", Generation{}, "", false},
		{numbered, "app.log", "app.log.gz", Generation{}, "", false},
		{numbered, "app.log", "app.log.20261123", Generation{}, "", false},
		{numbered, "app.log", "app.log-1", Generation{}, "", false},
		{numbered, "app.log", "xapp.log.1", Generation{}, "", false},
		{numbered, "app", "app.log.1", Generation{}, "", false},
		{dated, "app.log", "app.log-20261123", Generation{Date: day}, "", true},
		{dated, "app.log", "app.log-20261123.10.xz", Generation{day, 10}, ".xz", true},
		{dated, "app.log", "app.log-20240229", Generation{Date: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).Unix()}, "", true},
		{dated, "app.log", "app.log-20260229", Generation{}, "", false}, // no such day
		{dated, "app.log", "app.log-20261123.0", Generation{}, "", false},
		{dated, "app.log", "app.log-20261123.01", Generation{}, "", false},
		{dated, "app.log", "app.log-2026112", Generation{}, "", false},
		{dated, "app.log", "app.log-202611233", Generation{}, "", false},
		{dated, "app.log", "app.log-20261323", Generation{}, "", false},
		{dated, "app.log", "app.log-2026 123", Generation{}, "", false},
		{dated, "app.log", "app.log-20261123-error", Generation{}, "", false},
		{dated, "app.log", "app.log.1", Generation{}, "", false},
		{ending, "app5", "app.15", Generation{N: 1}, "", true},
		{ending, "app5", "app.05", Generation{N: 0}, "", true},
		{ending, "app5", "app.5", Generation{}, "", false},
	}
	for _, tt := range tests {
		got, ext, ok := NewNaming(&tt.policy, time.UTC).Parse(tt.log, tt.name)
		if got != tt.want && ok || ext != tt.ext || ok != tt.ok {
			t.Errorf("%s of %s is read as %v, %q, %v; want %v, %q, %v", tt.name, tt.log, got, ext, ok, tt.want, tt.ext, tt.ok)
		}
	}
}

func TestZonesAreReadBackWhenTheyChange(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		loc := zone(t, name)
		for _, format := range []string{"-%Y%m%d%z", "-%Y%m%d%H%z", "-%z.%d.%m.%Y", "-%s%z"} {
			n := NewNaming(&policy.Policy{DateExt: true, DateFormat: format}, loc)
			for now := time.Date(2026, 1, 1, 0, 0, 0, 0, loc); now.Year() < 2027; now = now.Add(20 * time.Minute) {
				g := n.Newest(now)
				archive := n.Name("app", g)
				if back, _, ok := n.Parse("app", archive); !ok || back != g {
					t.Fatalf("%s, %s: %s is read as %v, %v, want %v", name, now, archive, back, ok, g)
				}
			}
		}
	}
}

// TestZonesOfOthersAreRead: an archive stays the log's, with its name, when the
// machine moves to another zone; its place is that of its moment.
func TestZonesOfOthersAreRead(t *testing.T) {
	t.Parallel()
	newestFirst := []string{
		"2001-01-01-1200", "2001-01-01+0000", "2001-01-01+0545", "2000-12-31-1200",
		"2001-01-01+1400", "2000-01-01+0100", "1970-01-01+0030",
	}
	n := NewNaming(&policy.Policy{DateExt: true, DateFormat: ".%Y-%m-%d%z"}, zone(t, "Europe/Berlin"))
	var last Generation
	for i, date := range newestFirst {
		g, _, ok := n.Parse("app", "app."+date)
		if back := n.Name("app", g); !ok || back != "app."+date {
			t.Errorf("%s: %v, is called %s", date, ok, back)
		}
		if i > 0 && n.Compare(last, g) >= 0 {
			t.Errorf("%s is not older than %s", date, newestFirst[i-1])
		}
		last = g
	}
	for _, date := range []string{"2001-01-01-0000", "2001-01-01+0060", "2001-01-01 0100", "2001-02-29+0100", "2001-01-01+01"} {
		if g, _, ok := n.Parse("app", "app."+date); ok {
			t.Errorf("%s is read as %v", date, g)
		}
	}
}

func TestPrefixIsAsLongAsItCanBe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		policy policy.Policy
		want   string
	}{
		{policy.Policy{}, "app.log."},
		{policy.Policy{Extension: ".log"}, "app."},
		{policy.Policy{DateExt: true, DateFormat: "-%Y%m%d"}, "app.log-"},
		{policy.Policy{DateExt: true, DateFormat: ".at-%Y", AddExtension: ".log"}, "app.at-"},
		{policy.Policy{DateExt: true, DateFormat: "%%%Y"}, "app.log%"},
		{policy.Policy{DateExt: true, DateFormat: "%Y"}, "app.log"},
	}
	for _, tt := range tests {
		if got := NewNaming(&tt.policy, time.UTC).Prefix("app.log"); got != tt.want {
			t.Errorf("%+v: prefix %q, want %q", tt.policy, got, tt.want)
		}
	}
}

func TestCompareOrdersByTimeNotByText(t *testing.T) {
	t.Parallel()
	german := NewNaming(&policy.Policy{DateExt: true, DateFormat: "-%d.%m.%Y"}, time.UTC)
	names := []string{"app-02.01.2027.10", "app-02.01.2027.9", "app-02.01.2027", "app-31.12.2026"}
	for i := 1; i < len(names); i++ {
		newer, _, ok1 := german.Parse("app", names[i-1])
		older, _, ok2 := german.Parse("app", names[i])
		if !ok1 || !ok2 || german.Compare(newer, older) >= 0 {
			t.Errorf("%s does not come before %s", names[i-1], names[i])
		}
	}
	numbers := NewNaming(&policy.Policy{}, time.UTC)
	if numbers.Compare(Generation{N: 9}, Generation{N: 10}) >= 0 {
		t.Error("9 does not come before 10")
	}
}

// TestDaysWithoutMidnightHaveArchives: what a name says is a clock on the
// wall, so that a name stays good on days that begin at 01:00, and when the
// machine moves to another zone.
func TestDaysWithoutMidnightHaveArchives(t *testing.T) {
	t.Parallel()
	p := &policy.Policy{DateExt: true, DateFormat: "-%Y%m%d"}
	n := NewNaming(p, zone(t, "America/Santiago"))
	if _, _, ok := n.Parse("app", "app-20260906"); !ok {
		t.Error("the archive of a day that began at 01:00 is not known")
	}
	p.DateFormat = "-%Y%m%d%H"
	n = NewNaming(p, zone(t, "Europe/Berlin"))
	if _, _, ok := n.Parse("app", "app-2026032902"); !ok {
		t.Error("the archive of an hour that another zone had is not known")
	}
}

// formats are combinations of all conversions, from the common to the odd.
var formats = []string{
	"-%Y%m%d", "-%Y%m%d%H", "-%Y%m%d-%s", ".%s", "-%Y-%m-%dT%H:%M:%S%z", "%Y%j%z", "%s%z", "-%G-W%V-%u", "-%G%V", "-%Y-%V",
	"_%d.%m.%Y", "%y%m%d", "-%Y%j", "-%Y.%U.%w", "-%Y.%W.%u", "-%g%V", "-%m%d", "-%H", "-%d", ".%w", "%V", "-%Y%m-%V",
	".old", "%%", "-%Y%%%m", "-%q%Y", "%", "-%Y%Y", "-%Y%d", "-%j", "-%U%a",
}

func FuzzNameIsReadBack(f *testing.F) {
	for i, format := range formats {
		f.Add("app.log", format, "", "", int64(1795435200+i*86_400*17), i%3, i)
	}
	f.Add("app.log", "", ".log", "", int64(0), 1, 0)
	f.Add("app.log", "", "", ".log", int64(0), 12, 1)
	f.Add("app5", "", "5", "", int64(0), 0, 2)
	f.Add("a.log.b", "-%Y", ".b", ".log", int64(1e9), 7, 3)
	f.Fuzz(func(t *testing.T, log, format, extension, addExtension string, unix int64, number, pick int) {
		loc := zone(t, zones[uint(pick)%uint(len(zones))])
		now := time.Unix(unix, 0).In(loc)
		if y := now.Year(); y < 2002 || y > 2067 || log == "" || strings.ContainsAny(log+format, "/\x00") || number < 0 || number > 1e9-1 {
			t.Skip("not a name, or not of our time")
		}
		p := &policy.Policy{DateExt: format != "", DateFormat: format, Extension: extension, AddExtension: addExtension}
		n := NewNaming(p, loc)
		g := n.Newest(now)
		g.N = number
		for _, ext := range n.compressions {
			name := n.Name(log, g) + ext
			back, e, ok := n.Parse(log, name)
			if !ok || back != g || e != ext {
				t.Fatalf("%q of %q, format %q: wrote %v, %q; read %v, %q, %v", name, log, format, g, ext, back, e, ok)
			}
			if !strings.HasPrefix(name, n.Prefix(log)) {
				t.Fatalf("%q of %q does not begin with %q", name, log, n.Prefix(log))
			}
		}
	})
}

// FuzzParseIsExact: what is read is written the same.
func FuzzParseIsExact(f *testing.F) {
	f.Add("app.log", "app.log-20261123.1.gz", "-%Y%m%d")
	f.Add("app.log", "app.log.007", "")
	for i, format := range formats {
		n := NewNaming(&policy.Policy{DateExt: true, DateFormat: format}, time.UTC)
		f.Add("app", n.Name("app", n.Newest(noon.AddDate(0, 0, i))), format)
	}
	f.Fuzz(func(t *testing.T, log, name, format string) {
		n := NewNaming(&policy.Policy{DateExt: format != "", DateFormat: format}, zone(t, "Europe/Berlin"))
		if g, ext, ok := n.Parse(log, name); ok && n.Name(log, g)+ext != name {
			t.Fatalf("%q of %q, format %q: read %v, %q, wrote %q", name, log, format, g, ext, n.Name(log, g)+ext)
		}
	})
}

// TestNamesOfOneLogDiffer writes many generations and wants as many names.
func TestNamesOfOneLogDiffer(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	endings := []string{"", ".log", ".gz", ".1", "5", ".1.gz"}
	for _, format := range append([]string{""}, formats...) {
		for range 20 {
			p := &policy.Policy{
				DateExt: format != "", DateFormat: format,
				Extension: endings[r.IntN(len(endings))], AddExtension: endings[r.IntN(len(endings))],
			}
			n := NewNaming(p, time.UTC)
			type archive struct {
				g   Generation
				ext string
			}
			names := map[string]archive{}
			for range 200 {
				g := n.Newest(noon.Add(time.Duration(r.Int64N(int64(40_000 * time.Hour)))))
				g.N = r.IntN(20)
				for _, ext := range n.compressions {
					name := n.Name("app.log", g) + ext
					if other, taken := names[name]; taken && other != (archive{g, ext}) {
						t.Fatalf("format %q, endings %q %q: %s is both %v and %v", format, p.Extension, p.AddExtension, name, other, archive{g, ext})
					}
					names[name] = archive{g, ext}
				}
			}
		}
	}
}
