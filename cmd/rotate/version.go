package main

import (
	"runtime/debug"
)

type versionCmd struct{}

func (versionCmd) Run(v *voice) error {
	v.say("%s", version())
	return nil
}

// version is what the Go toolchain stamped into the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "rotate (no build information)"
	}
	return "rotate " + info.Main.Version + " (" + info.GoVersion + ")"
}
