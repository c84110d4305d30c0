package services

import (
	"cmp"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rotate/signaler"
)

// TestPage has docs/services.md show what is tested, to the letter.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/services.md")
	must(t, err)
	page := string(text)
	for _, d := range daemons {
		r := row{daemon: d}
		if !strings.Contains(page, "\n## "+d.name+"\n") {
			t.Errorf("%s has no section", d.name)
		}
		if !strings.Contains(page, "```toml\n"+d.policy+"```\n") {
			t.Errorf("the policy of %s is not there:\n%s", d.name, d.policy)
		}
		_, cells, ok := strings.Cut(page, "\n| "+d.name+" | ")
		if cells, _, _ = strings.Cut(cells, "\n"); !ok || !strings.Contains(cells, " | "+r.cell("signal")+" | "+r.cell("pidfile")+" | ") {
			t.Errorf("the row of %s is %q", d.name, cells)
		}
	}
}

// TestPageKnowsServices has the page say of each well-known program on what it
// reopens its logs.
func TestPageKnowsServices(t *testing.T) {
	text, err := os.ReadFile("../../docs/services.md")
	must(t, err)
	_, others, _ := strings.Cut(string(text), "\n## Of others\n")
	others, _, _ = strings.Cut(others, "\n## ")
	for _, s := range signaler.Services() {
		var signals []string
		for _, sig := range s.Reopen {
			signals = append(signals, "`"+unix.SignalName(sig)+"`")
		}
		if row := "\n| " + s.Name + " | " + cmp.Or(strings.Join(signals, ", "), "none") + " | "; !strings.Contains(others, row) {
			t.Errorf("there is no row %s", row)
		}
	}
	if rows, want := strings.Count(others, "\n| "), len(signaler.Services())+2; rows != want {
		t.Errorf("%d rows, want %d", rows, want)
	}
}
