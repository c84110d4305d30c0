package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDirectives looks at what logrotate does not tell of a block.
func TestDirectives(t *testing.T) {
	t.Parallel()
	method := func(p *Policy) string { return fmt.Sprint(p.Method, " create=", p.Create != nil) }
	codec := func(p *Policy) string {
		c := p.Compress
		return strings.TrimSpace(fmt.Sprintf("%s %d %q %q %s", c.Method, c.Level, c.Command, c.Uncompress, c.Ext))
	}
	made := func(p *Policy) string { return fmt.Sprintf("%+v %+v", p.Create, p.MakeDir) }
	date := func(p *Policy) string { return fmt.Sprint(p.DateExt, " ", p.DateFormat) }
	script := func(p *Policy) string {
		s := p.Scripts
		return fmt.Sprintf("%q %q %q %q %q %v", s.First, s.Pre, s.Post, s.Last, s.PreRemove, s.Shared)
	}
	shredding := func(p *Policy) string { return fmt.Sprint(p.Shred) }
	rule := func(p *Policy) string { return fmt.Sprint(p.Frequency, " ", p.Size) }
	for _, c := range []struct {
		name, text string
		show       func(*Policy) string
		want       string
	}{
		{"nothing", ``, func(p *Policy) string {
			return fmt.Sprint(p.Start, p.Rotate, p.IfEmpty, p.MissingOK, p.SkipOdd, p.IgnoreDuplicates, p.AllowHardLink, p.DelayCompress, p.MailFirst)
		}, "1 0 true false true false false false false"},
		{"by size", ``, rule, "never 1048576"},
		{"any size", `size 0`, rule, "never -1"},
		{"the last rule counts: time", "size 5\nweekly 3", rule, "weekly wednesday 0"},
		{"the last rule counts: size", "weekly 3\nsize 5", rule, "never 5"},
		{"minutes", "minutes 5", rule, "every 5m 0"},
		{"every seven days", "weekly 7", rule, "weekly 7 0"},
		{"a day of the month", "monthly 15", rule, "monthly 15 0"},

		{"create", "create", method, "rename create=true"},
		{"copy keeps the log", "create\ncopy", method, "copy create=false"},
		{"copytruncate is more than copy", "copytruncate\ncopy", method, "copytruncate create=false"},
		{"nocopy leaves copytruncate", "copy\ncopytruncate\nnocopy", method, "copytruncate create=false"},
		{"renamecopy ends copytruncate", "create\ncopytruncate\nrenamecopy", method, "rename create=true"},
		{"nocreate", "create\nnocreate", method, "rename create=false"},

		{"mode, owner and group", "create 0640 root adm", made, "&{Mode:416 UID:0 GID:4} <nil>"},
		{"owner and group", "create root adm", made, "&{Mode:-1 UID:0 GID:4} <nil>"},
		{"mode", "create 640", made, "&{Mode:416 UID:-1 GID:-1} <nil>"},
		{"mode and owner", "create 640 root", made, "&{Mode:416 UID:0 GID:-1} <nil>"},
		{"numbers", "create 640 0 4", made, "&{Mode:416 UID:0 GID:4} <nil>"},
		{"createolddir", "createolddir", made, "<nil> &{Mode:493 UID:-1 GID:-1}"},
		{"createolddir with a mode", "createolddir 2750 root root", made, "<nil> &{Mode:1512 UID:0 GID:0}"},

		{"compress", "compress", codec, `gzip 0 [] [] .gz`},
		{"no compress", "compresscmd xz", codec, `0 [] []`},
		{"a level", "compress\ncompressoptions -9", codec, `gzip 9 [] [] .gz`},
		{"gzip by its path", "compress\ncompresscmd /usr/bin/gzip\ncompressoptions --best", codec, `gzip 9 [] [] .gz`},
		{"other options of gzip", "compress\ncompressoptions -9 --rsyncable", codec, `command 0 ["gzip" "-9" "--rsyncable"] ["gzip" "-d"] .gz`},
		{"xz", "compress\ncompresscmd /bin/xz", codec, `command 0 ["/bin/xz"] ["/bin/xz" "-d"] .xz`},
		{"xz in its own way", "compress\ncompresscmd xz\nuncompresscmd xzcat\ncompressext .XZ", codec, `command 0 ["xz"] ["xzcat"] .XZ`},
		{"the last of compressext and compresscmd", "compress\ncompressext .XZ\ncompresscmd xz", codec, `command 0 ["xz"] ["xz" "-d"] .xz`},
		{"an unknown program", "compress\ncompresscmd pigz\ncompressoptions -p '2 x'", codec, `command 0 ["pigz" "-p" "2 x"] ["gunzip"] .gz`},
		{"an ending alone", "compress\ncompressext .z", codec, `gzip 0 [] [] .z`},

		{"dates of days", "dateext", date, "true -%Y%m%d"},
		{"dates of hours", "hourly\ndateext", date, "true -%Y%m%d%H"},
		{"no such date", "dateformat -%Y%j%%m%", date, "false -%Y%%j%%%m%%"},
		{"all that there is", "dateformat %Y%m%d%H%M%S%V%s%z", date, "false %Y%m%d%H%M%S%V%s%z"},

		{"a script", "postrotate\n  a\n\tb\n  endscript", script, `"" "" "  a\n\tb\n" "" "" false`},
		{"a script on the first line", "prerotate a b\nendscript", script, `"" " a b\n" "" "" "" false`},
		{"the last script", "preremove\na\nendscript\npreremove\nb\nendscript", script, `"" "" "" "" "b\n" false`},
		{"an empty script", "lastaction\na\nendscript\nlastaction\n\nendscript", script, `"" "" "" "" "" false`},
		{"braces", "firstaction\n{ a; }\n}\nendscript\nsharedscripts", script, `"{ a; }\n}\n" "" "" "" "" true`},

		{"shred", "shred", shredding, "3"},
		{"shredcycles alone", "shredcycles 7", shredding, "0"},
		{"shredcycles", "shredcycles 7\nshred", shredding, "7"},
		{"noshred", "shred\nnoshred", shredding, "0"},

		{"su", "su root adm", func(p *Policy) string { return fmt.Sprintf("%+v", *p.Su) }, "{UID:0 GID:4 Auto:false}"},
		{"olddir", "olddir ../old/", func(p *Policy) string { return p.OldDir }, "../old"},
		{"extension", "extension = log", func(p *Policy) string { return p.Extension }, "log"},
		{"days", "maxage 3\nminage 2", func(p *Policy) string { return fmt.Sprint(p.MaxAge, p.MinAge) }, "72h0m0s 48h0m0s"},
		{"mail", "mail a@b\nmailfirst", func(p *Policy) string { return fmt.Sprint(p.Mail, " ", p.MailFirst) }, "a@b true"},
	} {
		for where, text := range map[string]string{"block": "/a {\n" + c.text + "\n}\n", "file": c.text + "\n/a {\n}\n"} {
			t.Run(c.name+", for the "+where, func(t *testing.T) {
				t.Parallel()
				config, err := ParseBlocks("f", []byte(text))
				if err != nil || len(config.Policies) != 1 || len(config.Warnings) > 0 {
					t.Fatalf("%v; warnings %v", err, config.Warnings)
				}
				if got := c.show(config.Policies[0]); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		}
	}
}

// TestPaths reads the paths of a block.
func TestPaths(t *testing.T) {
	t.Setenv("HOME", "/home/me*")
	t.Chdir("/usr")
	for in, want := range map[string]string{
		`/a/*.log /b`: "/a/*.log /b", `"/a b" '/c d' /e\ f`: "/a b|/c d|/e f", `//a//./b/../c`: "/a/c", `rel`: "", `"rel" /a`: "/usr/rel /a",
		`~/x`: `/home/me\*/x`, `~root/x`: "/root/x", `~nobody-here/x`: "/usr/~nobody-here/x", `/a/**/b`: "/a/*/b", `/a[!b]c[[:digit:]]`: "/a[^b]c[0-9]",
		`/a,b`: "/a,b", `"/a\*b"`: `/a\*b`, `/a\*b`: "/a*b", `/a[`: `/a\[`, "/a/ /b": "/b", "/a\n# c\n  /b": "/a /b",
	} {
		config, err := ParseBlocks("f", []byte(in+" {\n}\n"))
		var got []string
		for _, p := range config.Policies {
			for _, path := range p.Paths {
				got = append(got, path.Text)
			}
		}
		if text := strings.Join(got, " "); text != strings.ReplaceAll(want, "|", " ") || (err != nil) != (want == "") {
			t.Errorf("%s: got %s, want %s; %v", in, text, want, err)
		}
	}
}

// TestHead wants the paths of a block as they are written, as logrotate 3.22
// gives them to scripts that run once.
func TestHead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/a": "/a", "/a\t/b \t ": "/a\t/b", "\"/a b\"\t'/c'\n\n/d\\ e\n": "\"/a b\"\t'/c'\n\n/d\\ e", "~root/x": "~root/x",
		"/a\n# c {\n  /b\n\t# d\n": "/a\n\n  /b", "/a # b\n/c": "/a # b\n/c", "/a\r\n/b\r\n": "/a\r\n/b",
	} {
		config, err := ParseBlocks("f", []byte(in+" {\n}\n"))
		if err != nil || len(config.Policies) != 1 || config.Policies[0].Whole() != want {
			t.Errorf("%q: %v, want %q", in, config.Policies, want)
		}
	}
	if p := (&Policy{Paths: []Pattern{{Text: "/a b"}, {Text: "/c"}}}); p.Whole() != "/a b /c" {
		t.Errorf("of none as written: %q", p.Whole())
	}
}

