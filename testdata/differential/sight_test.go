package differential

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A sight is all of a world that is compared. Paths in it start with DIR.
type sight struct {
	exit    int
	tree    map[string]file
	state   map[string]string
	mails   []string            // sorted
	scripts map[string][]string // by block and kind, in order
	said    string              // not compared: for who reads a difference
}

// A file is all of a file that is compared.
type file struct {
	mode     fs.FileMode
	uid, gid uint32
	links    uint64
	written  string // when; "now" is during the run
	packed   string // how; "" if plain
	text     string // what it holds, unpacked; where a link leads
}

func (f file) String() string {
	text := f.text
	if len(text) > 100 {
		text = fmt.Sprintf("%s… (%d bytes, sum %x)", text[:60], len(text), sum(text))
	}
	return fmt.Sprintf("%v %d:%d links %d, %s, %s %q", f.mode, f.uid, f.gid, f.links, f.written, f.packed, text)
}

func sum(s string) (h uint32) {
	for _, c := range []byte(s) {
		h = h*31 + uint32(c)
	}
	return h
}

// look takes the sight of a world after a run, and puts away the records.
func (w *world) look(exit int, said string) (*sight, error) {
	s := &sight{exit: exit, said: w.general(said), tree: map[string]file{}, scripts: map[string][]string{}}
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(path, w.dir+"/")
		if err != nil || path == w.dir {
			return err
		}
		if rel == "rec" || rel == "var" || rel == "conf" {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		s.tree[rel], err = w.file(path)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.state, err = w.state(); err != nil {
		return nil, err
	}
	return s, w.records(s)
}

// state is the state as far as decisions look at it.
func (w *world) state() (map[string]string, error) {
	state, err := readState(w.path("var/state"), w.now.Location())
	general := map[string]string{}
	for log, at := range state {
		when := at.Format(time.DateTime)
		if !at.Before(hour(w.now)) {
			when = "now" // all that decisions look at is the hour
		}
		general[w.general(log)] = when
	}
	return general, err
}

// general replaces the folder of the world, so that worlds compare.
func (w *world) general(text string) string { return strings.ReplaceAll(text, w.dir, "DIR") }

func (w *world) file(path string) (f file, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return f, err
	}
	st := info.Sys().(*syscall.Stat_t)
	f = file{mode: info.Mode(), uid: st.Uid, gid: st.Gid}
	if f.mode.IsDir() {
		return f, nil // its time and links follow from what is in it
	}
	f.links = uint64(st.Nlink) //nolint:unconvert // 32 bits elsewhere
	f.written = info.ModTime().UTC().Format(time.DateTime)
	if !info.ModTime().Before(w.now) {
		f.written = "now"
	}
	switch f.mode.Type() {
	case fs.ModeSymlink:
		f.text, err = os.Readlink(path)
		f.written = "" // nobody sets it
	case 0:
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			f.packed, text = unpack(text)
			f.text = w.general(string(text))
		}
	}
	return f, err
}

var magics = []struct{ name, magic string }{
	{"gzip", "\x1f\x8b"}, {"bzip2", "BZh"}, {"xz", "\xfd7zXZ\x00"}, {"zstd", "\x28\xb5\x2f\xfd"},
}

// unpack undoes what packed says, or nothing if the packed text is broken.
func unpack(text []byte) (packed string, plain []byte) {
	for _, m := range magics {
		if !bytes.HasPrefix(text, []byte(m.magic)) {
			continue
		}
		var out []byte
		var err error
		switch m.name {
		case "gzip":
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
				out, err = io.ReadAll(z)
			}
		case "bzip2":
			out, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(text)))
		case "zstd":
			var z *zstd.Decoder
			if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)); err == nil {
				out, err = z.DecodeAll(text, nil)
				z.Close()
			}
		case "xz":
			c := exec.Command("xz", "-dc")
			c.Stdin = bytes.NewReader(text)
			out, err = c.Output()
		}
		if err == nil {
			return m.name, out
		}
	}
	return "", text
}

// recorded is how a record of a script begins. What it was called with may go
// over several lines.
var recorded = regexp.MustCompile(`^[0-9a-z]\S* `)

// record keeps what scripts recorded.
func (s *sight) record(text string) {
	what := ""
	for line := range strings.Lines(text) {
		args := line
		if recorded.MatchString(line) {
			what, args, _ = strings.Cut(line, " ")
			s.scripts[what] = append(s.scripts[what], "")
		}
		if all := s.scripts[what]; len(all) > 0 {
			all[len(all)-1] += args
		}
	}
	for _, all := range s.scripts {
		for i := range all {
			all[i] = strings.TrimSpace(all[i])
		}
	}
}

// records reads what mails and scripts left, and removes it.
func (w *world) records(s *sight) error {
	all, err := os.ReadDir(w.path("rec"))
	if err != nil {
		return err
	}
	for _, e := range all {
		path := w.path("rec/" + e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if e.Name() == "scripts" {
			s.record(w.general(string(text)))
			continue
		}
		args, body, _ := bytes.Cut(text, []byte("\n"))
		how, plain := unpack(body)
		s.mails = append(s.mails, w.general(fmt.Sprintf("%s\n%s%s", args, how, plain)))
	}
	slices.Sort(s.mails)
	return nil
}

// differ lists what two sights do not have in common.
func differ(a, b *sight) (all []string) {
	say := func(what string, x, y any) {
		all = append(all, fmt.Sprintf("%s\n\t- %v\n\t+ %v", what, x, y))
	}
	if a.exit != b.exit {
		say("exit code", a.exit, b.exit)
	}
	differIn(say, "", a.tree, b.tree, func(x, y file) bool { return x == y })
	differIn(say, "state of ", a.state, b.state, func(x, y string) bool { return x == y })
	differIn(say, "script ", a.scripts, b.scripts, slices.Equal[[]string])
	if !slices.Equal(a.mails, b.mails) {
		say("mails", short(a.mails), short(b.mails))
	}
	return all
}

// short leaves out the middle of long mails.
func short(mails []string) (all []string) {
	for _, m := range mails {
		if len(m) > 300 {
			m = m[:300] + "…"
		}
		all = append(all, m)
	}
	return all
}

func differIn[V any](say func(string, any, any), kind string, a, b map[string]V, same func(x, y V) bool) {
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		x, inA := a[name]
		y, inB := b[name]
		switch {
		case !inA:
			say(kind+name, "nothing", y)
		case !inB:
			say(kind+name, x, "nothing")
		case !same(x, y):
			say(kind+name, x, y)
		}
	}
}
