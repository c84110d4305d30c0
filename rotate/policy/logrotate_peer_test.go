package policy

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rotate/testdata/host"
)

// TestPeer holds the cases of TestLanguage, and texts made at random, against
// logrotate itself.
func TestPeer(t *testing.T) {
	program := peer(t)
	l := newLanguage(t)
	out, err := exec.Command(program, "--version").CombinedOutput()
	mustDo(t, err)
	old := strings.HasPrefix(string(out), "logrotate 3.21.")
	for _, c := range languageCases(t, l.file) {
		if c.unlike != "" || old && strings.HasPrefix(c.since, "3.22") {
			continue
		}
		l.write(c.text)
		if got, want := l.ask(program), c.want; got != want && got != strings.TrimSuffix(want, failure)+unsure {
			t.Errorf("%q\nlogrotate says\n%snot\n%s", c.text, got, c.want)
		}
	}
	if old {
		return // what is not the same in that version stands in the cases
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		text := someText(random)
		l.write(text)
		got, want := l.load(), l.ask(program)
		if got != want && strings.TrimSuffix(got, failure)+unsure != want {
			t.Errorf("%q\ngot\n%swant\n%s", text, got, want)
		}
	}
}

// TestPeerGlob holds patterns against logrotate's glob(3), in a folder of logs.
func TestPeerGlob(t *testing.T) {
	program := peer(t)
	l := newLanguage(t)
	entries, err := os.ReadDir("l")
	mustDo(t, err)
	for _, pattern := range []string{
		"*", "*.log", ".*", ".*.log", "?", "??", "[ab]", "[!ab]", "[^ab]", "[]c]*", "[!]]*", "[a-c].log", "[[:alpha:]]", "[[:digit:]]", "[![:digit:]]",
		"[[:punct:]]", "[[:upper:]]", "[[:alnum:]-]", "[-a]", "[a-]", "[--7]", "[[.a.]]", "[[=a=]]", "[", "[a", "a]", "**", "**.log", "*?", "*[ab]", "c[]]", `c\\]`,
		`\\a`, `[\\a]`, `[\\]]`, "x*y", `x\ y`, "'x y'", "a,b", "[z-a]", "[[:nope:]]", "[[:digit:]a]", "*\\*", "[!]", "[]", "a*b*c", "[[:alpha:]*", "***", `\**`, `*\**`,
	} {
		l.write("L/" + pattern + " {\nmissingok\n}\n")
		var got, want []string
		out, _ := exec.Command(program, "-d", "-s", "/dev/null", "conf").CombinedOutput() // what it says counts
		for _, m := range regexp.MustCompile(`(?m)^considering log .*/l/(.*)$`).FindAllStringSubmatch(string(out), -1) {
			if _, err := os.Lstat("l/" + m[1]); err == nil { // it considers what matches nothing, too
				want = append(want, m[1])
			}
		}
		config, err := Load("conf")
		if err != nil || len(config.Policies) != 1 {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		text := strings.TrimPrefix(config.Policies[0].Paths[0].Text, l.dir+"/l/")
		for _, e := range entries {
			if matches(text, e.Name()) {
				got = append(got, e.Name())
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s, here %s: matches %q, not %q", pattern, text, got, want)
		}
	}
}

// peer returns logrotate.
func peer(t *testing.T) string {
	t.Helper()
	program := cmp.Or(os.Getenv("LOGROTATE"), "logrotate")
	host.Needs(t, program)
	return program
}

// ask asks logrotate what it makes of conf, in the words of load.
func (l *language) ask(program string) string {
	l.t.Helper()
	out, err := exec.Command(program, "-d", "-s", "/dev/null", "conf").CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		l.t.Fatal(err)
	}
	text := string(out)
	var said []string
	others := false // errors that have nothing to do with the reading
	for line := range strings.SplitSeq(text, "\n") {
		if !ofReading.MatchString(line) || ofLogs.MatchString(line) {
			others = others || strings.HasPrefix(line, "error:")
			continue
		}
		if strings.Contains(line, " unknown option ") { // an error in 3.21, which fails no more than here
			line = strings.Replace(line, "error:", "warning:", 1)
		}
		said = append(said, strings.Replace(line, " , skipping", ", skipping", 1))
	}
	var rules []string
	for _, block := range strings.Split(text, "\nrotating pattern: ")[1:] {
		if m := ofRules.FindStringSubmatch(block); m != nil {
			rules = append(rules, short.Replace(m[1]))
		}
	}
	if others {
		return l.tell(said, rules, false) + unsure
	}
	return l.tell(said, rules, err != nil)
}

// unsure is what ask says if it cannot know whether the reading failed.
const unsure = "\texit 0 or 1\n"

var (
	ofReading = regexp.MustCompile(`^(error|warning): (found error in|cannot stat|Ignoring|Potentially|[^ :]*:)`)
	ofLogs    = regexp.MustCompile(`duplicate log entry|error verifying olddir|error: stat of`)
	ofRules   = regexp.MustCompile(`(?s) ((?:\d+ bytes|hourly|after 1 days|weekly|monthly|yearly) .*?)(?: after \d+ days)?(?:\n|$)`)
	short     = strings.NewReplacer(
		"after 1 days ", "daily ", "empty log files are rotated, ", "", "empty log files are not rotated, ", "notifempty ",
		"only log files >= ", "minsize ", " bytes are rotated, ", " ", "log files >= ", "maxsize ", " are rotated earlier, ", " ",
		"only log files older than ", "minage ", " days are rotated, ", " ", "old logs mailed to ", "mail ", "olddir is ", "olddir ", ",", "",
		"old logs are kept forever", "rotate -1", "(unlimited rotations), old logs are removed", "rotate -1",
		"(no old logs will be kept)", "rotate 0", "no old logs will be kept", "rotate 0", "(", "rotate ", " rotations), old logs are removed", "", " rotations)", "",
	)
)

// someText makes blocks of directives, most of them right, in which nothing
// makes logrotate lose its way, or its count of lines: a brace begins its line, an
// argument is there, paths are on one line.
func someText(random *rand.Rand) string {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	line := func() string {
		number := pick("0", "1", "7", "+3", "0x1f", "010", "x", "3 4", "-1", "5k", `"1"`, "= 4", "=9", "12345678")
		size := pick("0", "10", "5k", "2M", "1G", "x", "3T", "k", "= 4k", "1 k", "")
		return pick(
			"daily", "weekly", "weekly 3", "monthly", "yearly", "hourly", "compress", "nocompress", "missingok", "notifempty", "ifempty", "copy", "copytruncate",
			"dateext", "sharedscripts", "delaycompress", "nomail", "shred", "mailfirst", "nonsense", "Daily", "daily missingok", "compress hourly # two",
			"rotate "+number, "start "+number, "maxage "+pick("1", "7", "0x10"), "minage "+pick("1", "7"), "shredcycles "+number,
			"size "+size, "minsize "+size, "maxsize "+size, "create", "create 0640", "create 640 root adm", "create root "+pick("adm", "none"), "create 9 root adm",
			"mail "+pick("me", "a@b", "a b"), "olddir "+pick("/tmp", "..", "."), "noolddir", "dateformat "+pick("-%Y", "", "x"), "extension "+pick(".log", "log"),
			"su root "+pick("adm", "none"), "compresscmd "+pick("xz", "/bin/xz", "a b"), "compressoptions -9", "compressext .x", "# comment", "", "  # }", "\t",
			"postrotate\n  }\n  echo {\nendscript", "prerotate echo\nendscript", "lastaction\n# x\n\tendscript rotate 2", "errors", "daily5", "5", "?",
			"include part", "include none", "include inc/ok",
		)
	}
	var b strings.Builder
	for _, log := range []string{"L/a.log", `"L/x y" L/b`, "L/7 L/-", "L/b.lo[g]"} {
		for range random.IntN(3) {
			b.WriteString(pick("", "", " ", "\t") + line() + "\n")
		}
		b.WriteString(log + pick(" {", "{", " { daily") + "\n")
		for range random.IntN(6) {
			fmt.Fprintln(&b, "    "+line())
		}
		b.WriteString("missingok\n}" + pick("", "", "", " ", " x", " # y") + "\n")
	}
	return b.String()
}
