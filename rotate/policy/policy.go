// Package policy holds what the administrator asked for: the model of a policy
// and the readers that make policies from configuration files.
//
// A policy is a plain value. Readers resolve everything that can be resolved
// without looking at a log: sizes are bytes, owners are ids, defaults are
// filled in. Nothing here looks at the logs themselves.
package policy

import (
	"cmp"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Policy is what was asked for one set of logs: one [log.NAME] table.
type Policy struct {
	Name string   // NAME of [log.NAME]
	Pos  Position // where the table starts

	// Which logs.
	Paths     []Pattern // absolute patterns
	Head      string    // Paths as they are written, where a script may ask for that; "": see Whole
	Exclude   []Pattern // what Paths match and the policy leaves alone
	MissingOK bool      // a path that matches nothing is not an error

	// When.
	Frequency Frequency     // zero: no calendar rule
	Size      int64         // bytes; due when as large, whatever the calendar says; AnySize; 0: no rule
	MinSize   int64         // bytes; not due by the calendar until larger; 0: no rule
	MaxSize   int64         // bytes; due before its time when larger; 0: no rule
	MinAge    time.Duration // not due by the calendar until the log was last written this long ago; 0: no rule
	IfEmpty   bool          // turn empty logs too

	// How.
	Method  Method
	Create  *Create // the new log; nil: the service makes it
	OldDir  string  // absolute, or relative to the log's directory; "": beside the log
	MakeDir *Create // how to make OldDir where it is missing; nil: an error

	// Names of the archives.
	Start         int    // number of the newest archive
	DateExt       bool   // dates instead of numbers
	DateFormat    string // strftime format of the date, separator included
	DateYesterday bool   // date of the day before
	DateHourAgo   bool   // date of the hour before
	Extension     string // ending of the log that stays last in the archive's name
	AddExtension  string // ending that every archive gets, and that is taken from the log's name

	// How long archives are kept.
	Rotate   int           // archives of each log; -1: no limit
	MaxAge   time.Duration // by modification time; 0: no limit
	MaxTotal int64         // bytes of all archives of the policy; 0: no limit
	KeepFree int64         // bytes that stay free on the archives' file system; 0: no rule

	// What becomes of those that go.
	Mail      string // address that an archive is mailed to before it is removed; "": nobody
	MailFirst bool   // mail the archive that was just made instead
	Shred     int    // how often its bytes are overwritten before it is removed; 0: not at all

	// Compression.
	Compress      Compression
	DelayCompress bool // leave the newest archive plain

	// Whom to tell, and the escape hatch.
	Notify  []Target
	Scripts Scripts
	Timeout time.Duration // how long a script, or a program that compresses, may run; 0: no limit

	// As whom, and what to tolerate.
	Su               *User // who acts on logs and archives; nil: whoever runs rotate
	AllowHardLink    bool  // turn a log that has other names
	SkipOdd          bool  // a path that is no regular file, or has other names, is not an error
	IgnoreDuplicates bool  // a path of this policy may be matched again, by it or a later one: that is not an error
}

// Whole names all paths of p, as a script is told that runs once for them: as
// they are written, or one after the other with blanks between.
func (p *Policy) Whole() string {
	if p.Head != "" {
		return p.Head
	}
	words := make([]string, len(p.Paths))
	for i, pattern := range p.Paths {
		words[i] = pattern.Text
	}
	return strings.Join(words, " ")
}

// Position is a place in a configuration file. Line and Col count from 1, Col
// in bytes. Line 0 is the file as a whole.
type Position struct {
	File string
	Line int
	Col  int
}

// String returns "file:line:col", or "file" for a file as a whole.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// compare orders the places of one file.
func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Pattern is a path or a glob, with its place in the configuration.
type Pattern struct {
	Text string
	Pos  Position
}

// Method is how a log is turned over.
type Method uint8

const (
	// Rename moves the log to its archive's name; the writer follows when it is told.
	Rename Method = iota
	// Copy copies the log and leaves it as it is.
	Copy
	// CopyTruncate copies the log and empties it.
	CopyTruncate
)

func (m Method) String() string {
	return [...]string{"rename", "copy", "copytruncate"}[m]
}

// Unit is the calendar unit of a Frequency.
type Unit uint8

// The units. Never is the zero value: no calendar rule.
const (
	Never Unit = iota
	Interval
	Hourly
	Daily
	Weekly
	Monthly
	Yearly
)

// AnySize is a Size that every log has.
const AnySize = -1

// AnyDay is the Day of a Frequency that names none.
const AnyDay = -1

// Frequency is the calendar rule of a policy.
type Frequency struct {
	Unit  Unit
	Day   int           // weekday (0 Sunday … 6, 7: every seven days) or day of the month; AnyDay
	Every time.Duration // of Interval
}

// Create says how a file or folder that rotate makes should look.
// What is not given is taken from the log that it replaces.
type Create struct {
	Mode int // permission bits; -1: not given
	UID  int // -1: not given
	GID  int // -1: not given
}

// User is whom the system checks when logs and archives are touched.
type User struct {
	UID, GID int
	Auto     bool // instead: the owner and group of the log's directory
}

// Compression names a codec. The zero value means none.
type Compression struct {
	Method     string   // "gzip", "zstd", "command"; "": none
	Level      int      // of "gzip" and "zstd", as their programs count; 0: the codec's own
	Command    []string // of Method "command": reads the archive on its standard input, writes to its standard output
	Uncompress []string // undoes Command, for mail; empty: archives are mailed as they are
	Ext        string   // what the name gets, with its dot
}

// Enabled reports whether archives are compressed at all.
func (c Compression) Enabled() bool { return c.Method != "" }

// Target is whom to notify after a log was turned: by a Pidfile, a Unit or a
// Command.
type Target struct {
	Pos      Position
	Pidfile  string         // absolute path or glob
	Unit     string         // instead: a service of systemd, whose main process it is
	UserUnit bool           // Unit is one of the service manager of Match.User
	Signal   syscall.Signal // to the process that Pidfile or Unit names
	Command  []string       // instead of both: a program and its arguments
	Wait     time.Duration  // how long to wait until every writer let go
	Match    Match
}

// Signals reports whether t is a process to be signalled, not a command.
func (t *Target) Signals() bool { return t.Pidfile != "" || t.Unit != "" }

// Key is the same for targets that are told the same way, once.
func (t *Target) Key() string {
	return fmt.Sprintf("%q %q %v %q %d %+v", t.Pidfile, t.Unit, t.UserUnit, t.Command, t.Signal, t.Match)
}

// Match is what the process that a target names must be. Empty fields match any.
type Match struct {
	Exe    string // absolute path of the program
	User   string // name or id
	Unit   string // the systemd unit that it belongs to
	Cgroup string // its control group, or one above
}

// Scripts are shell texts run by /bin/sh.
type Scripts struct {
	First     string // once before the first log of the policy is turned
	Pre       string // before a log is turned
	Post      string // after logs were turned, with the notifications
	Last      string // once after everything else
	PreRemove string // before an archive is removed
	Shared    bool   // Pre and Post run once for the policy, not once for each log
}
