package differential

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A style is what the directives of a block come to, as far as the names and
// ages of its archives follow from them.
type style struct {
	directives []string

	rotate       int
	period       time.Duration
	dateext      bool
	format       string
	ago          time.Duration // how much older than the turn the dates are
	start        int
	extension    string
	addextension string
	olddir       string
	made         bool // olddir by a createolddir
	compress     bool
	delay        bool
	kind, ext    string // of compressed archives
	su           int
}

// say adds a directive.
func (s *style) say(format string, args ...any) {
	s.directives = append(s.directives, "\t"+fmt.Sprintf(format, args...)+"\n")
}

// has reports whether there is a directive that begins so.
func (s *style) has(word string) bool {
	return slices.ContainsFunc(s.directives, func(d string) bool { return strings.HasPrefix(d, "\t"+word) })
}

// drop removes the directives that begin so.
func (s *style) drop(word string) {
	s.directives = slices.DeleteFunc(s.directives, func(d string) bool { return strings.HasPrefix(d, "\t"+word) })
}

// reads reports whether a log or an archive is read, not only renamed.
func (s *style) reads() bool {
	return s.compress || s.has("copy") || s.has("mail ") || s.has("shred") || s.has("renamecopy")
}

// style makes the directives of block i.
func (m *maker) style(i int) style {
	s := style{rotate: pick(m, 0, 0, 1, 2, 3, 3, 4, 7, 12, -1), period: day, start: 1, kind: "gzip", ext: ".gz"}
	for _, part := range []func(*style){m.when, m.keep, m.method, m.names, m.packing, m.leaving} {
		if !m.once(8) {
			part(&s)
		}
	}
	s.say("rotate %d", s.rotate)
	m.Shuffle(len(s.directives), func(i, j int) {
		if !timed(s.directives[i]) && !timed(s.directives[j]) {
			s.directives[i], s.directives[j] = s.directives[j], s.directives[i]
		}
	})
	if s.rotate < 0 && s.start == 0 && !m.wild { // D32
		s.start = 1
		s.drop("start")
	}
	if s.rotate == 0 && !m.wild {
		s.drop("copy") // D23
		if s.has("mail ") {
			s.drop("delaycompress") // D34
		}
	}
	m.scripts(&s, i)
	if m.once(10) {
		for j, d := range s.directives {
			if f := strings.Fields(d); len(f) == 2 && (f[0] != "weekly" && f[0] != "compressoptions" || m.wild) { // D35; D17: an = would be part of the day
				s.directives[j] = "\t" + f[0] + pick(m, "=", " = ", "\t", "   ") + f[1] + "\n"
			}
		}
	}
	return s
}

// timed reports whether the order among such directives counts.
func timed(directive string) bool {
	for _, word := range []string{"hourly", "daily", "weekly", "monthly", "yearly", "size "} {
		if strings.Contains(directive, word) {
			return true
		}
	}
	return strings.Contains(directive, "copy") || strings.Contains(directive, "no")
}

// when makes the directives that say when a log is due.
func (m *maker) when(s *style) {
	words := []string{"hourly", "daily", "daily", "daily", "weekly", "weekly", "weekly 1", "weekly 3", "weekly 6", "weekly 7", "monthly", "yearly", "", ""}
	word := pick(m, words...)
	if word != "" {
		s.say("%s", word)
	}
	switch {
	case strings.HasPrefix(word, "weekly"):
		s.period = 7 * day
	case word == "monthly":
		s.period = 31 * day
	case word == "yearly":
		s.period = 366 * day
	case word == "hourly":
		s.period = time.Hour
	}
	switch m.IntN(8) {
	case 0:
		s.say("size %s", pick(m, "1", "10", "100", "1k", "2k", "1M"))
	case 1:
		s.say("minsize %s", pick(m, "1", "100", "1k"))
	case 2:
		s.say("maxsize %s", pick(m, "1", "100", "1k", "5k"))
	}
	switch m.IntN(4) {
	case 0:
		s.say("notifempty")
	case 1:
		s.say("ifempty")
	}
	if m.once(10) {
		s.say("minage %d", pick(m, 0, 1, 3, 10))
	}
	if m.once(2) {
		s.say("missingok")
	}
}

// keep makes the directives that say how long archives are kept.
func (m *maker) keep(s *style) {
	if m.once(10) {
		s.say("maxage %d", pick(m, 1, 3, 7, 30, 100))
	}
	if m.once(40) {
		s.say("shred")
		if m.once(2) {
			s.say("shredcycles %d", pick(m, 1, 2))
		}
	}
}

