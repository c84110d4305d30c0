package main

import (
	"time"

	"rotate/rotate/plan"
)

// The document that --json prints; docs/json.md is its reference. Plan and
// report have one schema: a plan lacks what only happens in a run.

type jsonHead struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"`
	DryRun  bool      `json:"dry_run"`
	OK      bool      `json:"ok"`
}

type jsonPolicy struct {
	Name     string       `json:"name"`
	Position jsonPosition `json:"position"`
	Notify   []jsonNotify `json:"notify"`
}

type jsonPosition struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"column,omitempty"`
}

type jsonNotify struct {
	Pidfile string   `json:"pidfile,omitempty"`
	Unit    string   `json:"unit,omitempty"`
	User    string   `json:"user,omitempty"`
	Signal  string   `json:"signal,omitempty"`
	Command []string `json:"command,omitempty"`
	WaitMS  int64    `json:"wait_ms"`
}

type jsonLog struct {
	jsonPath
	Action   string        `json:"action"`
	Reason   jsonReason    `json:"reason"`
	Last     *time.Time    `json:"last,omitempty"`
	Turned   *bool         `json:"turned,omitempty"`
	AtRisk   int64         `json:"at_risk,omitempty"`
	Steps    []jsonStep    `json:"steps"`
	Archives []jsonArchive `json:"archives"`
	Errors   []jsonError   `json:"errors"`
}

// jsonPath is a path. JSON has no way to write bytes that are not UTF-8: they
// are U+FFFD in Path, and Bytes has the path as it is.
type jsonPath struct {
	Path  string `json:"path"`
	Bytes []byte `json:"path_base64,omitempty"`
}

type jsonReason struct {
	Code  plan.Code `json:"code"`
	Have  int64     `json:"have,omitempty"`
	Limit int64     `json:"limit,omitempty"`
	Text  string    `json:"text"`
}

type jsonStep struct {
	Phase     string      `json:"phase"`
	Op        string      `json:"op"`
	From      string      `json:"from"`
	FromBytes []byte      `json:"from_base64,omitempty"`
	To        string      `json:"to,omitempty"`
	ToBytes   []byte      `json:"to_base64,omitempty"`
	Reason    *jsonReason `json:"reason,omitempty"`
	Done      *bool       `json:"done,omitempty"`
	In        int64       `json:"bytes_in,omitempty"`
	Out       int64       `json:"bytes_out,omitempty"`
}

type jsonArchive struct {
	jsonPath
	Since    *time.Time   `json:"since,omitempty"`
	Released string       `json:"released,omitempty"`
	AfterMS  *float64     `json:"after_ms,omitempty"`
	Holders  []jsonHolder `json:"holders,omitempty"`
	Complete *bool        `json:"holders_complete,omitempty"`
	Unseen   bool         `json:"unseen,omitempty"`
	Error    string       `json:"error,omitempty"`
	Hint     string       `json:"hint,omitempty"`
}

type jsonHolder struct {
	PID    int    `json:"pid"`
	PPID   int    `json:"ppid"`
	Name   string `json:"name"`
	Exe    string `json:"exe,omitempty"`
	User   string `json:"user"`
	FD     *int   `json:"fd,omitempty"`
	Worker bool   `json:"worker"`
	Mapped bool   `json:"mapped"`
	Unit   string `json:"unit,omitempty"`
}

type jsonTarget struct {
	Policy  string        `json:"policy"`
	Pidfile string        `json:"pidfile,omitempty"`
	Unit    string        `json:"unit,omitempty"`
	User    string        `json:"user,omitempty"`
	Signal  string        `json:"signal,omitempty"`
	Command []string      `json:"command,omitempty"`
	State   string        `json:"state"`
	Told    []jsonProcess `json:"processes"`
	Errors  []jsonError   `json:"errors"`
}

type jsonProcess struct {
	Pidfile string `json:"pidfile,omitempty"`
	Unit    string `json:"unit,omitempty"`
	PID     int    `json:"pid"`
	Name    string `json:"name"`
	User    string `json:"user,omitempty"`
	Exe     string `json:"exe,omitempty"`
	Died    bool   `json:"died"`
	Warning string `json:"warning,omitempty"`
}

type jsonProblem struct {
	Policy string `json:"policy"`
	jsonPath
	Reason jsonReason `json:"reason"`
	Detail string     `json:"detail,omitempty"`
	Hint   string     `json:"hint,omitempty"`
}

type jsonError struct {
	Text     string        `json:"text"`
	Hint     string        `json:"hint,omitempty"`
	Position *jsonPosition `json:"position,omitempty"`
}

type jsonTail struct {
	Targets  []jsonTarget  `json:"targets"`
	Problems []jsonProblem `json:"problems"`
	Litter   []jsonPath    `json:"litter,omitempty"`
	Warnings []jsonError   `json:"warnings"`
	Errors   []jsonError   `json:"errors"`
}
