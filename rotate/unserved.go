package rotate

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/internal/state"
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
	logs := x.planned()
	open := map[signaler.FileID]state.Owed{}
	x.others = slices.DeleteFunc(x.others, func(o state.Owed) bool {
		if logs[o.Log] != nil || o.Head != "" { // a log that is copied is always written
			return false
		}
		archive, id, status, there := x.probe(o)
		if there && status != signaler.Released {
			o.Archive = archive
			open[id] = o
		}
		// That the log was turned must be known without the entry.
		last, _ := x.state.Last(o.Log)
		return there && status == signaler.Released && !last.Before(o.Turned.Truncate(time.Second))
	})
	if len(open) == 0 {
		return
	}
	ids := slices.SortedFunc(maps.Keys(open), func(a, b signaler.FileID) int {
		return cmp.Compare(open[a].Archive, open[b].Archive)
	})
	holders, _, _ := signaler.Holders(ids) // who cannot be named is not
	for _, id := range ids {
		o := open[id]
		x.fault(&UnservedError{o.Log, o.Archive, o.Turned.In(x.Plan.Now.Location()), holders[id]})
	}
}

// probe finds the file that is owed, wherever it was moved to in its own
// folder or the log's, and reports whether it is released. What cannot be read
// is not there.
func (x *execution) probe(o state.Owed) (archive string, id signaler.FileID, status signaler.Status, there bool) {
	for _, dir := range slices.Compact([]string{path.Dir(o.Archive), path.Dir(o.Log)}) {
		d, err := x.fs.OpenDir(dir)
		if err != nil {
			continue
		}
		defer d.Close() // read only: nothing to lose
		entries, err := d.Entries()
		i := slices.IndexFunc(entries, func(e fsys.Entry) bool { return e.Ino == o.Ino })
		if err != nil || i < 0 {
			continue
		}
		f, info, err := d.Open(entries[i].Name)
		if err != nil {
			continue
		}
		defer f.Close()               // read only: nothing to lose
		status, _ = signaler.Probe(f) // Unknown says it
		return path.Join(dir, entries[i].Name), signaler.FileID(info.ID), status, true
	}
	return "", id, signaler.Unknown, false
}
