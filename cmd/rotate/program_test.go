package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program returns the path of the program as it is shipped.
func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// built builds the program, once for all tests that need it:
// those that count its system calls or run beside a load. TestMain removes it.
var built = sync.OnceValues(func() (path string, err error) {
	if builtDir, err = os.MkdirTemp("", "rotate-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(builtDir, "rotate")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

var builtDir string

// tests are the tests of the package, and the removal of what they built.
type tests struct{ *testing.M }

func (t tests) Run() int {
	code := t.M.Run()
	if err := os.RemoveAll(builtDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}
