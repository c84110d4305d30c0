package convert_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

var update = flag.Bool("update", false, "rewrite what the golden files expect")

// TestGolden shows what becomes of typical configurations.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(filepath.Base(file), ".txtar")
			conf := string(archive.Files[0].Data)
			got := golden(name, conf)
			got.Comment = archive.Comment
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if have, want := txtar.Format(got), txtar.Format(archive); !bytes.Equal(have, want) {
				t.Errorf("got\n%s\nwant\n%s", have, want)
			}
			if said := string(txtar.Format(got)); !strings.Contains(said, "-- errors --") && !strings.Contains(said, "is left out") {
				converts(t, name, conf)
			}
		})
	}
}

// TestManualOfConvertIsRight converts the example of docs/convert.md.
func TestManualOfConvertIsRight(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/convert.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```\n(# The API.*?)```\n\n```toml\n(.*?)```").FindSubmatch(data)
	if m == nil {
		t.Fatal("no example")
	}
	if got := golden("api", string(m[1])); string(got.Files[1].Data) != string(m[2]) || len(got.Files) != 2 {
		t.Errorf("got\n%s\nwant\n%s", txtar.Format(got), m[2])
	}
}

// golden returns a configuration, what becomes of it, and what is said.
func golden(name, conf string) *txtar.Archive {
	config, err := policy.ParseBlocks(name, []byte(conf))
	made, odd, failed := convert.TOML(config.Policies, map[string]string{name: conf})
	a := &txtar.Archive{Files: []txtar.File{{Name: "conf", Data: []byte(conf)}, {Name: "toml", Data: []byte(made)}}}
	if len(odd) > 0 {
		a.Files = append(a.Files, txtar.File{Name: "odd", Data: []byte(odd.Error() + "\n")})
	}
	for _, err := range []error{err, failed} {
		if err != nil {
			a.Files = append(a.Files, txtar.File{Name: "errors", Data: []byte(err.Error() + "\n")})
		}
	}
	return a
}
