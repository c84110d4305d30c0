package rotate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rotate/rotate/internal/state"
	"rotate/rotate/plan"
	"rotate/signaler"
)

// UnservedError is an archive that is owed of a log that no policy has any
// more: nobody is told about it, and nothing is done to it. It is forgotten
// once it is proven released, or gone.
type UnservedError struct {
	Log, Archive string
	Since        time.Time         // when it was turned
	Holders      []signaler.Holder // who still writes; none: it cannot be told
}

func (e *UnservedError) Error() string {
	who := "may still be written"
	if len(e.Holders) > 0 {
		var writers []string
		for _, h := range e.Holders {
			writers = append(writers, fmt.Sprintf("%s (pid %d, user %s)", h.Name, h.PID, h.User))
		}
		who = "is still written by " + strings.Join(writers, ", ")
	}
	return fmt.Sprintf("%q, turned %s, %s, and no policy has %q any more", e.Archive, e.Since.Format("2006-01-02 15:04"), who, e.Log)
}

// unserved looks at what is owed of logs that no policy has any more, and
// forgets what is released. What --only leaves out is another run's.
func (x *execution) unserved() {
	if len(x.others) == 0 || len(x.opts.Only) > 0 {
		return
	}
	open := map[signaler.FileID]*plan.Unserved{}
	x.others = slices.DeleteFunc(x.others, func(o state.Owed) bool {
		u := x.adrift[keyOf(o)]
		last, _ := x.state.Last(o.Log)
		switch {
		case x.logs[o.Log] != nil:
			return false
		case u == nil:
			return true // it is gone
		case u.Away:
			return false
		case o.Head == "" && u.Archive.Path() != o.Log: // else it is the log, which is always written
			id, status := signaler.FileID(u.ID), signaler.Unknown
			if u.Archive.Dir.ID != (plan.ID{}) { // it answers
				id, status, _ = x.glance(x.as.root, u.Archive) // Unknown says it
			}
			if status != signaler.Released {
				open[id] = u
				return false
			}
		}
		return o.Known(last) // without the entry
	})
	if len(open) == 0 {
		return
	}
	ids := slices.SortedFunc(maps.Keys(open), func(a, b signaler.FileID) int {
		return cmp.Compare(open[a].Archive.Path(), open[b].Archive.Path())
	})
	holders, _, _ := signaler.Holders(ids) // who cannot be named is not
	for _, id := range ids {
		u := open[id]
		x.fault(&UnservedError{u.Log, u.Archive.Path(), u.Since.In(x.Plan.Now.Location()), holders[id]})
	}
}
