package plan

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rotate/rotate/policy"
)

var update = flag.Bool("update", false, "rewrite the plans of the golden files")

// TestGolden compares plans with those in testdata. Each file has facts, a
// line of dashes, and the plan.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := strings.Cut(string(text), "----\n")
			got := describe(Decide(readFacts(t, given)))
			if *update {
				if err := os.WriteFile(name, []byte(given+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", given, got, want)
			}
		})
	}
}

// scene reads facts, one a line:
//
//	now 2026-11-23 08:00 Europe/Berlin
//	force
//	dir /log/old mount=2 free=1G missing
//	policy frequency=daily rotate=3 compress=gzip …
//	problem /log/*.err
//	log /log/app.log size=1k last=2026-11-22T03:00 written=1h links=2 kind=symlink
//	archive app.log.1 size=1k written=3d      of the log before; beside it, or a path
//	owed app.log.1
//	taken app.log.2 kind=directory
type scene struct {
	t     *testing.T
	facts *Facts
	dirs  map[string]*Dir
}

func readFacts(t *testing.T, text string) *Facts {
	s := &scene{t: t, facts: &Facts{Now: noon}, dirs: map[string]*Dir{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		s.read(words[0], words[1:])
	}
	return s.facts
}

func (s *scene) read(what string, words []string) {
	keys := map[string]string{}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		keys[key] = value
	}
	last := func() *PolicyFacts { return &s.facts.Policies[len(s.facts.Policies)-1] }
	switch what {
	case "now":
		loc := time.UTC
		if len(words) > 2 {
			loc = zone(s.t, words[2])
		}
		s.facts.Now = s.time(words[0]+"T"+words[1], loc)
	case "force":
		s.facts.Force = true
	case "dir":
		d := s.dir(words[0])
		if m, given := keys["mount"]; given {
			d.Mount = uint64(s.number(m))
		}
		if free, given := keys["free"]; given {
			d.Free = s.size(free)
		}
		if _, missing := keys["missing"]; missing {
			d.ID = ID{}
		}
	case "policy":
		s.facts.Policies = append(s.facts.Policies, PolicyFacts{Policy: s.policy(keys)})
	case "problem":
		p := last()
		p.Problems = append(p.Problems, Problem{Path: words[0], Reason: Reason{Code: NoMatch}})
	case "log":
		p := last()
		p.Logs = append(p.Logs, s.log(p.Policy, words[0], keys))
	case "archive":
		p := last()
		l := &p.Logs[len(p.Logs)-1]
		l.Archives = append(l.Archives, s.archive(p.Policy, l, words[0], keys))
	case "taken":
		p := last()
		if p.Taken == nil {
			p.Taken = map[Place]Kind{}
		}
		p.Taken[s.place(&p.Logs[len(p.Logs)-1], words[0])] = kind(keys["kind"])
	case "owed":
		l := &last().Logs[len(last().Logs)-1]
		l.Owe(Owed{Archive: s.place(l, words[0]), ID: ID{1, 99}, Since: l.Last})
	default:
		s.t.Fatalf("a scene has no %q", what)
	}
}

