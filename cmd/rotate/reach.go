package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"

	"rotate/rotate"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// folder is where a service that is told reopens its logs.
type folder struct {
	path  string
	makes bool // the service makes the log, as the policy does not create it
}

// foldersOf lists the folders of logs that are renamed, by the keys of the
// targets that are told.
func foldersOf(p *plan.Plan) map[string][]folder {
	folders := map[string][]folder{}
	seen := map[string]bool{}
	for i := range p.Policies {
		pp := &p.Policies[i]
		if pp.Policy.Method != policy.Rename {
			continue
		}
		for k := range pp.Logs {
			f := folder{pp.Logs[k].Dir.Path, pp.Policy.Create == nil}
			for n := range pp.Policy.Notify {
				key := pp.Policy.Notify[n].Key()
				if once := fmt.Sprint(key, f); !seen[once] {
					seen[once] = true
					folders[key] = append(folders[key], f)
				}
			}
		}
	}
	return folders
}

// unreachable says that a process which reopens its logs in the folder cannot.
func (f folder) unreachable(p *signaler.Process, who *rotate.Told, makes bool) (odd []error) {
	// What cannot be told, as of a container, is left to the run.
	if ok, err := p.Reaches(f.path, makes); err != nil || ok {
		return nil
	}
	what, hint := "may not enter", "let that user enter the folder and those above it"
	if makes {
		what, hint = "may not make files in", "write create in the policy, or give the folder to that user"
	}
	return append(odd, &reachError{
		fmt.Sprintf("%s, which runs as %s, %s %s: it cannot reopen its logs there", process(who), name(who.User), what, name(f.path)), hint,
	})
}

// oddFor says what keeps a process from reopening its logs in the folder, and
// what somebody else could have it open there.
func (f folder) oddFor(p *signaler.Process, who *rotate.Told) (odd []error) {
	odd = f.unreachable(p, who, f.makes)
	info, err := os.Stat(f.path)
	if err != nil {
		return odd // the plan says it
	}
	if owner := int(info.Sys().(*syscall.Stat_t).Uid); p.Root() && owner != 0 {
		odd = append(odd, &reachError{
			fmt.Sprintf("%s belongs to %s, and %s reopens its logs there as root: that user can have it write to any file", name(f.path), userName(strconv.Itoa(owner)), process(who)),
			"give the folder to root; who reads the logs gets along with a group",
		})
	}
	return odd
}

// reachError is a folder that does not fit its service.
type reachError struct{ text, hint string }

func (e *reachError) Error() string { return e.text }
