// Package plan decides what a run does. It is pure: facts in, plan out. It
// opens nothing, asks no clock and prints nothing, so that a plan can be
// computed, shown and compared anywhere.
package plan

import (
	"time"

	"rotate/rotate/policy"
)

// Plan is the decided work of one run, in the order in which it is done.
type Plan struct {
	Now      time.Time
	Policies []PolicyPlan
	Litter   []Place    // what runs left that were killed: it goes, unless somebody writes it still
	Unserved []Unserved // nothing is done to it; whoever writes it is named
}

// PolicyPlan is the decided work for one policy.
type PolicyPlan struct {
	Policy   *policy.Policy
	Problems []Problem
	Logs     []LogPlan
}

// LogPlan is the decision on one log. Why, and the Work that follows, come from
// the facts and the rules, and are worked out when they are asked for: a run may
// have a hundred thousand.
type LogPlan struct {
	*LogFacts
	Action Action
	rules  *rules
}

// Work is what is done about one log.
type Work struct {
	Turn   []Step  // phase 1, up to the new log
	Turned Place   // what the log becomes in Turn; no Dir: it stays
	Debts  []Owed  // whose writers must let go before they may be forgotten, where Turn puts them
	Settle []Place // archives that must be proven released before Finish: Turned, what is owed, plain archives to compress
	Finish []Step  // phase 4: remove, then compress and move

	problems []Problem // why less is done than the policy asks for
}

// Action is what happens to the live log. Retention and what earlier runs owe
// are in the steps, whatever the action.
type Action uint8

const (
	// Leave does nothing to the log; Reason says why it is not due.
	Leave Action = iota
	// Turn turns the log over; Reason says which rule made it due.
	Turn
	// Refuse cannot serve the log; Reason says what stands in the way. It is a failure of this log.
	Refuse
)

func (a Action) String() string { return [...]string{"leave", "turn", "refuse"}[a] }

// Step is one mutation, or one script around mutations.
type Step struct {
	Op     Op
	From   Place
	To     Place  // of Rename, Copy, Compress, Move; the copy that Truncate relies on; the name that Mail gives
	Reason Reason // of Remove: the rule that lets the archive go
}

// Op is what a step does.
type Op uint8

const (
	// MakeDir makes the folder From.Dir. Each log that goes there asks for it.
	MakeDir Op = iota
	// Rename gives From the name To, which must be free, on the same mount.
	Rename
	// Create makes the new log From, unless its service was faster.
	Create
	// Copy copies From to To.
	Copy
	// Truncate empties From after it was copied.
	Truncate
	// Compress writes the compressed To, then removes the plain From.
	Compress
	// Move copies From to To on another mount, then removes From.
	Move
	// Remove removes From, by the rules of retention.
	Remove
	// PreRotate runs the script of that name about the log From.
	PreRotate
	// PreRemove runs the script of that name about the archive From.
	PreRemove
	// Mail mails what From holds.
	Mail
)

func (o Op) String() string {
	return [...]string{"mkdir", "rename", "create", "copy", "truncate", "compress", "move", "remove", "prerotate", "preremove", "mail"}[o]
}
