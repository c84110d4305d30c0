package main

import (
	"os"
	"syscall"

	"rotate/signaler"
)

// writers lists the processes that have a log open for writing, as far as
// they can be seen.
func writers(log string) []signaler.Holder {
	info, err := os.Lstat(log)
	if err != nil {
		return nil
	}
	stat := info.Sys().(*syscall.Stat_t)
	id := signaler.FileID{Dev: stat.Dev, Ino: stat.Ino}
	found, _, err := signaler.Holders([]signaler.FileID{id})
	if err != nil {
		return nil // an explanation does without
	}
	return found[id]
}
