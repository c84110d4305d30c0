package fsys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestShred overwrites all of a file, as often as it is told, and syncs each time.
func TestShred(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f")
	text := bytes.Repeat([]byte("secret\n"), 50_000)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []string
	files := &FS{Before: func(op Op) error { calls = append(calls, op.Call); return nil }}
	if err := files.Shred(t.Context(), f, 2); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(text) || bytes.Contains(got, []byte("secret")) {
		t.Errorf("%d bytes, of which some can be read still", len(got))
	}
	if want := "[write fsync write fsync]"; len(calls) != 4 || calls[1] != "fsync" || calls[3] != "fsync" {
		t.Errorf("calls %v, want %s", calls, want)
	}
}
