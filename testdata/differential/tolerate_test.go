package differential

import (
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A tolerance makes the sights of logrotate and of rotate alike where
// docs/compat.md says that they differ, and only there. It reports whether it
// had anything to do.
type tolerance struct {
	id       string // D and the number of the row; or since which version logrotate does as rotate does
	name     string
	harmless bool // what is on disk is the same, so that the runs go on
	apply    func(pair) bool
}

// A pair is what a run of each program left of the same world.
type pair struct {
	trial        trial
	now          time.Time
	state        map[string]string // before the run
	theirs, ours *sight
}

func tolerances() []tolerance {
	return []tolerance{
		{"D18", "renamecopy", false, renamed},
		{"D13", "prerotate that failed", false, retried},
		{"D25", "rights of a group that su cannot give", false, groupless},
		{"D16", "the state of missing logs", false, unseen},
		{"3.22", "maxage counts whole days", false, wholeDays},
		{"D5", "retention of logs that are not due", false, retention},
		{"D11", "the order among logs", true, order},
		{"3.22", "no blank behind $1 of shared scripts", true, blank},
		{"D21", "the names of what is too old", true, numbers},
		{"D33", "mailfirst and maxage", true, again},
		{"D14", "preremove of what was compressed", true, compressed},
		{"D15", "createolddir where nothing is due", false, olddirs},
		{"D16", "missing logs that have archives", true, gone},
		{"D20", "postrotate that failed", false, retold},
		{"D22", "the state of a log that is gone for a year", false, remembered},
	}
}

// tolerate applies all tolerances and counts those that did something. It
// reports whether what is on disk differs from now on.
func (b *bench) tolerate(p pair) (differs bool) {
	for i, rule := range tolerances() {
		if rule.apply(p) {
			b.counts[i].Add(1)
			differs = differs || !rule.harmless
		}
	}
	return differs
}

// touched says in how many runs each tolerance did something.
func (b *bench) touched() string {
	var all []string
	for i, rule := range tolerances() {
		all = append(all, fmt.Sprintf("%s (%s): %d", rule.id, rule.name, b.counts[i].Load()))
	}
	return strings.Join(all, ", ")
}

type counts [16]atomic.Int64

// retention removes archives from logrotate's tree that rotate removed because
// of their number or age, of logs that logrotate did not turn. A mail of them
// and a preremove go with them.
func retention(p pair) (done bool) {
	for _, name := range slices.Sorted(maps.Keys(p.theirs.tree)) {
		_, kept := p.ours.tree[name]
		if kept || p.packed(name) || !p.theirs.tree[name].mode.IsRegular() || !p.idle(name) {
			continue
		}
		done = true
		delete(p.theirs.tree, name)
		p.ours.mails = slices.DeleteFunc(p.ours.mails, func(m string) bool { return strings.Contains(m, "<DIR/"+name) })
		for kind, args := range p.ours.scripts {
			if strings.HasSuffix(kind, "-preremove") {
				args = slices.DeleteFunc(args, func(a string) bool { return strings.HasPrefix(a, "1 <DIR/"+name+">") })
				if p.ours.scripts[kind] = args; len(args) == 0 {
					delete(p.ours.scripts, kind)
				}
			}
		}
	}
	return done
}

// packed reports whether rotate compressed a file that logrotate did not.
func (p pair) packed(name string) bool {
	for n := range p.ours.tree {
		if _, both := p.theirs.tree[n]; !both && strings.HasPrefix(n, name+".") {
			return true
		}
	}
	return false
}

var turns = regexp.MustCompile(`(?m)^rotating log DIR/(.*), log->rotateCount is`)

// idle reports whether name is an archive of no log that logrotate turned.
func (p pair) idle(name string) bool {
	for _, m := range turns.FindAllStringSubmatch(p.theirs.said, -1) {
		stem := path.Base(m[1])
		if strings.Contains(p.trial.text(), "extension") {
			stem = strings.TrimSuffix(stem, path.Ext(stem))
		}
		home := path.Dir(m[1])
		archive := "log/archive" + strings.Repeat("+", strings.Count(home+"/", "/n/")) // see maker.method
		near := slices.Contains([]string{home, home + "/old", home + "/deep/er", archive}, path.Dir(name))
		if name == m[1] || near && strings.HasPrefix(path.Base(name), stem) {
			return false
		}
	}
	return true
}

// order sorts what scripts recorded.
func order(p pair) (done bool) {
	for kind, theirs := range p.theirs.scripts {
		ours := p.ours.scripts[kind]
		if slices.Equal(theirs, ours) {
			continue
		}
		slices.Sort(theirs)
		slices.Sort(ours)
		done = done || slices.Equal(theirs, ours)
	}
	return done
}

// blank removes the blank behind the paths that scripts get which run once for
// all logs. With it there is no such file.
func blank(p pair) (done bool) {
	for kind, theirs := range p.theirs.scripts {
		for i, a := range theirs {
			if with := behind.FindStringSubmatch(a); with != nil && len(p.ours.scripts[kind]) > i {
				if ours := p.ours.scripts[kind][i]; strings.HasPrefix(ours, with[1]+"> ") {
					theirs[i], done = ours, true
				}
			}
		}
	}
	return done
}

var behind = regexp.MustCompile(`(?s)^(1 <.*\S)\s+> no <> no$`)

// retried forgets that logrotate counts a log as turned that could not be.
func retried(p pair) (done bool) {
	if p.theirs.exit != 1 || p.ours.exit != 1 {
		return false
	}
	for log, at := range p.theirs.state {
		if ours := p.ours.state[log]; at == "now" && ours == p.state[log] && ours != at {
			done = true
			if p.theirs.state[log] = ours; ours == "" {
				delete(p.theirs.state, log)
			}
		}
	}
	if !refused.MatchString(p.theirs.said) {
		return done
	}
	// It has moved the archives up by then.
	return p.adopt() || done
}

// adopt takes rotate's tree for logrotate's, if rotate has all files of that,
// whatever they are called and however they are packed.
func (p pair) adopt() bool {
	ours := contents(p.ours)
	for _, f := range contents(p.theirs) {
		i, found := slices.BinarySearch(ours, f)
		if !found {
			return false
		}
		ours = slices.Delete(ours, i, i+1)
	}
	p.theirs.tree = maps.Clone(p.ours.tree)
	return true
}

var refused = regexp.MustCompile(`(?m)^error: error running (shared|non-shared) prerotate script`)

// contents are the files of a tree, whatever they are called.
func contents(s *sight) (all []string) {
	for _, f := range s.tree {
		f.packed = ""
		all = append(all, f.String())
	}
	slices.Sort(all)
	return all
}

// compressed drops what preremove recorded of plain files that went because
// they were compressed, or of those that were compressed to be removed.
func compressed(p pair) (done bool) {
	if !strings.Contains(p.trial.text(), "compress") {
		return false
	}
	for kind, args := range p.theirs.scripts {
		if !strings.HasSuffix(kind, "-preremove") {
			continue
		}
		packed := func(a string) bool {
			return slices.Contains([]string{".gz", ".bz2", ".xz", ".zst", ".Z", ".z"}, path.Ext(removed(a)))
		}
		for i, a := range args { // what rotate did not compress, as it went at once
			plain := func(b string) bool { return removed(b) == strings.TrimSuffix(removed(a), path.Ext(removed(a))) }
			if j := slices.IndexFunc(p.ours.scripts[kind], plain); packed(a) && j >= 0 && !slices.ContainsFunc(args, plain) {
				args[i], done = p.ours.scripts[kind][j], true
			}
		}
		args = slices.DeleteFunc(args, func(a string) bool {
			if slices.Contains(p.ours.scripts[kind], a) {
				return false
			}
			also := func(b string) bool { return strings.TrimSuffix(removed(a), path.Ext(removed(a))) == removed(b) }
			drop := !packed(a) || slices.ContainsFunc(p.ours.scripts[kind], also)
			done = done || drop
			return drop
		})
		if p.theirs.scripts[kind] = args; len(args) == 0 {
			delete(p.theirs.scripts, kind)
		}
	}
	return done
}

// removed is the name in what preremove recorded.
func removed(args string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(args, "1 <"), ">")
	return name
}

