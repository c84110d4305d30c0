package reliability

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rotate/testdata/host"
	"rotate/testdata/unpack"
)

// strategy is one way to rotate, in both languages. A log is due whenever it
// holds something, so that every run turns it.
type strategy struct {
	name     string
	toml     string   // keys of the policy
	conf     string   // directives of the block; "-": logrotate has no such way
	archives []string // what earlier runs left, the newest first
	dir      string   // where the world is; "": the folder for temporary files
}

func strategies() []strategy {
	numbered := []string{".1", ".2", ".3"}
	gzipped := []string{".1.gz", ".2.gz", ".3.gz"}
	return []strategy{
		{name: "numbered", archives: numbered},
		{name: "create", toml: `create = { mode = "0640" }`, conf: "create 640", archives: numbered},
		{name: "gzip", toml: `compress = "gzip"`, conf: "compress", archives: gzipped},
		{name: "zstd", toml: `compress = "zstd"`, conf: "-", archives: gzipped},
		{
			name: "delay", toml: "compress = 'gzip'\ndelaycompress = true", conf: "compress\ndelaycompress",
			archives: []string{".1", ".2.gz", ".3.gz"},
		},
		{
			name: "dated", toml: "compress = 'gzip'\ndateext = true\ndateformat = '-%Y%m%d-%s'", conf: "compress\ndateext\ndateformat -%Y%m%d-%s",
			archives: []string{"-20250103-1735905600.gz", "-20250102-1735819200.gz", "-20250101-1735732800.gz"},
		},
		{
			name: "olddir", toml: "compress = 'gzip'\nolddir = 'old'\ncreateolddir = true", conf: "compress\nolddir old\ncreateolddir 755",
			archives: gzipped,
		},
		{name: "copytruncate", toml: "copytruncate = true", conf: "copytruncate", archives: numbered},
		{name: "copytruncate gzip", toml: "copytruncate = true\ncompress = 'gzip'", conf: "copytruncate\ncompress", archives: gzipped},
		{name: "copytruncate tmpfs", toml: "copytruncate = true", conf: "copytruncate", archives: numbered, dir: "/dev/shm"},
	}
}

// world is a folder with a log, its archives, and both programs'
// configurations.
type world struct {
	testing.TB
	dir  string
	keep int // archives
	strategy
}

// lines is how long each archive is that is there from the beginning.
const lines = 150

// newWorld makes the world of a log that is turned over so many times at most.
// No archive of those that are there may expire before.
func newWorld(t testing.TB, s strategy, turns int) *world {
	t.Helper()
	dir := t.TempDir()
	if s.dir != "" {
		var err error
		dir, err = os.MkdirTemp(s.dir, "reliability")
		must(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
	}
	w := &world{t, dir, len(s.archives) + turns, s}
	must(t, os.Mkdir(w.path("log"), 0o755))
	for i, ending := range s.archives {
		text := new(bytes.Buffer)
		for n := range lines {
			fmt.Fprintf(text, "archive %d line %d\n", i, n)
		}
		if strings.HasSuffix(ending, ".gz") {
			packed := new(bytes.Buffer)
			z := gzip.NewWriter(packed)
			_, err := z.Write(text.Bytes())
			must(t, err)
			must(t, z.Close())
			text = packed
		}
		must(t, os.WriteFile(w.path("log/app.log"+ending), text.Bytes(), 0o640))
	}
	w.configure(!strings.Contains(s.conf, "copytruncate"))
	return w
}

// configure writes the configurations of both programs: with someone to tell,
// or without.
func (w *world) configure(tell bool) {
	notify, script := "", ""
	if tell {
		notify = "[[log.app.notify]]\npidfile = 'DIR/pid'\nsignal = 'SIGUSR2'\n"
		script = "postrotate\nkill -USR2 $(cat DIR/pid)\nendscript\n"
	}
	w.file("rotate.toml", fmt.Sprintf("[log.app]\npaths = ['DIR/log/app.log']\nsize = '1'\nrotate = %d\n%s\n%s", w.keep, w.toml, notify))
	w.file("logrotate.conf", fmt.Sprintf("DIR/log/app.log {\nsize 1\nrotate %d\n%s\n%s}\n", w.keep, w.conf, script))
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) file(name, text string) {
	w.Helper()
	must(w, os.WriteFile(w.path(name), []byte(strings.ReplaceAll(text, "DIR", w.dir)), 0o644))
}

// rotator is a program that is put to the test.
type rotator struct {
	name string
	argv func(*world) []string
}

func ours(t testing.TB) rotator { return built("rotate", host.Program(t)) }

func built(name, path string) rotator {
	return rotator{name, func(w *world) []string {
		return []string{path, "-s", w.path("state"), w.path("rotate.toml")}
	}}
}

func logrotate(t testing.TB) rotator {
	host.Needs(t, "logrotate")
	return rotator{"logrotate", func(w *world) []string {
		return []string{"logrotate", "-s", w.path("state"), w.path("logrotate.conf")}
	}}
}

// recover runs the program twice more, undisturbed.
func (w *world) recover(r rotator, s *service) {
	w.Helper()
	for range 2 {
		s.more(20)
		out, exit := command(w, r.argv(w)...)
		if exit != 0 && r.name == "rotate" {
			w.Errorf("a run after the disturbed one failed: %s", out)
		}
	}
}

var ourName = regexp.MustCompile(`^app\.log([.-][0-9]+(-[0-9]+)?(\.[0-9]+)?)?(\.gz|\.zst)?$`)

// count counts what is there after the service wrote n lines.
func (w *world) count(n int) (s score) {
	w.Helper()
	found := map[string]int{}
	for _, folder := range []string{"log", "log/old"} {
		entries, err := os.ReadDir(w.path(folder))
		if os.IsNotExist(err) {
			continue
		}
		must(w, err)
		for _, e := range entries {
			switch {
			case e.IsDir() && e.Name() == "old":
			case !ourName.MatchString(e.Name()):
				w.Logf("stray: %s", e.Name())
				s.stray++
			default:
				for s := range strings.Lines(w.text(filepath.Join(folder, e.Name()))) {
					s = strings.TrimSuffix(s, "\n")
					if n, _, ok := parse(s); ok {
						s = fmt.Sprint("line ", n)
					}
					found[strings.TrimSpace(s)]++
				}
			}
		}
	}
	delete(found, "") // what a cut leaves
	for i := range w.archives {
		missing := 0
		for k := range lines {
			if found[fmt.Sprintf("archive %d line %d", i, k)] == 0 {
				missing++
			}
		}
		if missing == lines {
			s.early++
		} else {
			s.lost += missing
		}
	}
	for i := range n {
		if found[fmt.Sprint("line ", i)] == 0 {
			s.lost++
		}
	}
	for _, times := range found {
		s.doubled += times - 1
	}
	return s
}

// text returns what a file holds, unpacked as far as that goes.
func (w *world) text(name string) string {
	w.Helper()
	text, err := unpack.Read(w.path(name))
	if _, system := errors.AsType[*fs.PathError](err); system { // else it is cut short
		w.Fatal(err)
	}
	return strings.TrimLeft(text, "\x00")
}

// tree lists the folder, for messages.
func (w *world) tree() string {
	var names []string
	for _, pattern := range []string{"*", "log/*", "log/old/*"} {
		found, _ := filepath.Glob(w.path(pattern)) // the pattern is right
		for _, path := range found {
			if info, err := os.Stat(path); err == nil {
				names = append(names, fmt.Sprintf("%s %d", strings.TrimPrefix(path, w.dir+"/"), info.Size()))
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}
