package main

import (
	"fmt"
	"strings"
	"time"

	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// obstacles says which paths and logs of a plan cannot be served.
func (v *voice) obstacles(p *plan.Plan) {
	for i := range p.Policies {
		pp := &p.Policies[i]
		for k := range pp.Problems {
			v.failWith(obstacle(pp.Policy, &pp.Problems[k], p.Now.Location()), remedies[pp.Problems[k].Reason.Code])
		}
		for k := range pp.Logs {
			if l := &pp.Logs[k]; l.Action == plan.Refuse {
				v.failWith(name(l.Path())+": not rotated: "+l.Reason().Text(p.Now.Location()), remedies[l.Reason().Code])
			}
		}
	}
}

// obstacle says why a path leads nowhere, and where that is written.
func obstacle(p *policy.Policy, problem *plan.Problem, loc *time.Location) string {
	text := name(problem.Path) + ": " + problem.Reason.Text(loc)
	if problem.Detail != "" {
		text = problem.Detail // which has the path
	}
	at := p.Pos
	for _, pattern := range p.Paths {
		if pattern.Text == problem.Path || strings.HasPrefix(pattern.Text, problem.Path+"/") {
			at = pattern.Pos
			break
		}
	}
	return fmt.Sprintf("%s: policy %s: %s", at, name(p.Name), text)
}

// remedies is what to do about what stands in the way of a log.
var remedies = map[plan.Code]string{
	plan.IsSymlink:   "name the file that it leads to, or add the link to exclude",
	plan.IsDirectory: `end the pattern with what files are called, such as "/*.log", or add the folder to exclude`,
	plan.IsPipe:      "only files can be rotated: add it to exclude",
	plan.IsSocket:    "only files can be rotated: add it to exclude",
	plan.IsDevice:    "only files can be rotated: add it to exclude",
	plan.HardLink:    "remove its other names, or write allowhardlink = true",
	plan.NoOldDir:    "make the folder, or write createolddir = true",
	plan.NameClash:   "give the policies different olddirs",
	plan.Unexamined:  "run as root, or as the user who owns the folder",
	plan.NameTaken:   "move it away, or give the policy an olddir",
	plan.NameTooLong: "shorten the log's name or the dateformat",
	plan.Differs:     "look into both, and move one away",
	plan.NoMatch:     "correct the path, or write missingok = true",
	plan.MissingLog:  "correct the path, or write missingok = true",
	plan.Unreadable:  "correct the path, make the folder readable, or write missingok = true",
}
