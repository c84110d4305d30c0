package rotate

import (
	"errors"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sys/unix"

	"rotate/rotate/internal/fsys"
)

// glob finds the names that a pattern stands for, one path component at a
// time, reading no folder whose name the pattern gives.
type glob struct {
	tree *tree
	// found gets each match: an entry of the folder, by index, or, with index
	// -1, a name that is not there: one that the state knows, or the last
	// component of a pattern without wildcards.
	found func(f *folder, index int, name string)
	// failed gets each folder that had to be read and could not be.
	failed func(f *folder)
}

// expand walks the absolute pattern.
func (g *glob) expand(pattern string) {
	g.walk("", strings.Split(strings.TrimPrefix(pattern, "/"), "/"), false)
}

// walk matches parts in dir. Below a wildcard, a folder that is not there is no
// failure: what it stood for just does not match, as in glob(3).
func (g *glob) walk(dir string, parts []string, wild bool) {
	for len(parts) > 1 && !hasMeta(parts[0]) {
		dir += "/" + parts[0]
		parts = parts[1:]
	}
	if parts[0] == "**" {
		g.descend(dir, parts[1:], wild)
		return
	}
	f := g.tree.folder(orRoot(dir))
	if f.err != nil && !(wild && (missing(f.err) || errors.Is(f.err, unix.ENOTDIR))) {
		g.failed(f) // what the state knows of the folder may still be named
	}
	if len(parts) == 1 {
		g.match(f, parts[0])
		return
	}
	from, to := f.with(literal(parts[0]))
	for _, e := range f.entries[from:to] {
		if isFolder(e) && matches(parts[0], e.Name) {
			g.walk(dir+"/"+e.Name, parts[1:], true)
		}
	}
}

// descend matches rest in dir and in every folder below it. It follows no
// symbolic link, so it ends.
func (g *glob) descend(dir string, rest []string, wild bool) {
	for len(rest) > 0 && rest[0] == "**" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		rest = []string{"*"}
	}
	g.walk(dir, rest, wild)
	f := g.tree.folder(orRoot(dir))
	for _, e := range f.entries {
		if e.Type == unix.DT_DIR && !strings.HasPrefix(e.Name, ".") {
			g.descend(dir+"/"+e.Name, rest, true)
		}
	}
}

// match finds the last component of a pattern in f.
func (g *glob) match(f *folder, pattern string) {
	if !hasMeta(pattern) {
		g.found(f, f.find(pattern), pattern)
		return
	}
	prefix := literal(pattern)
	from, to := f.with(prefix)
	for i := from; i < to; i++ {
		if name := f.entries[i].Name; matches(pattern, name) {
			g.found(f, i, name)
		}
	}
	for _, name := range f.goneWith(prefix) {
		if matches(pattern, name) {
			g.found(f, -1, name)
		}
	}
}

// matches reports whether one component of a pattern fits name. As in a
// shell, a wildcard does not stand for a leading dot.
func matches(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	return doublestar.MatchUnvalidated(pattern, name)
}

// matchesPath reports whether the whole pattern fits a path.
func matchesPath(pattern, path string) bool {
	return doublestar.MatchUnvalidated(pattern, path)
}

const meta = `*?[{\`

func hasMeta(s string) bool { return strings.ContainsAny(s, meta) }

// literal is what every match of a component begins with.
func literal(component string) string {
	if i := strings.IndexAny(component, meta); i >= 0 {
		return component[:i]
	}
	return component
}

func isFolder(e fsys.Entry) bool { return e.Type == unix.DT_DIR || e.Type == unix.DT_LNK }

func orRoot(dir string) string {
	if dir == "" {
		return "/"
	}
	return dir
}
