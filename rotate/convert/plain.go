package convert

import (
	"time"

	"rotate/rotate/policy"
)

// plain returns p without what changes nothing in it, and without what TOML
// does not say: its name and place, and what is tolerated.
func plain(p *policy.Policy) policy.Policy {
	q := *p
	q.Name, q.Pos = "", policy.Position{}
	q.Head = "" // see converter.quotes
	q.Paths, q.Exclude = unplaced(p.Paths), unplaced(p.Exclude)
	q.SkipOdd, q.IgnoreDuplicates = false, false
	if q.Timeout == timeout {
		q.Timeout = 0 // logrotate waits for ever, but nobody asked it to
	}
	q.Notify = nil
	for _, t := range p.Notify {
		t.Pos = policy.Position{}
		q.Notify = append(q.Notify, t)
	}
	if q.Size < 0 { // any size; in TOML, one byte at least
		q.Size = 1
	}
	switch {
	case q.Size > 0 && q.MaxSize > 0 && q.MaxSize < q.Size:
		q.Size, q.Frequency = 0, policy.Frequency{}
	case q.Size > 0:
		q.MaxSize, q.Frequency = 0, policy.Frequency{}
	}
	if q.Frequency.Unit == policy.Never {
		q.Frequency, q.MinSize, q.MinAge = policy.Frequency{}, 0, 0
	}
	if q.Method != policy.Rename {
		q.Create = nil
	}
	if q.OldDir == "" {
		q.MakeDir = nil
	}
	if q.DateExt {
		q.Start = 1
	} else {
		q.DateFormat, q.DateYesterday, q.DateHourAgo = "", false, false
	}
	if !q.Compress.Enabled() {
		q.Compress, q.DelayCompress = policy.Compression{}, false
	}
	if q.Mail == "" {
		q.MailFirst, q.Compress.Uncompress = false, nil
	}
	if q.Scripts.Pre == "" && q.Scripts.Post == "" {
		q.Scripts.Shared = false
	}
	return q
}

func unplaced(patterns []policy.Pattern) (out []policy.Pattern) {
	for _, p := range patterns {
		out = append(out, policy.Pattern{Text: p.Text})
	}
	return out
}

// timeout is that of a policy without one.
const timeout = 6 * time.Hour

// dateFormat is that of a policy without one.
func dateFormat(f policy.Frequency) string {
	if f.Unit == policy.Hourly || f.Unit == policy.Interval && f.Every < 24*time.Hour {
		return "-%Y%m%d%H"
	}
	return "-%Y%m%d"
}
