package differential

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// A bench is where trials are made.
type bench struct {
	theirs, ours program
	dir          string
	made         atomic.Int64
	counts       counts
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{}
	b.theirs, b.ours = programs(t)
	var err error
	if b.dir, err = os.MkdirTemp(memory(), "differential-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(b.dir) })
	if err := os.Chmod(b.dir, 0o755); err != nil { // su must get in
		t.Fatal(err)
	}
	return b
}

// memory is a folder that costs no disk, where there is one.
func memory() string {
	if f, err := os.MkdirTemp("/dev/shm", "differential-"); err == nil {
		if os.Remove(f) == nil {
			return "/dev/shm"
		}
	}
	return ""
}

// try makes a trial, until no hour passed meanwhile: names and states have it.
func (b *bench) try(t trial, verbose bool) *difference {
	for {
		d, err := b.once(t, verbose)
		if errors.Is(err, errLate) {
			continue
		}
		if err != nil {
			return &difference{err: err, what: []string{"the trial cannot be made: " + err.Error()}, text: t.String()}
		}
		return d
	}
}

var errLate = errors.New("the date in a name changed between the two programs")

func (b *bench) once(t trial, verbose bool) (*difference, error) {
	dir := filepath.Join(b.dir, fmt.Sprint(b.made.Add(1)))
	defer os.RemoveAll(dir)
	// One second is when it all happens. Only what has finer dates is in a hurry.
	now := time.Now().Truncate(time.Second)
	formats := formats(t.text())
	var worlds [2]*world
	for i, name := range []string{"a", "b"} {
		w, err := t.make(filepath.Join(dir, name), now)
		if err != nil {
			return nil, err
		}
		worlds[i] = w
		now = w.now // with its zone
	}
	late := func() bool {
		then := time.Now().In(now.Location())
		for _, f := range formats {
			if strftime(f.layout, then) != strftime(f.layout, now) {
				return true
			}
		}
		return then.Hour() != now.Hour()
	}
	for round, r := range t.runs {
		var sights [2]*sight
		var live map[string]int
		var state map[string]string
		var err error
		for i, p := range []program{b.theirs, b.ours} {
			w := worlds[i]
			if err := w.pass(r.after, formats); err != nil {
				return nil, err
			}
			if err := w.write(round, r.lines); err != nil {
				return nil, err
			}
			live = w.live()
			if state, err = w.state(); err != nil {
				return nil, err
			}
			exit, said, err := p.run(w, r, verbose || i == 0) // the tolerances read what logrotate says
			if err != nil {
				return nil, fmt.Errorf("%w\n%s", err, said)
			}
			if sights[i], err = w.look(exit, said); err != nil {
				return nil, err
			}
		}
		if late() {
			return nil, errLate
		}
		d := &difference{round: round, theirs: sights[0].said, ours: sights[1].said, text: t.String()}
		if !*self { // logrotate does not promise it
			d.what = strayed(t.text(), live, sights[1])
		}
		if t.note == wild {
			if len(d.what) > 0 {
				return d, nil
			}
			continue
		}
		touched := b.tolerate(pair{t, now, state, sights[0], sights[1]})
		d.what = append(d.what, lost(sights[0], sights[1])...)
		if d.what = append(d.what, differ(sights[0], sights[1])...); len(d.what) > 0 {
			return d, nil
		}
		if touched {
			break // from here on the two have different pasts
		}
	}
	return nil, nil
}
