package main

import (
	"fmt"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// emptying says how a log with copytruncate would be emptied; emptied, how it
// was.
var (
	emptying = map[rotate.Way]string{
		rotate.Alone:   "while nobody can open it: nothing is lost",
		rotate.Cut:     "by cutting off its head: nothing is lost",
		rotate.Punched: "by a hole in place of its head: nothing is lost, and it keeps its apparent size",
		rotate.Chased:  "between two writes: what is written meanwhile may be lost",
	}
	emptied = map[rotate.Way]string{
		rotate.Alone:   "emptied while nobody could open it",
		rotate.Cut:     "its head cut off",
		rotate.Punched: "its head made a hole",
		rotate.Chased:  "emptied between two writes",
	}
)

const appendHint = "its log can be cut only if it opens it to append: O_APPEND, or >> in a shell"

// stray names a process that does not append to its log.
func stray(h *signaler.Holder) string { return holder(h, nil) + " writes it without O_APPEND" }

// foresee says how the logs of each policy with copytruncate would be emptied,
// and warns of what is lost by it and of who does not append.
func (v *voice) foresee(o *outcome, quiet bool) {
	for i := range o.plan.Policies {
		pp := &o.plan.Policies[i]
		if pp.Policy.Method != policy.CopyTruncate {
			continue
		}
		var logs []string
		for k := range pp.Logs {
			if l := &pp.Logs[k]; l.Kind == plan.Regular {
				logs = append(logs, l.Path())
			}
		}
		ways := map[rotate.Way][]string{}
		for k, f := range rotate.Foresee(logs) {
			ways[f.Way] = append(ways[f.Way], logs[k])
			for n := range f.Strays {
				o.warn(v, fmt.Errorf("%s: %s; %s", name(logs[k]), stray(&f.Strays[n]), appendHint))
			}
		}
		for _, way := range []rotate.Way{rotate.Alone, rotate.Cut, rotate.Punched, rotate.Chased} {
			logs := ways[way]
			if len(logs) == 0 {
				continue
			}
			text := fmt.Sprintf("policy %s: %s would be emptied %s", name(pp.Policy.Name), some(logs), emptying[way])
			if way == rotate.Chased {
				o.warn(v, fmt.Errorf("%s", text))
			} else if !quiet {
				v.say("%s", text)
			}
		}
	}
}

// some names one path of several.
func some(paths []string) string {
	if len(paths) == 1 {
		return name(paths[0])
	}
	return fmt.Sprintf("%s and %d more", name(paths[0]), len(paths)-1)
}
