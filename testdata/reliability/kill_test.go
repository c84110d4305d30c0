package reliability

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled ends a run before each of its system calls that matter, with a
// service that writes all the time, and lets normal runs follow.
func TestKilled(t *testing.T) {
	everywhere(t, "kill -9", 0)
}

// TestFailing lets each of these calls fail.
func TestFailing(t *testing.T) {
	for name, errno := range map[string]syscall.Errno{
		"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EDQUOT": syscall.EDQUOT, "EINTR": syscall.EINTR,
	} {
		t.Run(name, func(t *testing.T) { everywhere(t, name, errno) })
	}
}

// everywhere disturbs runs of each strategy at each call, or, for a sample, at
// some.
func everywhere(t *testing.T, test string, errno syscall.Errno) {
	rotators := []rotator{ours(t)}
	if *whole {
		rotators = append(rotators, logrotate(t))
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, r := range rotators {
		for i, s := range strategies() {
			if s.conf == "-" && r.name == "logrotate" {
				continue
			}
			t.Run(r.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				step := func() int { return 1 }
				if !*whole {
					step = func() int { return 1 + random.IntN(30) }
				}
				for at := step(); ; at += step() {
					score, hit := tried(t, r, s, fault{at, errno})
					if !hit {
						return
					}
					scores.add(test, r.name, score)
				}
			})
		}
	}
}

// tried disturbs a run at one point, if it comes there, and counts what two
// normal runs make of it.
func tried(t *testing.T, r rotator, s strategy, f fault) (sum score, hit bool) {
	w := newWorld(t, s, 3)
	service := start(t, "brisk", w.path("log/app.log"), w.path("pid"))
	defer service.kill()
	service.more(200) // some blocks: a cut leaves less than one
	x := disturb(t, f, r.argv(w))
	if x.Hit == "" {
		return score{}, false
	}
	w.recover(r, service)
	told := strings.Contains(s.conf, "copytruncate")
	for range 100 {
		told = told || service.writes(w.path("log/app.log"))
		service.more(1)
	}
	sum = w.count(service.stop())
	sum.tries = 1
	if !told {
		sum.untold++
	}
	if f.unheard(x, w.dir) {
		sum.silent++
	}
	if r.name == "rotate" && !sum.clean() {
		t.Errorf("%s, %s: %s\nit said: %s\nthere is:\n%s", f, x.Hit, sum, x.Out, w.tree())
	}
	must(t, os.RemoveAll(filepath.Join(w.dir, "log")))
	return sum, true
}

// unheard reports whether a call on one of our files failed and the run did not
// say so. To open and to change what only looks different may fail where there
// is another way.
func (f fault) unheard(x trial, dir string) bool {
	call, operand, _ := strings.Cut(x.Hit, " ")
	switch call {
	case "openat", "close", "fsetxattr", "fallocate", "flock", "copy_file_range", "sendfile":
		return false
	}
	return f.Errno != 0 && f.Errno != syscall.EINTR && x.Exit == 0 && strings.HasPrefix(operand, dir)
}
