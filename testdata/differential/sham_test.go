package differential

import (
	"path/filepath"
	"strings"
	"testing"
)

// A sham is logrotate with a fault: what is below has to find each.
var shams = map[string]string{
	"loses an archive":      `rm -f "$root"/log/*.1`,
	"loses a line":          `for f in "$root"/log/*.1; do [ -f "$f" ] && sed -i 1d "$f"; done`,
	"says a line twice":     `for f in "$root"/log/*.1; do [ -f "$f" ] && sed -i 1p "$f"; done`,
	"opens a log to others": `chmod 0666 "$root"/log/*.log`,
	"gives a log away":      `chown 7:7 "$root"/log/*.log`,
	"touches an archive":    `touch "$root"/log/*.1`,
	"forgets the state":     `sed -i 2d "$root/var/state"`,
	"mails to nobody":       `rm -f "$REC"/mail.*`,
	"runs a script twice":   `[ -f "$REC/scripts" ] && sed -i 1p "$REC/scripts"`,
	"fails":                 `code=1`,
}

const sham = `#!/bin/sh
LOGROTATE "$@"; code=$?
for conf; do :; done
root=${conf%/conf}
{ FAULT; } 2>"/dev/null"
exit $code
`

// TestShams wants every kind of difference found, and shrunk to what shows it.
func TestShams(t *testing.T) {
	t.Parallel()
	const enough = 400 // trials; a fault shows in one of a few, a mail in one of fifty
	for name, fault := range shams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.ours = program{"sham", filepath.Join(t.TempDir(), "sham"), b.theirs.mail}
			script(t, b.ours.path, strings.NewReplacer("LOGROTATE", b.theirs.path, "FAULT", fault).Replace(sham))
			for n := range uint64(enough) {
				trial := generate(1, n)
				d := b.try(trial, false)
				if d == nil || d.err != nil {
					continue
				}
				small := b.shrink(trial, d)
				is := b.try(small, false)
				if is == nil || is.kind() != d.kind() {
					t.Fatalf("trial %d was shrunk to one that shows something else\n%s", n, small)
				}
				if len(small.String()) > len(trial.String()) {
					t.Errorf("trial %d was not shrunk\n%s", n, small)
				}
				if again, err := parse([]byte(small.String())); err != nil || again.String() != small.String() {
					t.Errorf("read as\n%s\nwritten as\n%s%v", again, small, err)
				}
				return
			}
			t.Errorf("not found in %d trials", enough)
		})
	}
}
