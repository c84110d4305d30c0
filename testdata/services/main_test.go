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
	"testing"

	"rotate/testdata/host"
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
	host.Tests{M: m}.Run()
	if testing.Verbose() {
		table.print()
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
