package reliability

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// breakage is something that the program does for the sake of a crash, left
// out.
type breakage struct {
	name     string
	file     string // of the program
	old, new string // text that is there once, and what takes its place
	strategy string
	power    bool // it takes a power cut to see it
}

var breakages = []breakage{
	{
		name: "no intent record", strategy: "numbered",
		file: "rotate/owed.go",
		old:  "return x.saveOwed(func(state.Owed, *job) bool { return true })", new: "return nil",
	},
	{
		name: "a blanked log that is not known for it", strategy: "copytruncate",
		file: "rotate/cut.go",
		old:  "there && blank(last)", new: "there && false",
	},
	{
		name: "a cut without a line to know it by", strategy: "copytruncate",
		file: "rotate/cut.go",
		old:  "e.fs.Blank(e.log, head, joint)", new: "e.fs.Blank(e.log, joint, joint)",
	},
	{
		name: "archives that are not synced", strategy: "gzip", power: true,
		file: "rotate/internal/fsys/data.go",
		old:  "f.Sync)", new: "func() error { return nil })",
	},
	{
		name: "copies that are not synced", strategy: "copytruncate", power: true,
		file: "rotate/internal/fsys/data.go",
		old:  "f.Sync)", new: "func() error { return nil })",
	},
	{
		name: "a packed archive that holds more than its plain one", strategy: "gzip", power: true,
		file: "rotate/pack.go",
		old:  "f.fs.Fsync(src)", new: "error(nil)",
	},
}

// TestBroken shows what the other tests are worth: each of these programs loses,
// doubles or expires something, or leaves a service untold.
func TestBroken(t *testing.T) {
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			r := b.build(t)
			if !*whole {
				return // it can be built, at least; to find it out takes its time
			}
			if b.power {
				if score := cutPower(t, fileSystems[0], r, b.in(), 30); score.clean() {
					t.Error("nobody noticed")
				} else {
					t.Log(score)
				}
				return
			}
			for at := 1; ; at++ {
				score, hit := tried(t, r, b.in(), fault{At: at})
				if !hit {
					t.Fatal("nobody noticed")
				}
				if !score.clean() {
					t.Logf("killed at call %d: %s", at, score)
					return
				}
			}
		})
	}
}

func (b breakage) in() strategy {
	for _, s := range strategies() {
		if s.name == b.strategy {
			return s
		}
	}
	panic("no strategy is called " + b.strategy)
}

// build builds the program with the breakage, beside a tree that stays as it is.
func (b breakage) build(t *testing.T) rotator {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	source, dir := filepath.Join(root, b.file), t.TempDir()
	text, err := os.ReadFile(source)
	must(t, err)
	if n := strings.Count(string(text), b.old); n != 1 {
		t.Fatalf("%s has %q %d times", b.file, b.old, n)
	}
	changed, program := filepath.Join(dir, "changed.go"), filepath.Join(dir, "rotate")
	must(t, os.WriteFile(changed, []byte(strings.Replace(string(text), b.old, b.new, 1)), 0o644))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644))
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "rotate/cmd/rotate").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return built("broken", program)
}
