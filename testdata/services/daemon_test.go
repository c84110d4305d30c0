package services

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

// daemon is a service that people run. Its texts name its files as Debian
// does; see world.
type daemon struct {
	name    string
	version []string          // prints the version
	argv    []string          // runs it in the foreground
	files   map[string]string // its configuration
	policy  string            // how it is rotated; stands in docs/services.md
	log     string            // where the messages are
	owns    []string          // folders that are its user's, who is www-data
	connect connect           // how a message gets there
	loses   string            // why it loses lines by itself, if it does
}

// rotations of each daemon, under load.
const rotations = 12

// TestDaemons rotates each daemon under load and looks for each message.
func TestDaemons(t *testing.T) {
	for _, d := range daemons {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, d)
			w.start(d)
			w.ready(d)
			r := row{daemon: d, version: w.version(d)}
			found := w.under(d, &r.score, func() {
				o := w.rotate(d.log, "-f")
				if o.status != 0 {
					t.Errorf("exit %d\n%s", o.status, o.said)
				}
				r.released = append(r.released, o.released...)
			})
			if len(r.released) != rotations || found != rotations {
				t.Errorf("%d archives are released and %d compressed, want %d", len(r.released), found, rotations)
			}
			if r.lost > 0 && d.loses == "" || r.doubled > 0 {
				t.Errorf("%+v", r.score)
			}
			if d.loses != "" {
				alone := newWorld(t, d)
				alone.start(d)
				alone.ready(d)
				for range 10 {
					alone.under(d, &r.alone, func() { alone.signal(d) })
					if r.alone.lost > 0 {
						break
					}
				}
				if r.alone.lost == 0 && r.lost > 0 {
					t.Errorf("without rotation it loses nothing: is it us?")
				}
			}
			table.add(r)
		})
	}
}

// score is what came of messages.
type score struct{ sent, lost, doubled, unanswered int }

// ready waits until the daemon logs.
func (w *world) ready(d daemon) {
	w.Helper()
	w.until("the daemon logs", func() bool {
		c, err := d.connect(w.port)
		if err != nil {
			return false
		}
		defer c.Close() // it failed, or was answered
		if c.send(message(0)) != nil {
			return false
		}
		info, err := os.Stat(w.path(d.log))
		return err == nil && info.Size() > 0
	})
}

// under does something to the log several times while messages arrive, and
// looks for them.
func (w *world) under(d daemon, s *score, do func()) (packed int) {
	w.Helper()
	l := startLoad(d.connect, w.port, &w.messages)
	for i := range rotations {
		before := w.messages.Load()
		w.until("messages arrive", func() bool {
			info, err := os.Stat(w.path(d.log))
			return err == nil && info.Size() > 4<<10 && w.messages.Load() > before+200
		})
		do()
		if w.Failed() {
			l.end()
			w.Fatalf("in round %d; %v", i, l.problems)
		}
	}
	l.end()

	// A daemon logs when it has answered, or when its buffer is full.
	var found map[int]int
	last, since := -1, time.Now()
	w.until("everything is logged", func() bool {
		found, packed = w.find(d.log)
		if len(found) > last {
			last, since = len(found), time.Now()
		}
		return len(found) > len(l.sent)+len(l.unsure) || missing(found, l.sent) == 0 || time.Since(since) > 5*time.Second
	})
	s.sent, s.lost, s.unanswered = len(l.sent), missing(found, l.sent), len(l.unsure)
	for n, times := range found {
		if n > 0 && times > 1 {
			s.doubled++
		}
	}
	w.Logf("%+v %v", *s, l.problems)
	return packed
}

func missing(found map[int]int, sent []int) (lost int) {
	for _, n := range sent {
		if found[n] == 0 {
			lost++
		}
	}
	return lost
}

var versions = regexp.MustCompile(`[0-9]+\.[0-9]+(\.[0-9]+)?`)

func (w *world) version(d daemon) string {
	w.Helper()
	out, _ := w.command(d.version).CombinedOutput() // mosquitto fails at that
	return versions.FindString(string(out))
}

// table is that of docs/services.md.
var table rows

type rows struct {
	sync.Mutex
	all []row
}

type row struct {
	daemon
	score
	version  string
	released []time.Duration
	alone    score // of signals without rotation
}

func (t *rows) add(r row) {
	t.Lock()
	defer t.Unlock()
	t.all = append(t.all, r)
}

func (t *rows) print() {
	if len(t.all) == 0 {
		return
	}
	fmt.Println("| daemon | version | signal | pidfile | sent | found | released, median | worst | lost by signals alone |")
	fmt.Println("| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
	for _, d := range daemons {
		for _, r := range t.all {
			if r.name == d.name {
				fmt.Println(r)
			}
		}
	}
}

// cell is what the policy has under a key.
func (r row) cell(key string) string {
	if found := regexp.MustCompile(key + ` *= "(.*)"`).FindStringSubmatch(r.policy); found != nil {
		return "`" + found[1] + "`"
	}
	return "none"
}

func (r row) String() string {
	slices.Sort(r.released)
	after := func(i int) string {
		if len(r.released) == 0 {
			return ""
		}
		return fmt.Sprintf("%d ms", r.released[i].Milliseconds())
	}
	alone := ""
	if r.loses != "" {
		alone = fmt.Sprintf("%d of %d", r.alone.lost, r.alone.sent)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d | %d | %s | %s | %s |", r.name, r.version, r.cell("signal"), r.cell("pidfile"),
		r.sent, r.sent-r.lost, after(len(r.released)/2), after(max(0, len(r.released)-1)), alone)
}
