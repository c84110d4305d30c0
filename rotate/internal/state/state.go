// Package state remembers between runs: when each log was last rotated, in
// logrotate's own file, and what is owed. It also keeps runs apart.
package state

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// State is when each log was last rotated. Times have a resolution of one
// second, and lie in the years 1970 to 2100, outside which logrotate refuses
// the whole file; others are moved to the nearest that fits.
//
// The file holds local time without its offset: in the hour that is repeated
// when clocks are put back, a time may come back an hour off.
//
// A State is not safe for concurrent use.
type State struct {
	path    string
	loc     *time.Location
	last    map[string]int64 // Unix seconds
	changed bool
}

// Last returns when log was last rotated, and whether that is on record.
func (s *State) Last(log string) (time.Time, bool) {
	sec, ok := s.last[log]
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(sec, 0).In(s.loc), true
}

// Set records that log was rotated at t. The log is a path: neither empty nor
// with a NUL byte.
func (s *State) Set(log string, t time.Time) {
	sec := s.clamp(t)
	if old, ok := s.last[log]; ok && old == sec {
		return
	}
	s.last[log] = sec
	s.changed = true
}

// Delete forgets log.
func (s *State) Delete(log string) {
	if _, ok := s.last[log]; ok {
		delete(s.last, log)
		s.changed = true
	}
}

// Len returns how many logs are on record.
func (s *State) Len() int { return len(s.last) }

// All yields each log and when it was last rotated, sorted by name. The loop
// may Set and Delete what it is given.
func (s *State) All() iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for _, log := range slices.Sorted(maps.Keys(s.last)) {
			if !yield(log, time.Unix(s.last[log], 0).In(s.loc)) {
				return
			}
		}
	}
}

// Changed reports whether there is anything to save.
func (s *State) Changed() bool { return s.changed }

// clamp returns t in Unix seconds, moved into the years that logrotate reads.
func (s *State) clamp(t time.Time) int64 {
	switch t = t.In(s.loc); {
	case t.Year() < firstYear:
		t = time.Date(firstYear, time.January, 1, 0, 0, 0, 0, s.loc)
	case t.Year() > lastYear:
		t = time.Date(lastYear, time.December, 31, 23, 59, 59, 0, s.loc)
	}
	return t.Unix()
}
