package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStateFile(t *testing.T) {
	if got, err := stateFile("/a/b"); got != "/a/b" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stateFile("status"); got != filepath.Join(dir, "status") || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
