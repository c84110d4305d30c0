package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// TestParseBlocksFollowsIncludes reads a text that includes a file, and keeps
// what is right beside what is not.
func TestParseBlocksFollowsIncludes(t *testing.T) {
	t.Parallel()
	part := filepath.Join(t.TempDir(), "part")
	mustDo(t, os.WriteFile(part, []byte("/b.log {\n}\n/c.log {\nrotate x\n}\n"), 0o644))
	c, err := ParseBlocks("text", []byte("rotate 3\ninclude "+part+"\n/a.log {\n}\n"))
	if want := part + ":4:1: bad rotation count 'x'"; err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
	if len(c.Policies) != 2 || c.Policies[0].Name != "part" || c.Policies[0].Rotate != 3 || c.Policies[1].Pos != (Position{"text", 3, 1}) {
		t.Errorf("%+v", c.Policies)
	}
	if _, err := ParseBlocks("text", make([]byte, maxSize+1)); err == nil {
		t.Error("a text of any size")
	}
}
