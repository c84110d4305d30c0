// Package reliability ends the real program at every system call, lets calls
// fail, fills disks and cuts the power, and counts lines afterwards: beside
// logrotate, with the same service writing, on the same file systems.
//
//	go test ./testdata/reliability                    a sample
//	go test ./testdata/reliability -v -args -whole    all of it, with the table of docs/reliability.md
package reliability

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"rotate/testdata/host"
)

var whole = flag.Bool("whole", false, "try every point, not a sample, and logrotate too")

// TestMain lets the test binary be the service, too.
func TestMain(m *testing.M) {
	if role := os.Getenv("RELIABILITY_SERVICE"); role != "" {
		run := func(log string) error { return serve(role, log) }
		if role == "tracer" {
			run = traceMain
		}
		if err := run(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	host.Tests{M: m}.Run()
	scores.print()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// command runs a command and returns what it printed and its exit status.
func command(t testing.TB, argv ...string) (out string, exit int) {
	t.Helper()
	text, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if failed != nil {
		exit = failed.ExitCode()
	}
	return string(text), exit
}

// scores are the rows of the table.
var scores scoreboard

type scoreboard struct {
	sync.Mutex
	order []string
	rows  map[string]*score
}

// score is what came of all tries of one kind with one program.
type score struct {
	tries, lost, doubled, early, untold, stray, silent int
}

func (b *scoreboard) add(test, program string, s score) {
	b.Lock()
	defer b.Unlock()
	key := test + " | " + program
	row := b.rows[key]
	if row == nil {
		if b.rows == nil {
			b.rows = map[string]*score{}
		}
		row = new(score)
		b.rows[key] = row
		b.order = append(b.order, key)
	}
	row.add(s)
}

// print prints the table, if there is something in it and somebody looks.
func (b *scoreboard) print() {
	if len(b.order) == 0 || !testing.Verbose() {
		return
	}
	fmt.Println("| test | program | tries | lines lost | doubled | early expiries | services untold | stray files | failures unreported |")
	fmt.Println("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, key := range b.order {
		s := b.rows[key]
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %d | %d |\n", key, s.tries, s.lost, s.doubled, s.early, s.untold, s.stray, s.silent)
	}
}

func (s *score) add(more score) {
	s.tries += more.tries
	s.lost += more.lost
	s.doubled += more.doubled
	s.early += more.early
	s.untold += more.untold
	s.stray += more.stray
	s.silent += more.silent
}

func (s score) clean() bool {
	return s.lost+s.doubled+s.early+s.untold+s.stray+s.silent == 0
}

func (s score) String() string {
	var all []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{s.lost, "lines lost"},
		{s.doubled, "lines doubled"},
		{s.early, "generations expired early"},
		{s.untold, "services untold"},
		{s.stray, "stray files"},
		{s.silent, "failures unreported"},
	} {
		if x.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return strings.Join(all, ", ")
}
