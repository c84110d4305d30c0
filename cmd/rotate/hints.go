package main

import (
	"io/fs"
	"os/exec"
	"syscall"

	"rotate/rotate"
)

// hints is what to do about failures that do not say it themselves. The first
// cause that fits counts.
var hints = []struct {
	cause error
	text  string
}{
	{rotate.ErrLocked, "wait for it with --lock-wait 5m, or give this run a state file of its own with --state"},
	{rotate.ErrTimeout, "see what it waits for; if it needs longer, write a larger timeout in the policy"},
	{rotate.ErrDenied, "let that user have the folder and the log, or name another with su"},
	{exec.ErrNotFound, "install the program, or write its whole path"},
	{syscall.ENOSPC, "free some space, or let maxtotal or keepfree do it; what is left undone is for the next run"},
	{syscall.EDQUOT, "the disk quota is used up: free some space or raise it; what is left undone is for the next run"},
	{syscall.EROFS, "mount the file system writable, or give the unit that runs this ReadWritePaths=; a disk that fails may have turned it read-only, so see dmesg"},
	{syscall.EIO, "the disk does not answer as it should: see dmesg before anything else"},
	{syscall.ESTALE, "the file server lost the file: mount the file system anew"},
	{syscall.ELOOP, "a symbolic link is in the way: write the path that it leads to"},
	{syscall.ENOTDIR, "part of the path is no folder"},
	{syscall.EISDIR, "the path names a folder, not a file"},
	{syscall.ENAMETOOLONG, "the archive's name would be too long: shorten the log's name or the dateformat"},
	{syscall.ETXTBSY, "the file is a program that runs: it is no log"},
	{syscall.EMFILE, "raise the limit of open files: ulimit -n, or LimitNOFILE= of the unit"},
	{syscall.ENFILE, "the system has too many open files: raise fs.file-max"},
	{syscall.ENOMEM, "not enough memory: compress fewer archives at a time with --jobs 1"},
	{syscall.EEXIST, "something else took the name meanwhile; the next run decides anew"},
	{syscall.EPERM, "run as root; if it is, see lsattr: the file may be immutable or append-only"},
	{fs.ErrPermission, "run as root, or as the user who owns the folder"},
	{fs.ErrNotExist, "make it, or correct the path"},
}
