package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"rotate/testdata/host"
)

var update = flag.Bool("update", false, "rewrite scripts and golden files with what is found")

func TestMain(m *testing.M) {
	testscript.Main(host.Tests{M: m}, map[string]func(){
		"rotate":    main,
		"logrotate": main,
		"logwriter": logwriter,
	})
}

// TestScripts runs testdata/*.txtar: a script for each command, option and
// promise of the command line. The services in them are processes, the signals
// and file systems are real.
func TestScripts(t *testing.T) {
	host.NeedsRoot(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit":     exitCode,
			"expand":   expand,
			"listing":  listing,
			"nolost":   nolost,
			"readonly": readonly,
			"tmpfs":    tmpfs,
			"waitfile": waitfile,
		},
	})
}
