package convert_test

import (
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

// same returns two policies without what a conversion may change: names,
// places, what is tolerated, and settings that mean nothing where they are.
func same(p *policy.Policy) policy.Policy {
	q := *p
	q.Name, q.Pos, q.SkipOdd, q.IgnoreDuplicates = "", policy.Position{}, false, false
	q.Head = ""
	q.Paths, q.Exclude, q.Notify = nil, nil, nil
	for _, x := range p.Paths {
		q.Paths = append(q.Paths, policy.Pattern{Text: x.Text})
	}
	for _, x := range p.Exclude {
		q.Exclude = append(q.Exclude, policy.Pattern{Text: x.Text})
	}
	if q.Timeout == 0 {
		q.Timeout = 6 * time.Hour
	}
	if q.Mail == "" {
		q.Compress.Uncompress = nil
	}
	for _, t := range p.Notify {
		t.Pos = policy.Position{}
		q.Notify = append(q.Notify, t)
	}
	return q
}

func toml(t *testing.T, policies []*policy.Policy) string {
	t.Helper()
	text, odd, err := convert.TOML(policies, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(odd) > 0 {
		t.Log(odd)
	}
	return text
}

// TestManualSurvives writes every policy of the manual, and reads it again.
func TestManualSurvives(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		text := strings.ReplaceAll(m[1], "include = ", "#")
		want, err := policy.Parse("", []byte(text))
		if err != nil || len(want) == 0 {
			continue // a part of a policy
		}
		n++
		again(t, want)
	}
	if n < 2 {
		t.Fatalf("%d documents in the manual", n)
	}
}

// again writes policies, reads them, and compares.
func again(t *testing.T, want []*policy.Policy) {
	t.Helper()
	text := toml(t, want)
	got, err := policy.Parse("", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(got) != len(want) {
		t.Fatalf("%d policies of %d in\n%s", len(got), len(want), text)
	}
	for i := range want {
		if g, w := same(got[i]), same(want[i]); !reflect.DeepEqual(g, w) {
			t.Errorf("got  %+v\nwant %+v\nin\n%s", g, w, text)
		}
	}
}

// TestKeysAreInTheOrderOfTheManual compares the chapters of the manual with a
// policy that has every key that can be had together.
func TestKeysAreInTheOrderOfTheManual(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	chapters := map[string]int{}
	for i, m := range regexp.MustCompile(`(?m)^### ([a-z]+)$`).FindAllStringSubmatch(string(data), -1) {
		chapters[m[1]] = i
	}
	seen := map[string]bool{"include": true, "notify": true}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		last := -1
		for _, m := range regexp.MustCompile(`(?m)^([a-z]+) +=`).FindAllStringSubmatch(toml(t, []*policy.Policy{random(r, "/a")}), -1) {
			i, ok := chapters[m[1]]
			if !ok {
				continue // of a target
			}
			if seen[m[1]] = true; i <= last {
				t.Fatalf("%s is not where the manual has it", m[1])
			}
			last = i
		}
	}
	for key := range chapters {
		if !seen[key] {
			t.Errorf("%s is never written", key)
		}
	}
}

// TestAnyPolicySurvives writes sets of policies that the reader could have
// made, with what they have in common as defaults.
func TestAnyPolicySurvives(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var set []*policy.Policy
		for i := range 1 + r.IntN(5) {
			set = append(set, random(r, "/var/log/"+string(rune('a'+i))))
		}
		if again(t, set); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// random returns a policy of which every setting means something.
func random(r *rand.Rand, path string) *policy.Policy {
	often := func() bool { return r.IntN(3) > 0 }
	seldom := func() bool { return r.IntN(6) == 0 }
	p := &policy.Policy{
		Name: "p" + path[len(path)-1:], Paths: []policy.Pattern{{Text: path}},
		Timeout:   time.Duration(6*r.IntN(2)+r.IntN(2)) * time.Hour,
		MissingOK: often(), IfEmpty: seldom(), Start: 1, Rotate: r.IntN(3), AllowHardLink: seldom(),
	}
	if p.Rotate--; p.Rotate < 0 || seldom() {
		p.MaxAge = time.Duration(1+r.IntN(3)) * 24 * time.Hour
	}
	if seldom() {
		p.Exclude = []policy.Pattern{{Text: path + `/\{"x'`}}
	}
	switch r.IntN(4) {
	case 0:
		p.Size = 1 + r.Int64N(2)<<20
	case 1:
		p.MaxSize = 1000
	default:
		p.Frequency = []policy.Frequency{
			{Unit: policy.Daily, Day: policy.AnyDay},
			{Unit: policy.Weekly, Day: 1},
			{Unit: policy.Hourly, Day: policy.AnyDay},
			{Unit: policy.Interval, Day: policy.AnyDay, Every: 15 * time.Minute},
		}[r.IntN(4)]
		if seldom() {
			p.MinSize, p.MaxSize = 1<<20, 1<<30
		}
		if seldom() {
			p.MinAge = 36 * time.Hour
		}
	}
	switch r.IntN(5) {
	case 0:
		p.Method = policy.Copy
	case 1:
		p.Method = policy.CopyTruncate
	case 2:
		p.Create = &policy.Create{Mode: -1, UID: -1, GID: -1}
	case 3:
		p.Create = &policy.Create{Mode: 0o640, UID: 0, GID: 4711}
	}
	if seldom() {
		p.OldDir = "old"
		p.MakeDir = []*policy.Create{nil, {Mode: 0o750, UID: -1, GID: 0}}[r.IntN(2)]
	}
	if p.DateExt = seldom(); p.DateExt {
		p.DateFormat = []string{"-%Y%m%d", "-%Y%m%d%H", ".%s"}[r.IntN(3)]
		p.DateYesterday = seldom()
		p.DateHourAgo = !p.DateYesterday && seldom()
	} else {
		p.Start = 1 - r.IntN(5)/4
		p.DateFormat = "-%Y%m%d"
		if p.Frequency.Unit == policy.Hourly || p.Frequency.Unit == policy.Interval {
			p.DateFormat = "-%Y%m%d%H"
		}
	}
	switch {
	case seldom():
		p.Extension = ".log"
	case seldom():
		p.AddExtension = ".old"
	}
	if seldom() {
		p.MaxTotal, p.KeepFree = 1<<40, 5000
	}
	if seldom() {
		p.Mail, p.MailFirst = "root@example.com", seldom()
	}
	p.Shred = []int{0, 0, 0, 0, 3, 7}[r.IntN(6)]
	p.Su = []*policy.User{nil, nil, nil, nil, {Auto: true}, {UID: 0, GID: 4711}}[r.IntN(6)]
	if often() {
		p.Compress = []policy.Compression{
			{Method: "gzip", Ext: ".gz"},
			{Method: "gzip", Ext: ".gz"},
			{Method: "zstd", Ext: ".zst", Level: 12},
			{Method: "gzip", Ext: ".z"},
			{Method: "command", Command: []string{"xz", "-9"}, Uncompress: []string{"xz", "-d"}, Ext: ".xz"},
		}[r.IntN(5)]
		p.DelayCompress = often()
	}
	scripts := []string{"", "", "", "", "logger \"it's\"", "\tif true; then\n\t\tlogger 'a \\n b'\n\tfi\n", "echo '''\n\"\"\"\\n\n\techo \x01'\n"}
	s := &p.Scripts
	for _, to := range []*string{&s.First, &s.Pre, &s.Post, &s.Last, &s.PreRemove} {
		*to = scripts[r.IntN(len(scripts))]
	}
	s.Shared = (s.Pre != "" || s.Post != "") && often()
	for range r.IntN(3) {
		p.Notify = append(p.Notify, []policy.Target{
			{Pidfile: "/run/a.pid", Signal: unix.SIGUSR1, Wait: 10 * time.Second, Match: policy.Match{Exe: "/bin/a", User: "root"}},
			{Pidfile: "/run/*.pid", Signal: 40, Wait: 10 * time.Second},
			{Command: []string{"systemctl", "reload", "a b"}, Wait: 10 * time.Second},
		}[r.IntN(3)])
	}
	return p
}
