package differential

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// strftime formats the fields that logrotate's dateformat has.
func strftime(layout string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 == len(layout) {
			b.WriteByte(layout[i])
			continue
		}
		i++
		switch layout[i] {
		case 'Y':
			b.WriteString(t.Format("2006"))
		case 'm':
			b.WriteString(t.Format("01"))
		case 'd':
			b.WriteString(t.Format("02"))
		case 'H':
			b.WriteString(t.Format("15"))
		case 'M':
			b.WriteString(t.Format("04"))
		case 'S':
			b.WriteString(t.Format("05"))
		case 'z':
			b.WriteString(t.Format("-0700"))
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'V':
			_, week := t.ISOWeek()
			fmt.Fprintf(&b, "%02d", week)
		}
	}
	return b.String()
}

// A format is a dateformat of a configuration, and how to find it in names.
type format struct {
	layout string
	re     *regexp.Regexp
	fields string // one letter each
}

var dateformats = regexp.MustCompile(`(?m)^\s*dateformat[ \t=]+(\S+)`)

// formats are those in use in a configuration, the longest first.
func formats(conf string) (all []format) {
	var layouts []string
	for _, m := range dateformats.FindAllStringSubmatch(conf, -1) {
		layouts = append(layouts, m[1])
	}
	slices.SortFunc(layouts, func(a, b string) int { return len(b) - len(a) })
	layouts = append(layouts, "-%Y%m%d%H", "-%Y%m%d") // where there is no dateformat
	for _, layout := range slices.Compact(layouts) {
		f := format{layout: layout}
		re := ""
		for i := 0; i < len(layout); i++ {
			if layout[i] != '%' || i+1 == len(layout) {
				re += regexp.QuoteMeta(layout[i : i+1])
				continue
			}
			i++
			f.fields += layout[i : i+1]
			switch layout[i] {
			case 'Y':
				re += `(\d{4})`
			case 's':
				re += `(\d{10})`
			case 'z':
				re += `([+-]\d{4})`
			default:
				re += `(\d\d)`
			}
		}
		f.re = regexp.MustCompile(`(` + re + `)(?:\D|$)`)
		all = append(all, f)
	}
	return all
}

// shift finds the date in a name and makes it after older.
func (f format) shift(name string, after time.Duration, loc *time.Location) (string, time.Time, bool) {
	m := f.re.FindStringSubmatchIndex(name)
	if m == nil {
		return "", time.Time{}, false
	}
	year, month, dom, hour, minute, second := 2000, 1, 1, 0, 0, 0
	var at time.Time
	for i, field := range f.fields {
		n, _ := strconv.Atoi(name[m[2*i+4]:m[2*i+5]]) // digits, or a zone that counts for nothing
		switch field {
		case 'Y':
			year = n
		case 'm':
			month = n
		case 'd':
			dom = n
		case 'H':
			hour = n
		case 'M':
			minute = n
		case 'S':
			second = n
		case 's':
			at = time.Unix(int64(n), 0).In(loc)
		}
	}
	if at.IsZero() {
		at = time.Date(year, time.Month(month), dom, hour, minute, second, 0, loc)
	}
	if strftime(f.layout, at) != name[m[2]:m[3]] || at.After(time.Now().Add(2*day)) { // digits of another format
		return "", time.Time{}, false
	}
	before := at.Add(-after)
	if !strings.ContainsAny(f.fields, "Hs") {
		before = at.AddDate(0, 0, -int(after/day))
	}
	return name[:m[2]] + strftime(f.layout, before) + name[m[3]:], at, true
}

// redate moves the dates in names, the oldest first so that none is in the way.
func redate(paths []string, formats []format, after time.Duration, loc *time.Location) error {
	type move struct {
		from, to string
		at       time.Time
	}
	var moves []move
	for _, path := range paths {
		for _, f := range formats {
			if name, at, ok := f.shift(filepath.Base(path), after, loc); ok {
				moves = append(moves, move{path, filepath.Join(filepath.Dir(path), name), at})
				break
			}
		}
	}
	slices.SortStableFunc(moves, func(a, b move) int { return a.at.Compare(b.at) })
	for _, m := range moves {
		if err := os.Rename(m.from, m.to); err != nil {
			return err
		}
	}
	return nil
}
