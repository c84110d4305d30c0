package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// system is what the C library calls the error of the system behind err.
func system(err error) string {
	cause, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return err.Error()
	}
	return capital(cause.Error())
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// terms is which logs are turned, and how long archives are kept.
func terms(p *policy.Policy) string {
	var b strings.Builder
	if p.OldDir != "" {
		fmt.Fprintf(&b, "olddir is %s, ", p.OldDir)
	}
	if p.IfEmpty {
		b.WriteString("empty log files are rotated, ")
	} else {
		b.WriteString("empty log files are not rotated, ")
	}
	if p.MinSize > 0 {
		fmt.Fprintf(&b, "only log files >= %d bytes are rotated, ", p.MinSize)
	}
	if p.MaxSize > 0 {
		fmt.Fprintf(&b, "log files >= %d are rotated earlier, ", p.MaxSize)
	}
	if p.MinAge > 0 {
		fmt.Fprintf(&b, "only log files older than %d days are rotated, ", days(p.MinAge))
	}
	if p.Mail != "" {
		fmt.Fprintf(&b, "old logs mailed to %s, ", p.Mail)
	}
	switch {
	case p.Rotate == 0:
		b.WriteString("no old logs will be kept")
	case p.Rotate < 0 && p.MaxAge == 0:
		b.WriteString("old logs are kept forever")
	default:
		if p.Rotate > 0 {
			fmt.Fprintf(&b, "(%d rotations), ", p.Rotate)
		}
		b.WriteString("old logs are removed")
		if p.MaxAge > 0 {
			fmt.Fprintf(&b, " after %d days", days(p.MaxAge))
		}
	}
	return b.String()
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// whyNot is why a log is not turned.
func whyNot(p *plan.Plan, of *policy.Policy, l *plan.LogPlan) string {
	switch l.Reason().Code {
	case plan.Empty:
		return "log is empty"
	case plan.BelowSize:
		return "log size is below the 'size' threshold"
	case plan.BelowMinSize:
		return "'minsize' directive is used and the log size is smaller than the minsize value"
	case plan.BelowMinAge:
		return "'minage' directive is used and the log age is smaller than the minage days"
	case plan.FirstSeen, plan.BelowMaxSize, plan.NotDue:
		period := map[policy.Unit]string{
			policy.Daily: "day", policy.Weekly: "week", policy.Monthly: "month", policy.Yearly: "year",
		}[of.Frequency.Unit]
		const hour = "2006-01-02 15"
		if period == "" || l.Last.IsZero() || l.Last.Format(hour) == p.Now.Format(hour) {
			return "log has already been rotated"
		}
		return fmt.Sprintf("log has been rotated at %s, which is less than a %s ago", when(l.Last), period)
	}
	return l.Reason().Text(p.Now.Location())
}

// compressor is the program that logrotate would name.
func compressor(c policy.Compression) string {
	switch c.Method {
	case "gzip":
		return "/bin/gzip"
	case "command":
		return c.Command[0]
	}
	return c.Method
}

// madeLike says how a file looks that is made in the place of old.
func madeLike(c *policy.Create, old string) string {
	mode, uid, gid := c.Mode, c.UID, c.GID
	if info, err := os.Lstat(old); err == nil {
		st := info.Sys().(*syscall.Stat_t)
		if mode < 0 {
			mode = int(info.Mode().Perm())
		}
		if uid < 0 {
			uid = int(st.Uid)
		}
		if gid < 0 {
			gid = int(st.Gid)
		}
	} else {
		mode, uid, gid = orElse(mode, 0o755), orElse(uid, os.Geteuid()), orElse(gid, os.Getegid())
	}
	return fmt.Sprintf(" mode = %04o uid = %d gid = %d", mode, uid, gid)
}

func orElse(n, other int) int {
	if n < 0 {
		return other
	}
	return n
}

// dateSuffix is what dateext adds to a name now, and a glob of what it has added.
func dateSuffix(p *policy.Policy, now time.Time) (suffix, glob string) {
	dated := &policy.Policy{DateExt: true, DateFormat: p.DateFormat, DateYesterday: p.DateYesterday, DateHourAgo: p.DateHourAgo}
	naming := plan.NewNaming(dated, now.Location())
	suffix = naming.Name("", naming.Newest(now))
	const digit = "[0-9]"
	digits := map[byte]int{'Y': 4, 'm': 2, 'd': 2, 'H': 2, 'M': 2, 'S': 2, 'V': 2, 's': 10}
	for f := p.DateFormat; f != ""; f = f[1:] {
		switch {
		case len(f) > 1 && f[0] == '%' && digits[f[1]] > 0:
			glob += strings.Repeat(digit, digits[f[1]])
			f = f[1:]
		case len(f) > 1 && f[0] == '%' && f[1] == 'z':
			glob += "[-+]" + strings.Repeat(digit, 4)
			f = f[1:]
		default:
			glob += f[:1]
		}
	}
	return suffix, glob
}

// asked is the path or pattern of a problem, as the policy has it.
func asked(p *policy.Policy, problem *plan.Problem) string {
	if problem.Reason.Code == plan.Unreadable { // and Path is the folder
		for _, pattern := range p.Paths {
			if pattern.Pos == problem.Pos {
				return pattern.Text
			}
		}
	}
	return problem.Path
}

// because is what the C library calls the error behind a problem.
func because(problem *plan.Problem) string {
	why := problem.Detail[strings.LastIndex(problem.Detail, ": ")+1:]
	if why = strings.TrimSpace(why); why == "" {
		why = syscall.ENOENT.Error()
	}
	return capital(why)
}
