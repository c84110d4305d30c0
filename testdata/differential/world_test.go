package differential

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// A world is a trial's tree on disk. Time passes by moving what is written
// about the past, not the clock: now stays the second at which the trial began.
type world struct {
	dir  string
	now  time.Time // in the zone of the trial
	tz   string    // the value of TZ
	logs []string  // those that are written between runs
}

// make lays out the tree, the state and the configuration in dir.
func (t trial) make(dir string, now time.Time) (*world, error) {
	w := &world{dir: dir, now: now, logs: t.logs()}
	for _, d := range []string{"", "log", "var", "rec"} {
		if err := os.MkdirAll(w.path(d), 0o755); err != nil {
			return nil, err
		}
	}
	tz, loc, err := zone(t.zone, w.path("var/zone"), now)
	if err != nil {
		return nil, err
	}
	w.tz, w.now = tz, now.In(loc)
	if err := os.Chmod(w.path("rec"), 0o777); err != nil { // whoever records
		return nil, err
	}
	if err := os.WriteFile(w.path("conf"), []byte(strings.ReplaceAll(t.conf, "DIR", dir)), 0o644); err != nil {
		return nil, err
	}
	// Folders last, so that what is made in them does not touch their times.
	for _, e := range t.tree {
		if err := w.make(e); err != nil {
			return nil, fmt.Errorf("make %s: %w", e, err)
		}
	}
	if t.state == nil {
		return w, nil
	}
	var b strings.Builder
	b.WriteString("logrotate state -- version 2\n")
	for _, s := range t.state {
		fmt.Fprintf(&b, "%q %s\n", w.path(s.path), w.now.Add(-s.age).Format(stateTime))
	}
	return w, os.WriteFile(w.path("var/state"), []byte(b.String()), 0o644)
}

const stateTime = "2006-1-2-15:4:5"

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

var dated = regexp.MustCompile(`\{(\d+[hd])\|([^}]*)\}`)

// archived matches what may be an archive that a pattern takes for a log.
var archived = regexp.MustCompile(`\d`)

// name replaces the dates in the path of an entry.
func (w *world) name(path string) string {
	return dated.ReplaceAllStringFunc(path, func(s string) string {
		m := dated.FindStringSubmatch(s)
		age, _ := parseSpan(m[1]) // the pattern matched
		return strftime(m[2], w.now.Add(-age))
	})
}

func (w *world) make(e entry) error {
	path := w.path(w.name(e.path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var err error
	switch e.kind {
	case "dir":
		err = os.MkdirAll(path, 0o755)
	case "fifo":
		err = unix.Mkfifo(path, 0o600)
	case "link":
		return os.Symlink(e.arg, path)
	case "hard":
		return os.Link(w.path(w.name(e.arg)), path)
	case "sparse":
		if err = writeFile(path, nil); err == nil {
			size, _ := strconv.ParseInt(e.arg, 10, 64) // zero is fine
			err = os.Truncate(path, size)
		}
	case "junk":
		var text string
		if text, err = strconv.Unquote(e.arg); err == nil {
			err = writeFile(path, []byte(strings.ReplaceAll(text, "DIR", w.dir)))
		}
	default:
		n, _ := strconv.Atoi(e.arg) // zero is fine
		var packed []byte
		if packed, err = pack(e.kind, lines(e.path, "", n)); err == nil {
			err = writeFile(path, packed)
		}
	}
	if err != nil {
		return err
	}
	if err := os.Chown(path, e.uid, e.gid); err != nil {
		return err
	}
	if err := unix.Chmod(path, uint32(e.mode)); err != nil {
		return err
	}
	at := w.now.Add(-e.age)
	return os.Chtimes(path, at, at)
}

// lines are n lines that no other file has.
func lines(path, mark string, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%s%s line %d\n", path, mark, i+1)
	}
	return b.Bytes()
}

func pack(kind string, text []byte) ([]byte, error) {
	switch kind {
	case "file":
		return text, nil
	case "gzip":
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(text); err != nil {
			return nil, err
		}
		err := z.Close()
		return b.Bytes(), err
	case "zstd":
		z, err := zstd.NewWriter(nil)
		if err != nil {
			return nil, err
		}
		return z.EncodeAll(text, nil), nil
	case "xz", "bzip2":
		c := exec.Command(kind, "-c")
		c.Stdin = bytes.NewReader(text)
		return c.Output()
	}
	return nil, fmt.Errorf("no such kind: %s", kind)
}

// pass lets time go by: whatever happened since the last call happened at now,
// and then everything in the world is after older.
func (w *world) pass(after time.Duration, formats []format) error {
	var paths []string
	err := filepath.WalkDir(w.path("log"), func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		at := info.ModTime()
		if at.After(w.now) {
			at = w.now
		}
		ts := unix.NsecToTimespec(at.Add(-after).UnixNano())
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
	}
	if err := redate(paths, formats, after, w.now.Location()); err != nil {
		return err
	}
	state, err := readState(w.path("var/state"), w.now.Location())
	if err != nil || state == nil {
		return err
	}
	var b strings.Builder
	b.WriteString("logrotate state -- version 2\n")
	for _, log := range slices.Sorted(maps.Keys(state)) {
		at := state[log]
		if !at.Before(hour(w.now)) {
			at = w.now
		}
		fmt.Fprintf(&b, "%q %s\n", log, at.Add(-after).Format(stateTime))
	}
	return os.WriteFile(w.path("var/state"), []byte(b.String()), 0o644)
}

// write appends lines to the logs, as services do that reopen them.
func (w *world) write(round, n int) error {
	for _, log := range w.logs {
		info, err := os.Lstat(w.path(log))
		if n == 0 || err == nil && !info.Mode().IsRegular() {
			continue
		}
		err = appendFile(w.path(log), lines(log, fmt.Sprintf(" round %d", round), n))
		if errors.Is(err, fs.ErrNotExist) {
			continue // its folder is gone
		}
		if err != nil {
			return err
		}
		if info, err := os.Stat(filepath.Dir(w.path(log))); err == nil && info.Sys().(*syscall.Stat_t).Uid != 0 {
			st := info.Sys().(*syscall.Stat_t)
			if err := os.Chown(w.path(log), int(st.Uid), int(st.Gid)); err != nil { // whose folder it is
				return err
			}
		}
		if err := os.Chtimes(w.path(log), w.now, w.now); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file that no child gets hold of: one that was forked
// meanwhile, for another trial, would have it open until it executes its
// program, and rotate would rightly say that it is still written.
func writeFile(path string, text []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, text, 0o600)
}

// appendFile is writeFile for a log that grows.
func appendFile(path string, text []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// readState reads a state file as log → when; nil where there is none.
func readState(path string, loc *time.Location) (map[string]time.Time, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	state := map[string]time.Time{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		i := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "logrotate state") || i < 0 {
			continue
		}
		log := strings.Trim(line[:i], `"`) // as it is written, whatever is escaped
		if state[log], err = time.ParseInLocation(stateTime, line[i+1:], loc); err != nil {
			return nil, err
		}
	}
	return state, nil
}
