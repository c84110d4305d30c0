package differential

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A maker makes trials. Most avoid what the programs are known to do
// differently, so that they compare exactly; where they do, the number of the
// difference in docs/compat.md stands. The wild ones go there, and ask of rotate
// only that it keeps every line.
type maker struct {
	*rand.Rand
	t     trial
	wild  bool
	block int // the one that is made
}

// generate makes a trial; the same one for the same numbers.
func generate(seed, number uint64) trial {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, number))}
	if m.once(8) {
		m.wild, m.t.note = true, wild
	}
	var global, blocks []string
	n := pick(m, 1, 1, 1, 1, 2, 2, 3)
	for i := range n {
		b := m.newBlock(i)
		if n == 1 && m.once(4) {
			b.directives, global = m.lift(b.directives)
		}
		blocks = append(blocks, b.String())
	}
	m.t.conf = strings.Join(global, "") + m.include(blocks)
	m.runs()
	if m.once(4) {
		m.t.zone = m.zone(m.t.text())
	}
	return m.t
}

// zone picks a time zone other than UTC.
func (m *maker) zone(conf string) string {
	ago := pick(m, "1h", "2h", "5h", "23h", "25h", "26h", "8d")
	switch {
	case strings.Contains(conf, "dateyesterday"): // of made-up zones the C library guesses noon of another day
		return "Asia/Kolkata"
	case strings.Contains(conf, "weekly") && !m.wild: // D37
		return pick(m, "Asia/Kolkata", "-1h "+ago, "-1h "+ago)
	}
	return pick(m, "Asia/Kolkata", "Europe/Berlin", "America/New_York", "+1h "+ago, "-1h "+ago)
}

// once is true one time in n.
func (m *maker) once(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m *maker, all ...T) T { return all[m.IntN(len(all))] }

// lift makes some directives global.
func (m *maker) lift(all []string) (local, global []string) {
	for _, d := range all {
		if m.once(2) && !strings.Contains(d, "endscript") {
			global = append(global, d)
		} else {
			local = append(local, d)
		}
	}
	return local, global
}

// include moves blocks to files of their own, at times.
func (m *maker) include(blocks []string) string {
	if !m.once(10) {
		return strings.Join(blocks, pick(m, "", "\n", "# the next\n"))
	}
	text := ""
	if m.once(3) {
		text = pick(m, "tabooext + .no\n", "taboopat *.no\n", "tabooext + .x,.no\n", "taboopat + *.no,y*\n")
	}
	for i, b := range blocks {
		name := fmt.Sprintf("conf.d/%c%s", 'c'-i, pick(m, "", "", ".conf", ".no", ".dpkg-old", "~", ".bak"))
		m.add(entry{kind: "junk", mode: 0o644, path: name, arg: strconv.Quote(b)})
	}
	return text + "include DIR/conf.d\n"
}

func (m *maker) add(e entry) { m.t.tree = append(m.t.tree, e) }

// runs decides when the programs run.
func (m *maker) runs() {
	steady := strings.Contains(m.t.text(), "%V") // no way to move a week
	for i := range pick(m, 1, 1, 2, 2, 3, 4) {
		r := run{force: m.once(6), lines: pick(m, 0, 1, 3)}
		if i > 0 && !steady {
			r.after = pick(m, 0, time.Hour, 25*time.Hour, 25*time.Hour, 2*day+time.Hour, 7*day+time.Hour, 31*day+time.Hour, 100*day+time.Hour)
		}
		if dates := strings.Contains(m.t.text(), "dateext"); dates && i > 0 && r.after < day && !m.wild {
			r.force, r.after = false, max(r.after, 25*time.Hour) // D4: or names collide
			if steady {
				break
			}
		}
		m.t.runs = append(m.t.runs, r)
	}
}

// A block is what a configuration says about some logs.
type block struct {
	patterns   string
	directives []string
}

func (b block) String() string {
	return b.patterns + " {\n" + strings.Join(b.directives, "") + "}\n"
}

// newBlock makes block i with its logs and archives.
func (m *maker) newBlock(i int) block {
	m.block = i
	dir := pick(m, "log", "log", "log/sub", "log/with space") + strings.Repeat("/n", i)
	names := []string{"app.log", "b.log", "noext", "x.log.log", "with space.log", "ümlaut.log", "-dash.log", "app.1.log", "nginx-access.log", "a+b(c).log"}
	m.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:pick(m, 1, 1, 1, 2, 3)]
	s := m.style(i)
	if s.extension != "" || s.addextension != "" { // D7: it would be an archive of app.log
		names = slices.DeleteFunc(names, func(n string) bool { return n == "app.1.log" })
	}
	if len(names) == 0 {
		names = []string{"only.log"}
	}
	s.made = s.olddir != "" && s.has("createolddir") && (s.su == 0 || m.once(2))
	if s.olddir != "" && !s.made {
		m.add(entry{kind: "dir", mode: pick(m, os.FileMode(0o755), 0o755, 0o700), uid: s.su, gid: s.su, path: m.olddir(s, dir)})
	}
	if s.olddir != "" && s.su == 0 { // D17: without the folder of the logs the block is an error
		m.add(entry{kind: "dir", mode: 0o755, path: dir})
	}
	for _, name := range names {
		m.log(s, path.Join(dir, name))
	}
	if m.once(3) {
		m.stranger(dir, names)
	}
	if s.su != 0 {
		m.add(entry{kind: "dir", mode: 0o755, uid: s.su, gid: s.su, path: dir})
	} else if m.wild && m.once(4) { // D8
		m.add(entry{kind: "dir", mode: pick(m, os.FileMode(0o777), 0o775, 0o1777), path: dir})
	}
	return block{m.patterns(s, dir, names), s.directives}
}

