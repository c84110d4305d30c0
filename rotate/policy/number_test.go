package policy

import (
	"math"
	"syscall"
	"testing"
	"time"
)

type sizeCase struct {
	in   string
	want int64 // -1: an error
}

func sizeCases() []sizeCase {
	return []sizeCase{
		{"0", 0},
		{"100", 100},
		{"100B", 100},
		{"007", 7},
		{"1k", 1024},
		{"1K", 1024},
		{"1kB", 1024},
		{"1KiB", 1024},
		{"200M", 200 << 20},
		{"200MB", 200 << 20},
		{"1G", 1 << 30},
		{"1GiB", 1 << 30},
		{"2T", 2 << 40},
		{"8191P", -1},
		{"9223372036854775807", math.MaxInt64},
		{"9223372036854775808", -1},
		{"9007199254740991k", math.MaxInt64 - 1023},
		{"9007199254740992k", -1},
		{"8388607T", math.MaxInt64 - (1<<40 - 1)},
		{"8388608T", -1},
		{"", -1},
		{"M", -1},
		{"-1", -1},
		{"+1", -1},
		{" 1", -1},
		{"1 M", -1},
		{"1m", -1},
		{"1g", -1},
		{"1t", -1},
		{"1.5G", -1},
		{"1i", -1},
		{"1iB", -1},
		{"1Gi", -1},
		{"1GIB", -1},
		{"0x10", -1},
		{"१", -1},
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for _, c := range sizeCases() {
		got, err := ParseSize(c.in)
		if c.want < 0 && err == nil || c.want >= 0 && (err != nil || got != c.want) {
			t.Errorf("%q: got %d, %v, want %d", c.in, got, err, c.want)
		}
	}
}

func TestFormatSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int64
		want string
	}{{0, "0"}, {1, "1"}, {1000, "1000"}, {1024, "1k"}, {1536, "1536"}, {200 << 20, "200M"}, {1 << 30, "1G"}, {3 << 39, "1536G"}, {1 << 40, "1T"}} {
		if got := FormatSize(c.n); got != c.want {
			t.Errorf("%d: got %s, want %s", c.n, got, c.want)
		}
	}
}

type durationCase struct {
	in   string
	want time.Duration // -1: an error
}

func durationCases() []durationCase {
	const day = 24 * time.Hour
	return []durationCase{
		{"0s", 0},
		{"10s", 10 * time.Second},
		{"15m", 15 * time.Minute},
		{"36h", 36 * time.Hour},
		{"90d", 90 * day},
		{"2w", 14 * day},
		{"500ms", 500 * time.Millisecond},
		{"1h30m", 90 * time.Minute},
		{"1w2d3h4m5s6ms", 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second + 6*time.Millisecond},
		{"106751d23h47m16s854ms", math.MaxInt64 / time.Millisecond * time.Millisecond},
		{"106751d23h47m16s855ms", -1},
		{"106752d", -1},
		{"99999999999999999999s", -1},
		{"", -1},
		{"0", -1},
		{"90", -1},
		{"d", -1},
		{"1h 30m", -1},
		{"30m1h", -1},
		{"1m1m", -1},
		{"1h30", -1},
		{"1.5h", -1},
		{"-1h", -1},
		{"1y", -1},
		{"1H", -1},
		{"1us", -1},
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for _, c := range durationCases() {
		got, err := ParseDuration(c.in)
		if c.want < 0 && err == nil || c.want >= 0 && (err != nil || got != c.want) {
			t.Errorf("%q: got %v, %v, want %v", c.in, got, err, c.want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{999 * time.Microsecond, "0s"},
		{time.Second, "1s"},
		{90 * time.Second, "1m30s"},
		{36 * time.Hour, "1d12h"},
		{14 * 24 * time.Hour, "14d"},
		{1500 * time.Millisecond, "1s500ms"},
	} {
		if got := FormatDuration(c.d); got != c.want {
			t.Errorf("%v: got %s, want %s", c.d, got, c.want)
		}
	}
}

func TestFrequencyRoundTrips(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hourly": "", "daily": "", "weekly": "", "monthly": "", "yearly": "", "every 15m": "", "weekly 7": "", "monthly 31": "",
		"weekly monday": "", "weekly Sun": "weekly sunday", "weekly 0": "weekly sunday", "weekly 6": "weekly saturday",
		"monthly 01": "monthly 1", "every 90m": "every 1h30m",
	} {
		if want == "" {
			want = in
		}
		f, err := parseFrequency(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := f.String(); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"", "never", "interval", "Daily", "daily ", "weekly  monday", "weekly 8", "weekly mo", "monthly 0", "monthly 32", "monthly -1", "every", "every 59s", "every 1h every 2h", "yearly 1"} {
		if f, err := parseFrequency(in); err == nil {
			t.Errorf("%q: got %v", in, f)
		}
	}
	if got := (Frequency{}).String(); got != "never" {
		t.Errorf("zero: %q", got)
	}
}

func TestParseSignal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]syscall.Signal{
		"SIGUSR2": syscall.SIGUSR2, "usr1": syscall.SIGUSR1, "SigHup": syscall.SIGHUP, "12": syscall.SIGUSR2, "ALRM": syscall.SIGALRM,
		"WINCH": syscall.SIGWINCH, "SIGRTMIN": 34, "RTMIN+1": 35, "rtmax-1": 63, "64": 64,
	} {
		if got, err := ParseSignal(in); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "SIG", "0", "-1", "32", "33", "65", "99999999999999999999", "KILL", "9", "stop", "TERM", "SIGINT", "QUIT", "ABRT", "SEGV",
		"PIPE", "TSTP", "RTMIN-1", "RTMAX+1", "RTMIN+", "RTMINX", "RTMIN+31", "USR3", "SIGSIGHUP", " HUP",
	} {
		if got, err := ParseSignal(in); err == nil {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestDateFormats(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"-%Y%m%d", ".%y-%m-%d_%H%M%S", "-%s", "-%Y-%j", "-%G-W%V-%u", "-%g%V%w", "-%Y%U%w", "-%Y%W%u", "%d.%m.%Y%z", "100%%-%Y%m%d"} {
		if got, err := checkDateFormat(in); err != nil || got != in {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, in := range []string{"", "-", "-%Y", "-%Y%m", "-%m%d", "-%H%M", "-%Y%V%u", "-%G%m", "-%%s", "-%Y%m%d\n", "%é%s", "%s%"} {
		if _, err := checkDateFormat(in); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
}