// olddirs removes empty folders from logrotate's tree that a createolddir made.
func olddirs(p pair) (done bool) {
	if !strings.Contains(p.trial.text(), "createolddir") {
		return false
	}
	for name, f := range p.theirs.tree {
		if _, both := p.ours.tree[name]; both || !f.mode.IsDir() {
			continue
		}
		empty := true
		for other, o := range p.theirs.tree {
			empty = empty && (o.mode.IsDir() || !strings.HasPrefix(other, name+"/"))
		}
		if empty {
			delete(p.theirs.tree, name)
			done = true
		}
	}
	return done
}

// unseen removes the state of logs that are not there.
func unseen(p pair) (done bool) {
	for log, at := range p.theirs.state {
		_, known := p.ours.state[log]
		if f, there := p.theirs.tree[strings.TrimPrefix(log, "DIR/")]; at == "now" && !known && (!there || !f.mode.IsRegular()) {
			delete(p.theirs.state, log)
			done = true
		}
	}
	return done
}

var missed = regexp.MustCompile(`(?m)^error: (.*)$`)

// retold stops where a postrotate failed: the next run of rotate tells again.
// Until then it leaves the log's archives alone, as logrotate does.
func retold(p pair) bool {
	if p.theirs.exit != 1 || p.ours.exit != 1 || !failing.MatchString(p.theirs.said) {
		return false
	}
	p.adopt() // logrotate has removed what is too old, and compressed what was delayed
	return true
}

