package differential

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// month is how often each program runs.
const month = 30

// TestContinue has one program go on for a month where the other stopped after
// a month. What they leave, the state included, is what either alone leaves.
func TestContinue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, conf := range map[string]string{
		"numbered": `
DIR/log/*.log {
	daily
	rotate 7
	compress
	delaycompress
	create 0640 root adm
	sharedscripts
	postrotate
		echo "post $1" >>"$REC"/scripts
	endscript
}
`,
		"dated": `
compress
DIR/log/*.log {
	weekly
	rotate 4
	dateext
	dateformat .%Y-%m-%d
	extension .log
	missingok
	notifempty
	nocreate
}
`,
		"by size": `
DIR/log/a.log {
	size 300
	rotate 5
	copytruncate
}
DIR/log/b.log {
	monthly
	maxsize 1k
	rotate 2
	olddir old
	createolddir 0755
	mail root
	start 0
	compress
}
`,
		"by age": `
DIR/log/*.log {
	daily
	rotate -1
	maxage 9
	dateext
	dateyesterday
	compress
	compresscmd /usr/bin/xz
	compressext .xz
}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for !b.continues(t, conf) {
				t.Log("an hour passed: again")
			}
		})
	}
}

// continues reports false where the clock's hour changed on the way.
func (b *bench) continues(t *testing.T, conf string) bool {
	now := time.Now().UTC().Truncate(time.Second)
	formats := formats(conf)
	sights := map[string]*sight{}
	for _, turns := range [][2]program{{b.theirs, b.theirs}, {b.theirs, b.ours}, {b.ours, b.theirs}, {b.ours, b.ours}} {
		dir := filepath.Join(b.dir, "month"+strconv.FormatInt(b.made.Add(1), 10))
		defer os.RemoveAll(dir)
		trial := trial{conf: conf, tree: []entry{
			{kind: "file", mode: 0o640, path: "log/a.log", arg: "2", age: time.Hour},
			{kind: "file", mode: 0o644, path: "log/b.log", arg: "2", age: time.Hour},
		}}
		w, err := trial.make(dir, now)
		if err != nil {
			t.Fatal(err)
		}
		s := b.months(t, w, turns, formats)
		if time.Now().UTC().Hour() != now.Hour() {
			return false
		}
		sights[turns[0].name+" "+turns[1].name] = s
		if len(sights) == 1 {
			continue
		}
		alone := sights[b.theirs.name+" "+b.theirs.name]
		for _, d := range differ(alone, s) {
			t.Errorf("%s, then %s: %s", turns[0].name, turns[1].name, d)
		}
	}
	return true
}

// months has the programs run, one after the other, a month of times each.
//
// Two days pass each time, for an odd maxage is then past at the same run
// whether a day that has begun counts (as of logrotate 3.22) or not.
func (b *bench) months(t *testing.T, w *world, turns [2]program, formats []format) *sight {
	var s *sight
	mails := []string{}
	for today := range 2 * month {
		if err := w.pass(2*day, formats); err != nil {
			t.Fatal(err)
		}
		if err := w.write(today, 1+today%4); err != nil {
			t.Fatal(err)
		}
		exit, said, err := turns[today/month].run(w, run{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if exit != 0 {
			t.Fatalf("day %d: exit code %d\n%s", today, exit, said)
		}
		if s, err = w.look(exit, said); err != nil {
			t.Fatal(err)
		}
		mails = append(mails, s.mails...)
	}
	s.mails = mails
	return s
}