// method makes the directives that say how a log is turned.
func (m *maker) method(s *style) {
	if m.once(15) {
		s.su = 65534
		s.say("su nobody nogroup")
	}
	switch m.IntN(6) {
	case 0:
		s.say("copytruncate")
	case 1:
		s.say("copy")
	case 2:
		s.say("%s", pick(m, "renamecopy", "nocopytruncate", "nocopy"))
	}
	switch m.IntN(4) {
	case 0:
		s.say("create")
	case 1:
		s.say("create %s", pick(m, "0640", "0600 root adm", "0644 nobody nogroup", "644", "root root", "0660 33 33"))
	case 2:
		s.say("nocreate")
	}
	if m.once(8) {
		s.olddir = pick(m, "old", "deep/er", "DIR/log/archive"+strings.Repeat("+", m.block))
		s.say("olddir %s", s.olddir)
		switch {
		case s.su == 0 && m.once(2):
			s.say("createolddir%s", pick(m, " 0755", " 0750", " 0700 nobody nogroup", " 755 root adm"))
		case s.su != 0 && s.olddir[0] != 'D' && m.once(2): // D15: where who su names may not
			s.say("createolddir%s", pick(m, " 0755", " 0750", " 0700 nobody nogroup")) // D25: another's
		}
	}
	if m.once(25) {
		s.say("allowhardlink")
	}
}

// names makes the directives that say what archives are called.
func (m *maker) names(s *style) {
	switch m.IntN(5) {
	case 0:
		s.extension = pick(m, ".log", ".log", ".foo")
		s.say("extension %s", s.extension)
	case 1:
		if m.once(2) {
			s.addextension = pick(m, ".log", ".bak", ".old.txt")
			s.say("addextension %s", s.addextension)
		}
	}
	if m.once(8) {
		s.start = pick(m, 0, 0, 1, 2, 5, 9)
		s.say("start %d", s.start)
	}
	if !m.once(3) {
		return
	}
	s.dateext, s.format = true, "-%Y%m%d"
	if s.period < day {
		s.format += "%H"
	}
	s.say("dateext")
	switch kind := m.IntN(8); {
	case kind == 0:
		s.ago, s.period = day, max(s.period, day) // whatever hour it is, the name has noon
		s.say("dateyesterday")
	case kind == 1:
		s.ago = time.Hour
		s.say("datehourago")
	}
	if m.once(3) {
		formats := []string{"-%Y%m%d%H", "-%Y%m%d-%H%M%S", "-%s"} // D4: others would be taken
		if s.period >= day {
			formats = append(formats, ".%Y-%m-%d", "-%Y%m%d", "_%Y_%m_%d", "-%Y%m%d.log")
		}
		if s.period >= 7*day {
			formats = append(formats, "-%Y-%V")
		}
		if s.period >= 31*day {
			formats = append(formats, ".%Y%m")
		}
		s.format = pick(m, formats...)
		s.say("dateformat %s", s.format)
	}
}

// packing makes the directives that say how archives are compressed.
func (m *maker) packing(s *style) {
	if m.once(3) {
		if m.once(4) {
			s.say("nocompress")
		}
		return
	}
	s.compress = true
	s.say("compress")
	if m.once(3) {
		s.delay = true
		s.say("delaycompress")
	}
	switch m.IntN(10) {
	case 0:
		s.kind = pick(m, "bzip2", "xz", "zstd")
		s.ext = map[string]string{"bzip2": ".bz2", "xz": ".xz", "zstd": ".zst"}[s.kind]
		s.say("compresscmd /usr/bin/%s", s.kind)
		s.say("compressext %s", s.ext)
		s.say("uncompresscmd /usr/bin/un%s", s.kind)
		if s.kind == "bzip2" {
			s.directives[len(s.directives)-1] = "\tuncompresscmd /usr/bin/bunzip2\n"
		}
	case 1:
		s.say("compressoptions %s", pick(m, "-9", "-1", "-n -9"))
	case 2:
		s.ext = pick(m, ".gz", ".Z", ".z")
		s.say("compressext %s", s.ext)
	}
}

// leaving makes the directives that say what becomes of archives that go.
func (m *maker) leaving(s *style) {
	if !m.once(6) {
		return
	}
	s.say("mail %s", pick(m, "root", "ops@example.org"))
	switch m.IntN(3) {
	case 0:
		s.say("mailfirst")
	case 1:
		s.say("maillast")
	}
	if m.once(10) {
		s.say("nomail")
	}
}

// scripts makes scripts that record how they are called, and fail at times.
func (m *maker) scripts(s *style, i int) {
	if m.once(4) {
		s.say("sharedscripts")
		s.say("missingok") // D24
	}
	for _, kind := range []string{"firstaction", "prerotate", "postrotate", "lastaction", "preremove"} {
		n := 6
		if kind == "postrotate" {
			n = 2
		}
		if !m.once(n) {
			continue
		}
		end := ""
		// D14: preremove runs at other times. D18: renamecopy is half done when
		// postrotate runs. D21: what is too old goes before prerotate.
		if m.once(20) && kind != "preremove" && !slices.Contains(s.directives, "\trenamecopy\n") && !slices.ContainsFunc(s.directives, maxage.MatchString) {
			end = pick(m, "\t\texit 3\n", "\t\tcase $1 in *app*) exit 1;; esac\n")
		}
		s.directives = append(s.directives, fmt.Sprintf(recordScript, kind, i, kind, end))
	}
}

const recordScript = `	%s
		x=no; y=no
		[ -e "$1" ] && x=there; [ -s "$1" ] && x=full; [ -e "$2" ] && y=there
		echo "%d-%s $# <$1> $x <$2> $y" >>"$REC"/scripts
%s	endscript
`
