package services

import (
	"os"
	"strings"
	"testing"
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