func TestLogrotatePositions(t *testing.T) {
	t.Parallel()
	config, err := ParseBlocks("f", []byte("daily\n  /a {\n  rotate x\n}\n\n\"/b\" {\n  nonsense 5\n} x\n/c {\n}\n"))
	got := fmt.Sprintln(config.Policies[0].Pos, config.Policies[0].Name, config.Policies[1].Pos, config.Policies[1].Name, config.Warnings, err)
	want := "f:6:1 f f:9:1 f-2 f:7:3: unknown option 'nonsense' -- ignoring line\nf:8:2: unexpected text after } f:3:3: bad rotation count 'x'\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestIncludesEnd includes twice what includes twice, and so on: 2^15 files.
func TestIncludesEnd(t *testing.T) {
	t.Parallel()
	files := map[string]string{"15": "daily\n"}
	for i := range 15 {
		files[fmt.Sprint(i)] = strings.Repeat(fmt.Sprintf("include D/%d\n", i+1), 2)
	}
	dir := tree(t, nil)
	for name, text := range files {
		mustDo(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "D", dir)), 0o644))
	}
	config, err := Load(filepath.Join(dir, "0"))
	errs, _ := errors.AsType[Errors](err)
	if len(config.Files) > maxReads+1 || len(errs) == 0 || errs[0].Text != "include nesting too deep" {
		t.Errorf("%d files, %d errors", len(config.Files), len(errs))
	}
}

