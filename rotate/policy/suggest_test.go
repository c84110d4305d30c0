package policy

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"log", "size", "copy", "rotate", "compress"}
	for slip, want := range map[string]string{
		"log": "log", "LOG": "log", "logs": "log", "lgo": "log", "cpoy": "copy", "coppy": "copy", "sise": "size", // one slip in a short word
		"rtoate": "rotate", "roatte": "rotate", "comprs": "compress", "komprezs": "compress", // two in a long one
		"": "", "lg0": "", "abpy": "", "kopyy": "copy", "kmprezs": "", "rotation": "",
		strings.Repeat("rotate", 1<<20): "",
	} {
		if got := nearest(slip, names); got != want {
			t.Errorf("%.20q: got %q, want %q", slip, got, want)
		}
	}
}
