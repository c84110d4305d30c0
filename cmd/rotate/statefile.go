package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rotate/rotate"
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

// lock locks the state file. If that is the default one, its folder is made.
func lock(ctx context.Context, state string, byDefault bool, wait time.Duration) (unlock func() error, err error) {
	if byDefault {
		mode := os.FileMode(0o700)
		if os.Geteuid() == 0 {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(state), mode); err != nil {
			return nil, err
		}
	}
	return rotate.Lock(ctx, state, wait)
}
