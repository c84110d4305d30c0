package main

import (
	"bytes"
	"testing"
	"time"

	"rotate/rotate/policy"
)

// logrotateOf is what a run under the name of logrotate says.
func logrotateOf(c *runCmd, tell func(v *logrotateVoice)) string {
	var all bytes.Buffer
	w := newWritten(ascii)
	w.voice.err = &all
	v := newLogrotateVoice(w.voice)
	v.listen(c)
	tell(v)
	_ = v.flush() // to memory
	return all.String()
}

func TestLogrotateView(t *testing.T) {
	t.Parallel()
	f := newFixture()
	golden(t, "logrotate.txt", logrotateOf(&runCmd{Verbose: true, State: "status"}, func(v *logrotateVoice) {
		v.read(&policy.Config{Files: []string{"/etc/rotate.toml"}})
		v.intend(f.plan)
		v.end(f.plan, f.report)
	}))
	if quiet := logrotateOf(&runCmd{State: "status"}, func(v *logrotateVoice) { v.intend(f.plan) }); quiet != "" {
		t.Errorf("without -v: %q", quiet)
	}
}

func TestLogrotateTerms(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for want, p := range map[string]policy.Policy{
		"empty log files are not rotated, no old logs will be kept":                      {},
		"empty log files are rotated, old logs are kept forever":                         {IfEmpty: true, Rotate: -1},
		"empty log files are rotated, (7 rotations), old logs are removed after 90 days": {IfEmpty: true, Rotate: 7, MaxAge: 90 * day},
		"olddir is old, empty log files are rotated, only log files >= 1024 bytes are rotated, log files >= 2048 are rotated earlier, only log files older than 3 days are rotated, old logs mailed to a@b, (1 rotations), old logs are removed": {
			OldDir: "old", IfEmpty: true, MinSize: 1024, MaxSize: 2048, MinAge: 3 * day, Mail: "a@b", Rotate: 1,
		},
	} {
		if got := terms(&p); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestDateSuffix(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 30, 5, 0, time.UTC)
	for _, tt := range []struct {
		policy       policy.Policy
		suffix, glob string
	}{
		{policy.Policy{DateFormat: "-%Y%m%d"}, "-20260301", "-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"},
		{policy.Policy{DateFormat: "-%Y%m%d", DateYesterday: true}, "-20260228", "-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"},
		{policy.Policy{DateFormat: ".%m-%d_%H", DateHourAgo: true}, ".02-28_23", ".[0-9][0-9]-[0-9][0-9]_[0-9][0-9]"},
	} {
		suffix, glob := dateSuffix(&tt.policy, now)
		if suffix != tt.suffix || glob != tt.glob {
			t.Errorf("%+v: got %q and %q", tt.policy, suffix, glob)
		}
	}
}
