package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rotate/testdata/host"
)

// tree makes files in a new folder. A text that begins with "->" is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	mustDo(t, os.Chmod(dir, 0o755)) // whatever the umask
	for name, text := range files {
		path := filepath.Join(dir, name)
		mustDo(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if target, ok := strings.CutPrefix(text, "->"); ok {
			mustDo(t, os.Symlink(target, path))
			continue
		}
		mustDo(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// aLog is a policy that stands on its own.
func aLog(name string) string {
	return "[log." + name + "]\npaths = [\"/" + name + "\"]\nsize = 1\nrotate = 1\n"
}

// heir is a policy that needs defaults.
func heir(name string) string { return "[log." + name + "]\npaths = [\"/" + name + "\"]\n" }

// outcome writes what a Load returned, with dir as "D".
func outcome(dir string, config *Config, err error) string {
	var b strings.Builder
	for _, p := range config.Policies {
		b.WriteString("log " + p.Name + " " + p.Compress.Method + "\n")
	}
	for _, f := range config.Files {
		b.WriteString("file " + f + "\n")
	}
	if errs, ok := errors.AsType[Errors](err); ok {
		for _, e := range errs {
			b.WriteString(e.Error() + "\n")
			if e.Hint != "" {
				b.WriteString("\thint: " + e.Hint + "\n")
			}
		}
	}
	return strings.ReplaceAll(b.String(), dir, "D")
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string // "a.toml" if empty
		want  string
	}{
		{
			name:  "a file",
			files: map[string]string{"a.toml": aLog("a")},
			want:  "log a \nfile D/a.toml\n",
		},
		{
			name: "files, one in error",
			files: map[string]string{
				"a.toml": aLog("a") + "x = 1\n" + aLog("b") + "y = 1\n",
				"b.toml": aLog("c"),
			},
			args: []string{"a.toml", "b.toml"},
			want: "log c \nfile D/b.toml\nD/a.toml:5:1: unknown key \"x\"\nD/a.toml:10:1: unknown key \"y\"\n",
		},
		{
			name:  "no file",
			files: nil,
			want:  "D/a.toml: no such file or directory\n",
		},
		{
			name:  "a path through a file",
			files: map[string]string{"a.toml": ""},
			args:  []string{"a.toml/b.toml"},
			want:  "D/a.toml/b.toml: not a directory\n",
		},
		{
			name: "the files of a folder, in order",
			files: map[string]string{
				"d/10.toml": aLog("x"), "d/2.toml": aLog("y"), "d/README": "", "d/.#2.toml": "x", "d/2.toml~": "x", "d/sub/3.toml": "x",
			},
			args: []string{"d"},
			want: "log x \nlog y \nfile D/d/10.toml\nfile D/d/2.toml\n",
		},
		{
			name:  "an empty folder",
			files: map[string]string{"d/.keep": ""},
			args:  []string{"d"},
			want:  "",
		},
		{
			name: "both languages, in the order of names",
			files: map[string]string{
				"d/nginx": "/n {\n}\n/n2 {\n}\n", "d/b.toml": aLog("b"), "d/zoo": "rotate 3\n/z {\n}\n", "d/zoo.rpmsave": "x", "d/.zoo": "/h {\n}\n", "d/sub/x": "x",
			},
			args: []string{"d"},
			want: "log .zoo \nlog b \nlog nginx \nlog nginx-2 \nlog zoo \nfile D/d/.zoo\nfile D/d/b.toml\nfile D/d/nginx\nfile D/d/zoo\n",
		},
		{
			name: "TOML includes logrotate's language, which inherits [defaults]",
			files: map[string]string{
				"a.toml":         "include = [\"logrotate.conf\", \"d\"]\n[defaults]\nsize = 1\nrotate = 1\ncompress = \"zstd\"\n" + heir("a"),
				"logrotate.conf": "/c {\n}\ndaily\nnocompress\n/c2 {\n}\n",
				"d/nginx":        "/n {\n}\n",
			},
			args: []string{"a.toml"},
			want: "log a zstd\nlog logrotate.conf zstd\nlog logrotate.conf-2 \nlog nginx zstd\nfile D/a.toml\nfile D/logrotate.conf\nfile D/d/nginx\n",
		},
		{
			name: "includes, in order",
			files: map[string]string{
				"a.toml": "include = [\"z.toml\", \"d/*.toml\", \"e\", \"none/*.toml\"]\n" + aLog("a"),
				"z.toml": aLog("z"), "d/2.toml": aLog("d2"), "d/1.toml": aLog("d1"), "d/.h.toml": "x",
				"e/e.toml": "include = [\"../f.toml\"]\n" + aLog("e"), "f.toml": aLog("f"),
			},
			want: "log a \nlog z \nlog d1 \nlog d2 \nlog e \nlog f \n" +
				"file D/a.toml\nfile D/z.toml\nfile D/d/1.toml\nfile D/d/2.toml\nfile D/e/e.toml\nfile D/f.toml\n",
		},
		{
			name: "defaults reach the files that are included, not those beside",
			files: map[string]string{
				"a.toml": "include = [\"b.toml\", \"c.toml\"]\n[defaults]\nsize = 1\nrotate = 1\ncompress = \"gzip\"\n" + heir("a"),
				"b.toml": "include = [\"d.toml\"]\n[defaults]\ncompress = \"zstd\"\n" + heir("b"),
				"c.toml": heir("c"),
				"d.toml": heir("d"),
			},
			want: "log a gzip\nlog b zstd\nlog d zstd\nlog c gzip\nfile D/a.toml\nfile D/b.toml\nfile D/d.toml\nfile D/c.toml\n",
		},
		{
			name: "a file in error still passes its defaults on",
			files: map[string]string{
				"a.toml": "include = [\"b.toml\"]\n[defaults]\nsize = 1\nrotate = 1\n" + heir("a") + "x = 1\n",
				"b.toml": heir("b"),
			},
			want: "log b \nfile D/b.toml\nD/a.toml:7:1: unknown key \"x\"\n",
		},
		{
			name: "defaults in error are not passed on",
			files: map[string]string{
				"a.toml": "include = [\"b.toml\"]\n[defaults]\nsize = 1\nrotate = 1\nx = 1\n" + aLog("a"),
				"b.toml": aLog("b"),
			},
			want: "D/a.toml:1:12: include is not followed: its files would inherit defaults that are in error\n" +
				"\thint: mend [defaults]\nD/a.toml:5:1: unknown key \"x\"\n",
		},
		{
			name:  "an include that is missing",
			files: map[string]string{"a.toml": "include = [\n  \"b.toml\",\n]\n" + aLog("a")},
			want:  "log a \nfile D/a.toml\nD/a.toml:2:3: include \"D/b.toml\": no such file or directory\n",
		},
		{
			name:  "an include in error",
			files: map[string]string{"a.toml": "include = [\"b.toml\", \"c.toml\"]\n" + aLog("a"), "b.toml": "[", "c.toml": aLog("c")},
			want: "log a \nlog c \nfile D/a.toml\nfile D/c.toml\n" +
				"D/b.toml:1:2: unexpected end of table name (table names cannot be empty)\n",
		},
		{
			name:  "a file that includes itself",
			files: map[string]string{"a.toml": "include = [\"a.toml\"]\n" + aLog("a")},
			want:  "log a \nfile D/a.toml\nD/a.toml:1:12: include \"D/a.toml\": includes itself\n\thint: remove it\n",
		},
		{
			name: "a circle",
			files: map[string]string{
				"a.toml": "include = [\"b.toml\"]\n" + aLog("a"),
				"b.toml": "include = [\"c.toml\"]\n" + aLog("b"),
				"c.toml": "include = [\"d\"]\n" + aLog("c"),
				"d":      "->.",
			},
			want: `log a 
log b 
log c 
file D/a.toml
file D/b.toml
file D/c.toml
D/c.toml:1:12: include "D/d/a.toml": includes itself
	hint: remove it
D/c.toml:1:12: include "D/d/b.toml": includes itself
	hint: remove it
D/c.toml:1:12: include "D/d/c.toml": includes itself
	hint: remove it
`,
		},
		{
			name: "a file by two names",
			files: map[string]string{
				"a.toml": "include = [\"b.toml\", \"*.toml\"]\n", "b.toml": aLog("b"), "c.toml": "->b.toml",
			},
			want: `log b 
file D/a.toml
file D/b.toml
D/a.toml:1:22: include "D/a.toml": includes itself
	hint: remove it
D/a.toml:1:22: include "D/b.toml": already read
	hint: name it once
D/a.toml:1:22: include "D/c.toml": already read
	hint: it is the same as "D/b.toml": name one of them
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.files)
			args := c.args
			if args == nil {
				args = []string{"a.toml"}
			}
			var paths []string
			for _, arg := range args {
				paths = append(paths, filepath.Join(dir, arg))
			}
			config, err := Load(paths...)
			if got := outcome(dir, config, err); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestLoadKeepsTheCause(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", filepath.Join(t.TempDir(), "none", "a.toml")} {
		config, err := Load(path)
		if !errors.Is(err, fs.ErrNotExist) || config == nil {
			t.Errorf("%q: got %v, %v", path, config, err)
		}
	}
}

// TestLoadDoesNotWait names what is not a file. Nothing ever writes to the
// FIFO, so a Load that opens it as a file hangs until the test runs out of time.
func TestLoadDoesNotWait(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"z.toml": aLog("z"), "big.toml": "", "null.toml": "->/dev/null", "dir.toml/a.toml": aLog("a")})
	mustDo(t, syscall.Mkfifo(filepath.Join(dir, "fifo.toml"), 0o644))
	mustDo(t, os.Truncate(filepath.Join(dir, "big.toml"), 1<<40))
	config, err := Load(dir)
	want := `log a 
log z 
file D/dir.toml/a.toml
file D/z.toml
D/big.toml: larger than 16M
D/fifo.toml: not a regular file
D/null.toml: not a regular file
`
	if got := outcome(dir, config, err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLoadAsRootRefusesWhatOthersCouldWrite(t *testing.T) {
	t.Parallel()
	host.NeedsRoot(t)
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"root's alone", func(string) error { return nil }, "log a \nlog b \nfile D/d/a.toml\nfile D/d/b.toml\n"},
		{
			"another's file", func(dir string) error { return os.Chown(dir+"/d/a.toml", 65534, 0) },
			"log b \nfile D/d/b.toml\nD/d/a.toml: refused, because uid 65534 owns it, not root\n\thint: run: chown root \"D/d/a.toml\"\n",
		},
		{
			"a group's file", func(dir string) error { return os.Chmod(dir+"/d/a.toml", 0o664) },
			"log b \nfile D/d/b.toml\nD/d/a.toml: refused, because others than root may write to it (mode 0664)\n\thint: run: chmod go-w \"D/d/a.toml\"\n",
		},
		{
			"everyone's file", func(dir string) error { return os.Chmod(dir+"/d/a.toml", 0o602) },
			"log b \nfile D/d/b.toml\nD/d/a.toml: refused, because others than root may write to it (mode 0602)\n\thint: run: chmod go-w \"D/d/a.toml\"\n",
		},
		{
			"another's folder", func(dir string) error { return os.Chown(dir+"/d", 65534, 0) },
			"D/d: refused, because uid 65534 owns it, not root\n\thint: keep configuration in a folder that root owns, such as /etc/rotate.d\n",
		},
		{
			"everyone's folder", func(dir string) error { return os.Chmod(dir+"/d", 0o777) },
			"D/d: refused, because others than root may write to it (mode 0777)\n\thint: run: chmod go-w \"D/d\", or keep configuration elsewhere\n",
		},
		{
			"everyone's folder with the sticky bit", func(dir string) error { return os.Chmod(dir+"/d", 0o777|os.ModeSticky) },
			"log a \nlog b \nfile D/d/a.toml\nfile D/d/b.toml\n",
		},
		{"another's file in a sticky folder", func(dir string) error {
			return errors.Join(os.Chmod(dir+"/d", 0o777|os.ModeSticky), os.Chown(dir+"/d/a.toml", 65534, 0))
		}, "log b \nfile D/d/b.toml\nD/d/a.toml: refused, because uid 65534 owns it, not root\n\thint: run: chown root \"D/d/a.toml\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, named := range []string{"d", "d/*.toml"} {
				dir := tree(t, map[string]string{"d/a.toml": aLog("a"), "d/b.toml": aLog("b")})
				mustDo(t, c.change(dir))
				l := loader{euid: 0, config: new(Config), seen: map[fileID]*visit{}}
				for _, path := range l.expand(Pattern{Text: named}, dir) {
					l.load(path, nil, nil, newDraft())
				}
				if got := outcome(dir, l.config, l.errs.orNil()); got != c.want {
					t.Errorf("%s: got\n%s\nwant\n%s", named, got, c.want)
				}
			}
		})
	}

	dir := tree(t, map[string]string{"a.toml": aLog("a")})
	mustDo(t, os.Chmod(dir+"/a.toml", 0o666))
	user := loader{euid: 1000, config: new(Config), seen: map[fileID]*visit{}}
	user.load(dir+"/a.toml", nil, nil, newDraft())
	if got := outcome(dir, user.config, user.errs.orNil()); got != "log a \nfile D/a.toml\n" {
		t.Errorf("for a user: got\n%s", got)
	}
}