func (s *scene) policy(keys map[string]string) *policy.Policy {
	p := &policy.Policy{Rotate: 7, Start: 1, Frequency: policy.Frequency{Day: policy.AnyDay}}
	for key, value := range keys {
		switch key {
		case "frequency":
			for _, f := range []policy.Frequency{hourly, daily, weekly(policy.AnyDay), monthly(policy.AnyDay), yearly, every(15 * time.Minute)} {
				if strings.ReplaceAll(f.String(), " ", "-") == value {
					p.Frequency = f
				}
			}
		case "size":
			p.Size = s.size(value)
		case "minsize":
			p.MinSize = s.size(value)
		case "maxsize":
			p.MaxSize = s.size(value)
		case "minage":
			p.MinAge = s.duration(value)
		case "ifempty":
			p.IfEmpty = true
		case "copy":
			p.Method = policy.Copy
		case "copytruncate":
			p.Method = policy.CopyTruncate
		case "create":
			p.Create = &policy.Create{Mode: -1, UID: -1, GID: -1}
		case "olddir":
			p.OldDir = value
		case "createolddir":
			p.MakeDir = &policy.Create{Mode: -1, UID: -1, GID: -1}
		case "start":
			p.Start = s.number(value)
		case "dateformat":
			p.DateExt, p.DateFormat = true, value
		case "dateyesterday":
			p.DateYesterday = true
		case "extension":
			p.Extension = value
		case "addextension":
			p.AddExtension = value
		case "rotate":
			p.Rotate = s.number(value)
		case "maxage":
			p.MaxAge = s.duration(value)
		case "maxtotal":
			p.MaxTotal = s.size(value)
		case "keepfree":
			p.KeepFree = s.size(value)
		case "compress":
			p.Compress = policy.Compression{Method: value, Ext: map[string]string{"gzip": ".gz", "zstd": ".zst"}[value]}
		case "delaycompress":
			p.DelayCompress = true
		case "prerotate":
			p.Scripts.Pre = "true"
		case "preremove":
			p.Scripts.PreRemove = "true"
		case "mail":
			p.Mail = value
		case "mailfirst":
			p.MailFirst = true
		case "skipodd":
			p.SkipOdd = true
		case "sharedscripts":
			p.Scripts.Shared = true
		default:
			s.t.Fatalf("a policy has no %q", key)
		}
	}
	return p
}

func (s *scene) log(p *policy.Policy, at string, keys map[string]string) LogFacts {
	l := LogFacts{Place: Place{s.dir(path.Dir(at)), path.Base(at)}, Links: 1, Stat: &Stat{ModTime: s.facts.Now.UnixNano()}}
	l.Archive = l.Dir
	if p.OldDir != "" {
		old := p.OldDir
		if !path.IsAbs(old) {
			old = path.Join(l.Dir.Path, old)
		}
		if l.Archive = s.dir(old); l.Archive.ID == (ID{}) && p.MakeDir == nil {
			l.Archive = nil
		}
	}
	for key, value := range keys {
		switch key {
		case "kind":
			l.Kind = kind(value)
		case "size":
			l.Stat.Size = s.size(value)
		case "last":
			l.Last = s.time(value, s.facts.Now.Location())
		case "written":
			l.Stat.ModTime = s.facts.Now.Add(-s.duration(value)).UnixNano()
		case "cut-short":
			l.CutShort = true
		case "links":
			l.Links = uint32(s.number(value))
		}
	}
	return l
}

func (s *scene) archive(p *policy.Policy, l *LogFacts, name string, keys map[string]string) Archive {
	a := Archive{Place: s.place(l, name), Size: -1}
	var ok bool
	if a.Generation, a.Ext, ok = NewNaming(p, s.facts.Now.Location()).Parse(l.Name, a.Name); !ok {
		s.t.Fatalf("%s is no archive of %s", name, l.Name)
	}
	if size, given := keys["size"]; given {
		a.Size = s.size(size)
	}
	a.Twin = map[string]Twin{"whole": Whole, "part": Part, "other": Other}[keys["twin"]]
	if written, given := keys["written"]; given {
		a.ModTime = s.facts.Now.Add(-s.duration(written))
	}
	return a
}

// kind finds the kind of that name.
func kind(name string) Kind {
	k := Regular
	for k < Device && k.String() != strings.ReplaceAll(name, "-", " ") {
		k++
	}
	return k
}

// place is where name is: beside the log, or a path.
func (s *scene) place(l *LogFacts, name string) Place {
	if path.IsAbs(name) {
		return Place{s.dir(path.Dir(name)), path.Base(name)}
	}
	return Place{l.Dir, name}
}

func (s *scene) dir(at string) *Dir {
	if s.dirs[at] == nil {
		s.dirs[at] = &Dir{Path: at, ID: ID{1, uint64(len(s.dirs) + 1)}, Mount: 1, Free: -1}
	}
	return s.dirs[at]
}

func (s *scene) time(text string, loc *time.Location) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04", text, loc)
	return must(s.t, t, err)
}

func (s *scene) number(text string) int {
	n, err := strconv.Atoi(text)
	return must(s.t, n, err)
}

func (s *scene) size(text string) int64 {
	n, err := policy.ParseSize(text)
	return must(s.t, n, err)
}

func (s *scene) duration(text string) time.Duration {
	d, err := policy.ParseDuration(text)
	return must(s.t, d, err)
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
