package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// Of size and the calendar rules the last counts, which -v tells.
func TestOverrides(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/a {\nsize 1\ndaily\n}\n":          "note: 'daily' overrides previously specified 'size'\n",
		"weekly\n/a {\nsize 1\n}\n":         "note: 'size' overrides previously specified 'weekly'\n",
		"weekly\n/a {\ndaily\n}\n":          "",
		"/a {\ndaily\n}\n/b {\nsize 1\n}\n": "",
		"/a {\ndaily\nmaxsize 1\n}\n":       "",
	} {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, advice := range config.Advice {
			for _, line := range advice.Logrotate() {
				got += line + "\n"
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOldDirAtHome(t *testing.T) {
	t.Setenv("HOME", "/home/somebody")
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("/a {\nolddir ~/old\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Policies[0].OldDir; got != "/home/somebody/old" {
		t.Errorf("got %q", got)
	}
}
