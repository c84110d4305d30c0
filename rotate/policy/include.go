package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxInclude is how deep files in logrotate's language may include others, and
// maxReads how many of them are read.
const (
	maxInclude = 16
	maxReads   = 10_000
)

// loadBlocks reads a file in logrotate's language, or a folder. What the file
// says globally goes into d, unless there is an error in it: then d stays as it
// is. It reports whether there was none.
func (l *loader) loadBlocks(path string, from *Pattern, defaults settings[Policy], d *draft) (ok bool) {
	f, info, err := l.openBlocks(path)
	if err != nil {
		l.errs = append(l.errs, err)
		return false
	}
	defer f.Close() // read-only: nothing to lose

	switch {
	case info.IsDir():
		here, err := l.visit(f, info)
		if err != nil && from == nil {
			l.errs = append(l.errs, err)
			return false
		}
		if here != nil {
			defer func() { here.open = false }()
		}
		before := len(l.errs)
		l.folder(f, from, defaults, d)
		return len(l.errs) == before
	case !info.Mode().IsRegular():
		l.config.Advice = append(l.config.Advice, fileError(path, "", "ignored, because it is not a regular file"))
		return true
	case info.Size() == 0: // not even worth a place in Files
		return true
	}
	text, err := readConfig(f)
	if err != nil {
		l.errs = append(l.errs, err)
		return false
	}
	return l.readBlocks(path, text, d)
}

// loadPart reads a file of a folder. logrotate passes over what is not regular.
func (l *loader) loadPart(path string, from *Pattern, d *draft) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return
	}
	before := len(l.errs)
	if l.loadBlocks(path, from, nil, d) || len(l.errs) == before {
		return
	}
	last := l.errs[len(l.errs)-1]
	last.said = append(last.Logrotate(), "error: found error in file "+filepath.Base(path)+", skipping")
}

// readBlocks reads a text, and what it includes where it does.
func (l *loader) readBlocks(path, text string, d *draft) (ok bool) {
	l.config.Files = append(l.config.Files, path)
	b := &blocks{source: newSource(path, text)}
	mine := *d
	b.include = func(name string, from Pattern, d *draft) {
		l.take(b)
		before := len(l.errs)
		l.includeBlocks(name, from, d)
		b.failed = b.failed || len(l.errs) > before
	}
	ok = b.read(&mine)
	l.take(b)
	if ok {
		*d = mine
	}
	return ok
}

// take moves what was read so far into the Config, so that it is in order.
func (l *loader) take(b *blocks) {
	for _, p := range b.policies {
		p.Name = l.name(filepath.Base(p.Pos.File))
	}
	l.config.Policies = append(l.config.Policies, b.policies...)
	l.config.Warnings = append(l.config.Warnings, b.warnings...)
	l.config.Advice = append(l.config.Advice, b.advice...)
	l.errs = append(l.errs, b.errs...)
	b.policies, b.warnings, b.advice, b.errs = nil, nil, nil, nil
}

// name makes a name for a policy that no other has.
func (l *loader) name(base string) string {
	name := base
	for l.names[name] > 0 {
		l.names[base]++
		name = fmt.Sprintf("%s-%d", base, l.names[base])
	}
	l.names[name] = 1
	return name
}

// includeBlocks reads what a file in logrotate's language includes. TOML there
// inherits nothing.
func (l *loader) includeBlocks(path string, from Pattern, d *draft) {
	if l.depth == maxInclude || l.reads == maxReads {
		err := fault("remove an include", "include nesting too deep")
		err.Pos = from.Pos
		l.errs = append(l.errs, err)
		return
	}
	l.depth++
	l.reads++
	l.load(path, &from, nil, d)
	l.depth--
}

// openBlocks opens a file in logrotate's language, or a folder of them. It
// trusts what logrotate trusts: as root a file of root's that others may not
// write, in any folder.
func (l *loader) openBlocks(path string) (*os.File, fs.FileInfo, *Error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Openat(unix.AT_FDCWD, path, flags, 0)
	for err == unix.EINTR {
		fd, err = unix.Openat(unix.AT_FDCWD, path, flags, 0)
	}
	if err != nil {
		return nil, nil, systemError(path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = l.trust(path, info)
	}
	if err != nil {
		f.Close() // read-only: nothing to lose
		if refused, ok := errors.AsType[*Error](err); ok {
			return nil, nil, refused
		}
		return nil, nil, systemError(path, err)
	}
	return f, info, nil
}

// trust checks who may have written a file.
func (l *loader) trust(path string, info fs.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	mode := stat.Mode & 0o7777
	if mode&^0o244 != 0o400 {
		odd := fileError(path, fmt.Sprintf("run: chmod 644 %q", path), "odd mode %04o", mode)
		odd.said = []string{fmt.Sprintf("warning: Potentially dangerous mode on %s: 0%o", path, mode)}
		l.config.Warnings = append(l.config.Warnings, odd)
	}
	if mode&0o022 != 0 {
		err := fileError(path, fmt.Sprintf("run: chmod go-w %q", path), "refused, because others than root may write to it (mode %04o)", mode)
		err.said = []string{"error: Ignoring " + path + " because it is writable by group or others."}
		return err
	}
	if l.euid == 0 && stat.Uid != 0 {
		err := fileError(path, fmt.Sprintf("run: chown root %q", path), "refused, because uid %d owns it, not root", stat.Uid)
		err.said = []string{"error: Ignoring " + path + " because the file owner is wrong (should be root or user with uid 0)."}
		return err
	}
	return nil
}
