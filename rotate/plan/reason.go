package plan

import (
	"fmt"
	"strconv"
	"time"

	"rotate/rotate/policy"
)

// Reason says why a decision was made: a code, and the numbers behind it.
type Reason struct {
	Code  Code
	Have  int64 // what was found, in the unit that Code says
	Limit int64 // what it was held against
}

// Code names a reason. Its text is stable.
type Code uint8

const (
	// Why a log is turned.

	Forced       Code = iota + 1 // the administrator asked for it
	OverSize                     // Have bytes ≥ size, Limit bytes
	OverMaxSize                  // Have bytes > maxsize, Limit bytes
	DueInterval                  // last turned at Have, Unix seconds, every Limit seconds
	DueHourly                    // last turned at Have, Unix seconds; so are the next four
	DueDaily                     //
	DueWeekly                    //
	DueMonthly                   //
	DueYearly                    //
	Interrupted                  // it was copied, and not emptied
	LastInFuture                 // last turned at Have, too far after Limit, which is now; Unix seconds

	// Why a log is left.

	FirstSeen    // nothing is known of it; due at Limit, Unix seconds, or 0
	NotDue       // last turned at Have, due at Limit, Unix seconds
	BelowSize    // Have bytes < size, Limit bytes
	BelowMaxSize // Have bytes ≤ maxsize, Limit bytes, and nothing else makes it due
	BelowMinSize // due by the calendar, but Have bytes < minsize, Limit bytes
	BelowMinAge  // due by the calendar, but last written Have seconds ago ≤ minage, Limit seconds
	Empty        // it would be turned, were it not empty
	NameTaken    // its archive would have the name of something that is no archive
	NameTooLong  // its archive's name would have Have bytes > Limit
	HeldBack     // it is due, but that it is turned could not be written down
	NoRule       // its policy has no rule that could make it due
	MissingLog   // it is not there

	// Why a log cannot be served.

	IsSymlink   // it is a symbolic link
	IsDirectory // it is a folder
	IsPipe      // it is a FIFO
	IsSocket    // it is a socket
	IsDevice    // it is a device
	HardLink    // it has Have names
	NoOldDir    // the folder for its archives is missing
	NameClash   // its archives would have the names of another log's
	Unexamined  // a rule needs its size, and it could not be looked at

	// Why an archive is removed.

	BeyondRotate // it is the Have-th generation, and rotate keeps Limit
	OverAge      // last written Have seconds ago > maxage, Limit seconds
	OverTotal    // all archives have Have bytes > maxtotal, Limit bytes
	LowSpace     // Have bytes are free < keepfree, Limit bytes
	Packed       // its packed form beside it holds the same
	Broken       // it is cut short, and the plain one beside it is not

	// Why a path of a policy cannot be served.

	NoMatch    // nothing matches the pattern
	Unreadable // a folder cannot be read
	Duplicate  // an earlier policy has it
	Differs    // an archive's packed form beside it holds something else
)

func (c Code) String() string {
	if int(c) >= len(codes) {
		return "code-" + strconv.Itoa(int(c))
	}
	return codes[c]
}

var codes = [...]string{
	Forced: "forced", OverSize: "size", OverMaxSize: "maxsize",
	DueInterval: "due-interval", DueHourly: "due-hourly", DueDaily: "due-daily",
	DueWeekly: "due-weekly", DueMonthly: "due-monthly", DueYearly: "due-yearly",
	Interrupted: "interrupted", LastInFuture: "last-in-future",
	FirstSeen: "first-seen", NotDue: "not-due",
	BelowSize: "below-size", BelowMaxSize: "below-maxsize", BelowMinSize: "minsize", BelowMinAge: "minage",
	Empty: "empty", HeldBack: "held-back", NameTaken: "name-taken", NameTooLong: "name-too-long", NoRule: "no-rule", MissingLog: "missing",
	IsSymlink: "symlink", IsDirectory: "directory", IsPipe: "fifo", IsSocket: "socket", IsDevice: "device",
	HardLink: "hard-link", NoOldDir: "no-olddir", NameClash: "name-clash", Unexamined: "unexamined",
	BeyondRotate: "rotate", OverAge: "maxage", OverTotal: "maxtotal", LowSpace: "keepfree",
	Packed: "packed", Broken: "broken",
	NoMatch: "no-match", Unreadable: "unreadable", Duplicate: "duplicate", Differs: "differs",
}

