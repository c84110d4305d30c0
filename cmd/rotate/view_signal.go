package main

import (
	"os"
	"strings"
	"syscall"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// byHand prints who was told without a rotation, and who let go of what.
func (v *voice) byHand(r *rotate.Report) {
	for _, t := range r.Targets {
		v.told(t)
	}
	for _, l := range r.Logs {
		if words := settled(l); len(words) > 0 {
			v.head(2, v.bold(name(l.Log.Path())), strings.Join(words, ", "))
		}
	}
	v.written(r.Plan)
}

// probed prints whom a target would tell.
func (v *voice) probed(t *rotate.TargetReport) {
	if !t.Target.Signals() {
		v.say("  would run %q", t.Target.Command)
	}
	for _, p := range t.Told {
		v.head(2, "would send "+signalName(t.Target.Signal)+" to "+process(p), name(p.Whence()))
		v.say("    %s", identity(p))
	}
}

// identity is what was found of a process.
func identity(p *rotate.Told) string {
	words := []string{"user " + name(p.User)}
	if p.Exe != "" {
		words = append(words, "runs "+name(p.Exe))
	}
	if p.Within != "" {
		words = append(words, name(p.Within))
	}
	if !p.Started.IsZero() {
		words = append(words, "since "+when(p.Started))
	}
	return strings.Join(words, ", ")
}

// written prints who writes the logs of a plan at this time.
func (v *voice) written(p *plan.Plan) {
	var ids []signaler.FileID
	logs := map[signaler.FileID]string{}
	for i := range p.Policies {
		for k := range p.Policies[i].Logs {
			path := p.Policies[i].Logs[k].Path()
			info, err := os.Lstat(path)
			if err != nil {
				continue // nobody writes what is not there
			}
			stat := info.Sys().(*syscall.Stat_t)
			id := signaler.FileID{Dev: stat.Dev, Ino: stat.Ino}
			ids, logs[id] = append(ids, id), path
		}
	}
	found, complete, err := signaler.Holders(ids)
	if err != nil {
		v.warn(err)
		return
	}
	for _, id := range ids {
		who := "nobody"
		if len(found[id]) > 0 {
			who = holders(found[id], nil)
		} else if !complete {
			who = "nobody who can be seen"
		}
		v.head(2, name(logs[id]), "written by "+who)
	}
}
