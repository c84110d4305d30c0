package rotate

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows are the imports of ours that each package may have.
var arrows = map[string][]string{
	"rotate/cmd/rotate":               {"rotate/rotate", "rotate/rotate/convert", "rotate/rotate/plan", "rotate/rotate/policy", "rotate/signaler"},
	"rotate/rotate":                   {"rotate/rotate/internal/compress", "rotate/rotate/internal/fsys", "rotate/rotate/internal/state", "rotate/rotate/plan", "rotate/rotate/policy", "rotate/signaler"},
	"rotate/rotate/plan":              {"rotate/rotate/policy"},
	"rotate/rotate/policy":            nil,
	"rotate/rotate/convert":           {"rotate/rotate/policy", "rotate/signaler"},
	"rotate/rotate/internal/fsys":     nil,
	"rotate/rotate/internal/state":    {"rotate/rotate/internal/fsys"},
	"rotate/rotate/internal/compress": nil,
	"rotate/signaler":                 nil,
}

// impure is what a package that only decides has no business with.
var impure = []string{"os", "io/fs", "log", "log/slog", "net", "path/filepath", "os/exec", "golang.org/x/sys/unix"}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "rotate/...")
	forking.Lock()
	out, err := list.Output()
	forking.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		allowed, known := arrows[p.ImportPath]
		if !known {
			continue // tests and tools of their own
		}
		seen++
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "rotate/") && !slices.Contains(allowed, i) {
				t.Errorf("%s imports %s: that is against the arrows of docs/design.md", p.ImportPath, i)
			}
			if p.ImportPath == "rotate/rotate/plan" && slices.Contains(impure, i) {
				t.Errorf("%s imports %s: what decides must not look at the world", p.ImportPath, i)
			}
		}
	}
	if seen != len(arrows) {
		t.Errorf("found %d of the %d packages that have a rule", seen, len(arrows))
	}
}

// TestPlanAsksNoClock keeps the one impure thing out that an import does not show.
func TestPlanAsksNoClock(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("plan/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of plan: %v", err)
	}
	clocks := []string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "Sleep", "AfterFunc", "Local"}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clocks, sel.Sel.Name) {
				t.Errorf("%s: time.%s in what decides", fset.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}