func (m *maker) olddir(s style, dir string) string {
	if rest, ok := strings.CutPrefix(s.olddir, "DIR/"); ok {
		return rest
	}
	return path.Join(dir, s.olddir)
}

// patterns names the logs of a block.
func (m *maker) patterns(s style, dir string, names []string) string {
	quote := func(s string) string {
		if strings.ContainsAny(s, " ()") || m.once(5) {
			return `"` + s + `"`
		}
		return s
	}
	// D7: archives that are named as logs are turned as logs; few ask for that.
	again := s.olddir == "" && (s.extension == ".log" || s.addextension == ".log" || strings.HasSuffix(s.format, ".log"))
	star := !slices.ContainsFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".log") })
	if m.wild && m.once(4) { // D7
		return quote("DIR/" + dir + "/*")
	}
	if star && m.once(2) && (!again || m.wild) {
		return quote("DIR/" + dir + "/*.log")
	}
	var all []string
	for _, n := range names {
		all = append(all, quote("DIR/"+dir+"/"+n))
	}
	return strings.Join(all, pick(m, " ", "  ", "\n", "\t", "\n# more\n\t"))
}

// log makes a log, its archives and what the state says of it.
func (m *maker) log(s style, log string) {
	age := pick(m, time.Hour, 5*time.Hour, 25*time.Hour, 3*day+time.Hour, 9*day+time.Hour)
	e := entry{kind: "file", mode: m.mode(s), path: log, age: age, arg: strconv.Itoa(pick(m, 0, 1, 2, 2, 3, 50, 400))}
	e.uid, e.gid = m.owner(s)
	switch {
	case m.once(60):
		e.kind, e.arg = "sparse", "100000"
	case m.once(60):
		e.kind, e.arg = "link", "app.target"
	case m.once(80):
		e.kind, e.arg = "dir", ""
		e.mode |= 0o700
	}
	if !m.once(50) {
		m.add(e)
		if e.kind == "file" && m.once(40) && (!s.has("shred\n") || m.wild) { // D38
			m.add(entry{kind: "hard", mode: e.mode, uid: e.uid, gid: e.gid, age: age, path: log + ".other", arg: log})
		}
	}
	if !m.once(8) {
		m.t.state = append(m.t.state, turned{log, pick(m, 0, time.Hour, 2*time.Hour, 23*time.Hour, 25*time.Hour, 2*day, 6*day, 8*day, 32*day, long)})
	}
	if s.made && s.su != 0 { // D36: or their folder is root's
		return
	}
	n := pick(m, 0, 0, 1, 2, 3, s.rotate, s.rotate)
	if s.rotate >= 0 && !m.wild { // D5
		n = min(n, s.rotate)
	}
	for k := range n {
		if m.once(12) {
			continue // a gap
		}
		m.archive(s, log, k)
	}
}

func (m *maker) archive(s style, log string, k int) {
	age := time.Duration(k+1)*s.period + time.Hour + s.ago
	ext, kind := "", "file"
	packed := s.compress && (k > 0 || !s.delay)
	if m.wild && m.once(3) { // D6
		packed = !packed
	}
	if packed {
		ext, kind = s.ext, s.kind
	}
	e := entry{kind: kind, mode: m.mode(s), age: age, path: m.name(s, log, k, age) + ext, arg: strconv.Itoa(pick(m, 0, 1, 2, 3))}
	e.uid, e.gid = m.owner(s)
	m.add(e)
}

// name is what archive k is called, or near enough.
func (m *maker) name(s style, log string, k int, age time.Duration) string {
	dir, base := path.Split(log)
	if s.olddir != "" {
		dir = m.olddir(s, path.Dir(log))
	}
	end := ""
	if s.extension != "" && strings.HasSuffix(base, s.extension) {
		base, end = strings.TrimSuffix(base, s.extension), s.extension
	}
	if s.addextension != "" {
		base, end = strings.TrimSuffix(base, s.addextension), s.addextension
	}
	if s.dateext {
		return path.Join(dir, fmt.Sprintf("%s{%s|%s}%s", base, span(age), s.format, end))
	}
	return path.Join(dir, fmt.Sprintf("%s.%d%s", base, s.start+k, end))
}

// stranger makes a file that looks like an archive, but is none.
func (m *maker) stranger(dir string, names []string) {
	log := pick(m, names...)
	names = []string{".old", ".bak", "-2020", ".1.tmp", ".x", "-20201301x", ".1.gz.bak"}
	if m.wild { // D6, D26, D29
		names = []string{".gz", ".99", ".01", ".2.xz", ".1", ".1.gz", "{0d|-%Y%m%d}", "-20200230"}
	}
	name := log + pick(m, names...)
	m.add(entry{kind: "file", mode: 0o644, age: 40*day + time.Hour, path: path.Join(dir, name), arg: "2"})
}

func (m *maker) mode(s style) os.FileMode {
	mode := pick(m, os.FileMode(0o644), 0o644, 0o640, 0o600, 0o664, 0o444, 0o755)
	if s.su != 0 && s.reads() && !m.wild { // D36
		mode |= 0o200
	}
	return mode
}

func (m *maker) owner(s style) (uid, gid int) {
	if s.su != 0 && (s.reads() && !m.wild || !m.once(3)) { // D36
		return s.su, s.su
	}
	return pick(m, 0, 0, 33, 65534), pick(m, 0, 0, 4, 65534)
}
