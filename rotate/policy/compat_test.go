package policy

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestCompatHasEveryDirective wants a row of docs/compat.md for each word of
// logrotate's language.
func TestCompatHasEveryDirective(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/compat.md")
	mustDo(t, err)
	words := slices.Concat([]string{"include", "endscript"}, slices.Collect(maps.Keys(directives)), slices.Collect(maps.Keys(scripts)))
	for _, word := range words {
		if !regexp.MustCompile("(?m)^\\| `" + word + "[ `]").Match(page) {
			t.Errorf("no row for %s", word)
		}
	}
}
