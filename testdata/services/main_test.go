// Package services rotates real daemons under load with the real program, by
// the signal each of them reopens its log with, and counts every line.
//
// The daemons are Debian's, unpacked below testdata/.debian, and npm's. They
// run on free ports in temporary folders.
//
//	go test ./testdata/services                      all of it
//	go test ./testdata/services -v -run Daemons      with the table of docs/services.md
package services

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	if role := os.Getenv("SERVICES_ROLE"); role != "" {
		if err := hide(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	if testing.Verbose() {
		table.print()
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// program returns the path of the program under test, built from this tree.
func program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "services")
		if built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", built.dir+"/rotate", "rotate/cmd/rotate")
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // it also runs where there are other libraries
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	must(t, built.err)
	return filepath.Join(built.dir, "rotate")
}

// lacks skips a test that lacks something; where everything is there to be
// installed, that is a failure.
func lacks(t testing.TB, why ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
