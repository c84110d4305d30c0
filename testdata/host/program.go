package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Program returns the path of rotate as it is shipped, built from this tree
// once for all tests of a package, which run as [Tests].
func Program(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var program = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "rotate-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(built, "rotate")
	build := exec.Command("go", "build", "-o", path, "rotate/cmd/rotate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // it also runs where there are other libraries
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

// built is the folder of the program; "": none was built.
var built string

// Tests are the tests of a package that use [Program].
type Tests struct{ *testing.M }

// Run runs the tests and removes what was built for them. It returns their exit
// status.
func (t Tests) Run() int {
	status := t.M.Run()
	if err := os.RemoveAll(built); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return status
}