// TestTrustInBlocks holds what may be read by root against logrotate's words.
func TestTrustInBlocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(file string) error
		want   string
	}{
		{"root's", func(string) error { return nil }, ""},
		{"a script's mode", func(f string) error { return os.Chmod(f, 0o755) }, "warning: Potentially dangerous mode on F: 0755"},
		{"the group's", func(f string) error { return os.Chmod(f, 0o664) }, "warning: Potentially dangerous mode on F: 0664 | error: Ignoring F because it is writable by group or others."},
		{"another's", func(f string) error { return os.Chown(f, 65534, 0) }, "error: Ignoring F because the file owner is wrong (should be root or user with uid 0)."},
		{"in another's folder", func(f string) error { return os.Chown(filepath.Dir(f), 65534, 0) }, ""},
		{"gone", os.Remove, "error: cannot stat F: No such file or directory"},
		{"large", func(f string) error { return os.Truncate(f, maxSize+1) }, "error: file F too large, probably not a config file."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(tree(t, map[string]string{"f": "/a {\n}\n"}), "f")
			mustDo(t, c.change(file))
			l := newLoader()
			l.euid = 0
			l.load(file, nil, nil, newDraft())
			var said []string
			for _, list := range []Errors{l.config.Warnings, l.errs} {
				for _, e := range list {
					said = append(said, e.Logrotate()...)
				}
			}
			if got := strings.ReplaceAll(strings.Join(said, " | "), file, "F"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if read := len(l.config.Policies) == 1; read != !strings.Contains(c.want, "error") {
				t.Errorf("read: %v", read)
			}
		})
	}
}

// TestGlobalsGoOn reads files one after the other.
func TestGlobalsGoOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, first, want string }{
		{"to the next file", "rotate 7\n", "7"},
		{"not from a file with an error", "rotate 7\nrotate x\n", "0"},
		{"not from a file with a block in error", "rotate 7\n/a {\nrotate x\n}\n", "0"},
		{"not from a file that includes nothing", "rotate 7\ninclude /none/at/all\n", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, map[string]string{"1": c.first, "2": "/b {\n}\n"})
			config, _ := Load(filepath.Join(dir, "1"), filepath.Join(dir, "2")) // the first may fail
			if got := fmt.Sprint(config.Policies[0].Rotate); got != c.want {
				t.Errorf("rotate %s", got)
			}
		})
	}
}
