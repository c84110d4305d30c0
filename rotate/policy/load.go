package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"
)

// Config is what the configuration files say.
type Config struct {
	Policies []*Policy // file by file, as in Files; within a file from top to bottom
	Files    []string  // the files that were read, each before those that it includes

	Warnings Errors // what logrotate complains about on its standard error, and succeeds all the same
	Advice   Errors // what nobody has to know who does not ask
}

// Load reads configuration files, the files of folders in the order of their
// names, and what those include. What ends in .toml is TOML, everything else is
// in logrotate's language.
//
// Of a TOML file with an error nothing is used, but its defaults and what it
// includes, as long as these are right. Of a file in logrotate's language a
// block with an error is not used, and nothing after an error outside of
// blocks. All else is. So the Config is never nil, and whoever gets an error,
// which is an [Errors], can go on with it.
//
// Load takes files of up to 16 MiB, and as root refuses what others could have
// written: see docs/configuration.md.
func Load(paths ...string) (*Config, error) {
	l := newLoader()
	global := newDraft()
	for _, path := range paths {
		l.load(path, nil, nil, global)
	}
	return l.config, l.errs.orNil()
}

// Parse reads the policies of one TOML file's text; name stands for the file in
// positions. What it includes is not read. The error is an [Errors].
func Parse(name string, data []byte) ([]*Policy, error) {
	if len(data) > maxSize {
		return nil, Errors{tooLarge(name)}
	}
	doc := readTOML(name, string(data), nil)
	return doc.policies, doc.errs.orNil()
}

// ParseBlocks reads a text in logrotate's language, and the files that it
// includes, as [Load] reads a file. name stands for the text in positions.
func ParseBlocks(name string, data []byte) (*Config, error) {
	l := newLoader()
	if len(data) > maxSize {
		l.fail(tooLarge(name))
	} else {
		l.readBlocks(name, string(data), newDraft())
	}
	return l.config, l.errs.orNil()
}

type loader struct {
	euid   int
	config *Config
	errs   Errors
	seen   map[fileID]*visit
	names  map[string]int // of policies from files in logrotate's language, and the last number that was given
	depth  int            // of includes in such files
	reads  int            // of such files
}

func newLoader() *loader {
	return &loader{euid: os.Geteuid(), config: new(Config), seen: map[fileID]*visit{}, names: map[string]int{}}
}

type fileID struct{ dev, ino uint64 }

// visit is a file or folder that was opened.
type visit struct {
	path string
	open bool // what it includes is being read
}

// load reads a file or folder. from is the include that names it, nil on the
// command line; defaults are what it says for TOML, and d what was said so far
// in logrotate's language.
func (l *loader) load(path string, from *Pattern, defaults settings[Policy], d *draft) {
	if !isTOML(path) {
		l.loadBlocks(path, from, defaults, d)
		return
	}
	f, info, err := openConfig(path, l.euid)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = included(err, from)
		}
		l.fail(err)
		return
	}
	defer f.Close() // read-only: nothing to lose

	here, err := l.visit(f, info)
	if err != nil {
		l.fail(included(err, from))
		return
	}
	defer func() { here.open = false }()
	if info.IsDir() {
		l.folder(f, from, defaults, d)
		return
	}
	l.file(f, defaults)
}

// visit notes that a file is read, which it is once.
func (l *loader) visit(f *os.File, info fs.FileInfo) (*visit, *Error) {
	stat := info.Sys().(*syscall.Stat_t)
	id := fileID{stat.Dev, stat.Ino}
	if first, ok := l.seen[id]; ok {
		return nil, first.again(f.Name())
	}
	here := &visit{path: f.Name(), open: true}
	l.seen[id] = here
	return here, nil
}

func isTOML(path string) bool { return strings.HasSuffix(path, ".toml") }

// again says that path was seen before.
func (v *visit) again(path string) *Error {
	hint := "name it once"
	if v.path != path {
		hint = fmt.Sprintf("it is the same as %q: name one of them", v.path)
	}
	if v.open {
		return fileError(path, "remove it", "includes itself")
	}
	return fileError(path, hint, "already read")
}

// included moves an error to the include that is the cause of it.
func included(err *Error, from *Pattern) *Error {
	if from != nil {
		err.Text = fmt.Sprintf("include %q: %s", err.Pos.File, err.Text)
		err.Pos, err.said = from.Pos, nil
	}
	return err
}

// fail keeps an error, once: a folder may be refused for each of its files.
func (l *loader) fail(err *Error) {
	for _, e := range l.errs {
		if e.Pos == err.Pos && e.Text == err.Text {
			return
		}
	}
	l.errs = append(l.errs, err)
}

// folder reads the files of a folder.
func (l *loader) folder(f *os.File, from *Pattern, defaults settings[Policy], d *draft) {
	names, err := f.Readdirnames(-1)
	if err != nil {
		l.fail(systemError(f.Name(), err))
		return
	}
	slices.Sort(names)
	for _, name := range names {
		path := filepath.Join(f.Name(), name)
		switch {
		case !isTOML(name):
			if !d.isTaboo(name) {
				l.loadPart(path, from, d)
			}
		case !strings.HasPrefix(name, "."): // those are editors'
			l.load(path, from, defaults, d)
		}
	}
}

func (l *loader) file(f *os.File, defaults settings[Policy]) {
	text, err := readConfig(f)
	if err != nil {
		l.fail(err)
		return
	}
	doc := readTOML(f.Name(), text, defaults)
	l.errs = append(l.errs, doc.errs...)
	if len(doc.errs) == 0 {
		l.config.Files = append(l.config.Files, f.Name())
		l.config.Policies = append(l.config.Policies, doc.policies...)
	}
	for _, pattern := range doc.include {
		for _, path := range l.expand(pattern, filepath.Dir(f.Name())) {
			l.load(path, &pattern, doc.defaults, draftOf(doc.defaults))
		}
	}
}

// expand returns the paths that an include names, in order. A glob may match
// nothing; a plain path is returned as it is.
func (l *loader) expand(pattern Pattern, dir string) []string {
	path := pattern.Text
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if !strings.ContainsAny(pattern.Text, `*?[{\`) {
		return []string{path}
	}
	paths, err := doublestar.FilepathGlob(path, doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
	if err != nil {
		l.fail(&Error{Pos: pattern.Pos, Text: fmt.Sprintf("include %q: %v", pattern.Text, err), cause: err})
	}
	slices.Sort(paths)
	return paths
}