var failing = regexp.MustCompile(`(?m)^error: error running (shared|non-shared) postrotate script`)

// remembered forgets the logs that logrotate says it forgets.
func remembered(p pair) (done bool) {
	for _, m := range forgotten.FindAllStringSubmatch(p.theirs.said, -1) {
		if _, kept := p.ours.state[m[1]]; kept {
			delete(p.ours.state, m[1])
			done = true
		}
	}
	return done
}

var forgotten = regexp.MustCompile(`(?m)^Removing (DIR/.*) from state file, because it does not exist`)

// groupless gives logrotate's files of policies with su the rights that rotate
// leaves the group.
func groupless(p pair) (done bool) {
	if !strings.Contains(p.trial.text(), "\tsu ") {
		return false
	}
	for name, theirs := range p.theirs.tree {
		if ours := p.ours.tree[name]; theirs.mode.IsRegular() && theirs.mode&^0o070 == ours.mode {
			done = done || theirs.mode != ours.mode
			theirs.mode = ours.mode
			p.theirs.tree[name] = theirs
		}
	}
	return done
}

// numbers leaves out the numbers of archives that went by maxage: logrotate
// removes before it moves numbers up, rotate afterwards.
func numbers(p pair) (done bool) {
	if !maxage.MatchString(p.trial.text()) {
		return false
	}
	general := func(all []string) {
		for i, m := range all {
			subject, rest, _ := strings.Cut(m, "\n")
			all[i] = number.ReplaceAllString(subject, ".N") + "\n" + rest
		}
		slices.Sort(all)
	}
	if !slices.Equal(p.theirs.mails, p.ours.mails) {
		done = true
		general(p.theirs.mails)
		general(p.ours.mails)
	}
	for kind, theirs := range p.theirs.scripts {
		if ours := p.ours.scripts[kind]; strings.HasSuffix(kind, "-preremove") && !slices.Equal(theirs, ours) {
			done = true
			general(theirs)
			general(ours)
			p.theirs.scripts[kind] = slices.Compact(theirs)
			if len(ours) > 0 {
				p.ours.scripts[kind] = slices.Compact(ours)
			}
		}
	}
	return done
}

var number = regexp.MustCompile(`\.\d+\b`)

