package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// stateFile is where a run keeps when each log was last rotated: asked, or by
// default a file of root's, or of the user's (XDG Base Directory Specification).
func stateFile(asked string) (string, error) {
	switch {
	case asked != "":
		return filepath.Abs(asked)
	case os.Geteuid() == 0:
		return "/var/lib/rotate/status", nil
	}
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // to be ignored, as the specification says
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find the folder of the state file: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "rotate", "status"), nil
}

// makeFolder makes the folder of the default state file.
func makeFolder(state string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	return os.MkdirAll(filepath.Dir(state), mode)
}
