package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// The commands of the scripts, beside those of testscript itself.

// exitCode: exit N PROGRAM ARG... runs a program that must exit with N.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// expand: expand FILE... replaces $WORK and the like in files.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		text := os.Expand(ts.ReadFile(file), func(key string) string {
			if value := ts.Getenv(key); value != "" {
				return value
			}
			return "$" + key
		})
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
	}
}

// listing: listing OUT PATH... writes down everything about files, and about
// all that folders hold, that a run which does nothing must leave as it is.
func listing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: listing out path...")
	}
	var b strings.Builder
	for _, arg := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(arg), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return describe(&b, path)
		}))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

func describe(b *strings.Builder, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	var sum [sha256.Size]byte
	if info.Mode().IsRegular() {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum = sha256.Sum256(data)
	}
	st := info.Sys().(*syscall.Stat_t)
	fmt.Fprintf(b, "%s %s ino %d links %d uid %d gid %d size %d mtime %d.%d ctime %d.%d sum %x\n",
		path, info.Mode(), st.Ino, st.Nlink, st.Uid, st.Gid, st.Size,
		st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec, sum[:6])
	return nil
}

// tmpfs: tmpfs DIR SIZE mounts an empty file system of that size.
func tmpfs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tmpfs dir size")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755,size="+args[1]))
	ts.Defer(func() { ts.Check(unix.Unmount(dir, unix.MNT_DETACH)) })
}

// readonly: readonly DIR makes the file system mounted there read-only.
func readonly(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readonly dir")
	}
	ts.Check(unix.Mount("", ts.MkAbs(args[0]), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
}

// waitfile: waitfile FILE... waits until each file is there and not empty.
func waitfile(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		deadline := time.Now().Add(10 * time.Second)
		for {
			info, err := os.Stat(ts.MkAbs(file))
			if err == nil && info.Size() > 0 {
				break
			}
			if time.Now().After(deadline) {
				ts.Fatalf("%s does not appear", file)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}