// MarshalText returns the stable text of c, such as "due-daily".
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (c *Code) UnmarshalText(text []byte) error {
	for i, s := range codes {
		if s == string(text) {
			*c = Code(i)
			return nil
		}
	}
	return fmt.Errorf("unknown reason %q", text)
}

// Text says r for people, with times in loc: "size 12M > maxsize 10M".
func (r Reason) Text(loc *time.Location) string {
	day := func(unix int64) string { return time.Unix(unix, 0).In(loc).Format(time.DateOnly) }
	moment := func(unix int64) string {
		if clockAt(time.Unix(unix, 0).In(loc))%daySeconds == 0 {
			return day(unix)
		}
		return time.Unix(unix, 0).In(loc).Format("2006-01-02 15:04")
	}
	sizes := func(relation string) string {
		return "size " + policy.FormatSize(r.Have) + " " + relation + " " + policy.FormatSize(r.Limit)
	}
	age := func(seconds int64) string { return policy.FormatDuration(time.Duration(seconds) * time.Second) }

	switch r.Code {
	case OverSize:
		return sizes(">= size")
	case OverMaxSize:
		return sizes("> maxsize")
	case DueInterval:
		return "last rotated " + moment(r.Have) + ", every " + age(r.Limit)
	case DueHourly:
		return "last rotated " + moment(r.Have) + ", hourly"
	case DueDaily, DueWeekly, DueMonthly, DueYearly:
		return "last rotated " + day(r.Have) + ", " + r.Code.String()[len("due-"):]
	case LastInFuture:
		return "last rotated " + moment(r.Have) + ", which is in the future"
	case FirstSeen:
		if r.Limit == 0 {
			return "first seen"
		}
		return "first seen; next due " + moment(r.Limit)
	case NotDue:
		return "last rotated " + moment(r.Have) + ", next due " + moment(r.Limit)
	case BelowSize:
		return sizes("< size")
	case BelowMaxSize:
		return sizes("<= maxsize")
	case BelowMinSize:
		return sizes("< minsize")
	case BelowMinAge:
		return "written " + age(r.Have) + " ago, minage " + age(r.Limit)
	case BeyondRotate:
		return ordinal(r.Have) + " of " + strconv.FormatInt(r.Limit, 10)
	case OverAge:
		return "written " + age(r.Have) + " ago, maxage " + age(r.Limit)
	case OverTotal:
		return "archives " + policy.FormatSize(r.Have) + " > maxtotal " + policy.FormatSize(r.Limit)
	case LowSpace:
		return "free " + policy.FormatSize(r.Have) + " < keepfree " + policy.FormatSize(r.Limit)
	case NameTooLong:
		return "an archive's name would have " + strconv.FormatInt(r.Have, 10) + " bytes, of at most " + strconv.FormatInt(r.Limit, 10)
	case HardLink:
		return strconv.FormatInt(r.Have, 10) + " hard links"
	}
	return r.Code.phrase()
}

// phrase says a code that has no numbers.
func (c Code) phrase() string {
	switch c {
	case NameTaken:
		return "an archive would have the name of something else"
	case Differs:
		return "its packed form holds something else"
	case HeldBack:
		return "due, but that it is turned could not be written down"
	case NoRule:
		return "no rule says when"
	case IsSymlink:
		return Symlink.String()
	case IsPipe:
		return Pipe.String()
	case NoOldDir:
		return "its olddir is missing"
	case NameClash:
		return "its archives would have the names of another log's"
	case Unexamined:
		return "it could not be examined"
	case Interrupted:
		return "copied by a run that ended before it emptied the log"
	case Packed:
		return "its packed form holds the same"
	case Broken:
		return "cut short; the plain one is whole"
	case NoMatch:
		return "nothing matches"
	case Unreadable:
		return "cannot be read"
	case Duplicate:
		return "an earlier policy has it"
	}
	return c.String()
}

// ordinal says n as a place: 1st, 2nd, 3rd, 4th, 11th.
func ordinal(n int64) string {
	ending := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.FormatInt(n, 10) + ending
}
