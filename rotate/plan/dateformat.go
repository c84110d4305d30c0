package plan

import (
	"strconv"
	"strings"
	"time"
)

// dateFormat writes dates into names and reads them back. Each conversion has
// one width, so a text is read in one way only.
type dateFormat struct {
	items []dateItem
	width int
	// loc is set for formats that say which moment they mean by %s alone, and
	// zoned for those with %z. Other formats say what a wall clock shows, and
	// need no place.
	loc   *time.Location
	zoned bool
}

// dateItem is a conversion, or, with verb 0, a literal byte.
type dateItem struct {
	verb, literal byte
}

// newDateFormat compiles a format with the conversions of strftime(3) that
// dateWidths lists, and %%. Any other % stands for itself.
func newDateFormat(format string, loc *time.Location) dateFormat {
	var f dateFormat
	for i := 0; i < len(format); i++ {
		item := dateItem{literal: format[i]}
		if format[i] == '%' && i+1 < len(format) {
			switch verb := format[i+1]; {
			case verb == '%':
				i++
			case dateWidth(verb) > 0:
				i++
				item = dateItem{verb: verb}
			}
		}
		f.zoned = f.zoned || item.verb == 'z'
		if item.verb == 's' {
			f.loc = loc
		}
		f.items = append(f.items, item)
		f.width += max(1, dateWidth(item.verb))
	}
	return f
}

// dateWidth is the number of characters of a conversion, or 0 for what is none.
func dateWidth(verb byte) int {
	switch verb {
	case 'Y', 'G':
		return 4
	case 'y', 'g', 'm', 'd', 'H', 'M', 'S', 'V', 'U', 'W':
		return 2
	case 'j':
		return 3
	case 'u', 'w':
		return 1
	case 's':
		return 10 // 2001-09-09 to 2286; before that, with zeros in front
	case 'z':
		return 5
	}
	return 0
}

// literal is what every text begins with.
func (f *dateFormat) literal() string {
	var b strings.Builder
	for _, item := range f.items {
		if item.verb != 0 {
			break
		}
		b.WriteByte(item.literal)
	}
	return b.String()
}

// withZone is the date of a moment in Unix seconds with the offset, in seconds,
// that a text names. Dates are in the order of their moments.
func withZone(moment, offset int64) int64 { return moment<<zoneBits | (offset/60 + noZone) }

const (
	zoneBits = 14 // for minutes from -99:59 to +99:59
	noZone   = 1 << (zoneBits - 1)
)

// date converts a moment in the local zone to what f can say of it. What f does
// not say is the smallest possible.
func (f *dateFormat) date(t time.Time) int64 {
	date := int64(clockAt(t))
	switch {
	case f.zoned:
		_, offset := t.Zone()
		date = withZone(t.Unix(), int64(offset))
	case f.loc != nil:
		date = t.Unix()
	}
	if said, ok := f.parse(string(f.append(nil, date))); ok {
		return said
	}
	return date
}

// append appends the text of a date.
func (f *dateFormat) append(b []byte, date int64) []byte {
	t := clock(date).civil()
	switch {
	case f.zoned:
		offset := (date&(1<<zoneBits-1) - noZone) * 60
		t = time.Unix(date>>zoneBits, 0).In(time.FixedZone("", int(offset)))
	case f.loc != nil:
		t = t.In(f.loc)
	}
	for _, item := range f.items {
		switch item.verb {
		case 0:
			b = append(b, item.literal)
		case 'z':
			b = t.AppendFormat(b, "-0700")
		default:
			b = appendPadded(b, dateField(t, item.verb), dateWidth(item.verb))
		}
	}
	return b
}

// dateField returns the number that a conversion shows of t.
func dateField(t time.Time, verb byte) int64 {
	n := 0
	switch verb {
	case 'Y':
		n = t.Year()
	case 'y':
		n = t.Year() % 100
	case 'm':
		n = int(t.Month())
	case 'd':
		n = t.Day()
	case 'H':
		n = t.Hour()
	case 'M':
		n = t.Minute()
	case 'S':
		n = t.Second()
	case 'j':
		n = t.YearDay()
	case 'w':
		n = int(t.Weekday())
	case 'u':
		n = sinceMonday(t) + 1
	case 'U': // the days before the first Sunday are week 0
		n = (t.YearDay() + 6 - int(t.Weekday())) / 7
	case 'W': // the days before the first Monday are week 0
		n = (t.YearDay() + 6 - sinceMonday(t)) / 7
	case 'G':
		n, _ = t.ISOWeek()
	case 'g':
		n, _ = t.ISOWeek()
		n %= 100
	case 'V':
		_, n = t.ISOWeek()
	case 's':
		return t.Unix()
	}
	return int64(n)
}

func sinceMonday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

func appendPadded(b []byte, n int64, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], n, 10)
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}