// gone forgives that a log is missing of which there are archives.
func gone(p pair) bool {
	if p.theirs.exit != 1 || p.ours.exit != 0 {
		return false
	}
	for _, m := range missed.FindAllStringSubmatch(p.theirs.said, -1) {
		if !strings.HasPrefix(m[1], "stat of DIR/") || !strings.HasSuffix(m[1], "failed: No such file or directory") {
			return false
		}
	}
	p.ours.exit = 1
	return true
}

// renamed gives archives of renamecopy the age and the names of the log, and
// lets them be there when postrotate runs.
func renamed(p pair) (done bool) {
	if !strings.Contains(p.trial.text(), "renamecopy") {
		return false
	}
	for name, theirs := range p.theirs.tree {
		if ours := p.ours.tree[name]; theirs.written == "now" && ours.written != "now" && ours.written != "" || ours.links > theirs.links {
			theirs.written, theirs.links = ours.written, ours.links
			p.theirs.tree[name] = theirs
			done = true
		}
	}
	for kind, args := range p.theirs.scripts {
		if !strings.HasSuffix(kind, "-postrotate") {
			continue
		}
		for i, a := range args {
			there := strings.TrimSuffix(a, " no") + " there"
			if strings.HasPrefix(a, "2 ") && there != a+" there" && slices.Contains(p.ours.scripts[kind], there) {
				args[i] = there
				done = true
			}
		}
	}
	return done
}

var maxage = regexp.MustCompile(`(?m)^\s*maxage[ \t=]+(\d+)`)

// wholeDays removes archives from our tree that are older than maxage by less
// than a day, and all that was said of archives that went.
func wholeDays(p pair) (done bool) {
	for _, m := range maxage.FindAllStringSubmatch(p.trial.text(), -1) {
		days, _ := strconv.Atoi(m[1]) // the pattern matched
		for name, f := range p.ours.tree {
			at, err := time.Parse(time.DateTime, f.written)
			if _, both := p.theirs.tree[name]; both || err != nil || int(p.now.Sub(at)/day) != days {
				continue
			}
			delete(p.ours.tree, name)
			done = true
		}
	}
	if !done {
		return false
	}
	for _, s := range []*sight{p.theirs, p.ours} {
		s.mails = nil
		maps.DeleteFunc(s.scripts, func(kind string, _ []string) bool { return strings.HasSuffix(kind, "-preremove") })
	}
	return true
}

// again drops logrotate's mails of what was too old, where mailfirst mailed it
// when it was made.
func again(p pair) (done bool) {
	if !strings.Contains(p.trial.text(), "mailfirst") || !maxage.MatchString(p.trial.text()) {
		return false
	}
	ours := slices.Clone(p.ours.mails)
	p.theirs.mails = slices.DeleteFunc(p.theirs.mails, func(m string) bool {
		i := slices.Index(ours, m)
		if i >= 0 {
			ours = slices.Delete(ours, i, i+1)
		}
		done = done || i < 0
		return i < 0
	})
	return done
}

// text is the configuration with all that it includes.
func (t trial) text() string {
	text := t.conf
	for _, e := range t.tree {
		if more, err := strconv.Unquote(e.arg); e.kind == "junk" && err == nil {
			text += more
		}
	}
	return text
}

// logs are the logs of a trial, as far as its tree and its state know them.
func (t trial) logs() (all []string) {
	for _, s := range t.state {
		all = append(all, s.path)
	}
	for _, e := range t.tree {
		if e.kind == "file" && strings.HasSuffix(e.path, "log") && !archived.MatchString(e.path) {
			all = append(all, e.path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestTolerancesAreListed fails for a tolerance without a row in the page that
// tells administrators what is different.
func TestTolerancesAreListed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range tolerances() {
		if row := "\n| " + rule.id + " |"; strings.HasPrefix(rule.id, "D") && !strings.Contains(string(page), row) {
			t.Errorf("%s (%s) has no row in docs/compat.md", rule.id, rule.name)
		}
	}
}
