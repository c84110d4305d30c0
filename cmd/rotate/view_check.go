package main

import "strings"

// allWell is what check says when nothing would fail.
func (v *voice) allWell(o *outcome) {
	logs := 0
	for i := range o.plan.Policies {
		logs += len(o.plan.Policies[i].Logs)
	}
	words := []string{plural(len(o.plan.Policies), "policy", "policies"), count(logs, "log")}
	if n := len(o.targets); n > 0 {
		words = append(words, count(n, "target"))
	}
	v.say("ok: %s", strings.Join(words, ", "))
}
