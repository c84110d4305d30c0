package plan

import (
	"strconv"
	"time"
)

// parse reads a text that append wrote. A text that no date has, such as that
// of 30 February, is refused: the date that it returns has this very text.
func (f *dateFormat) parse(text string) (date int64, ok bool) {
	var said dateFields
	if len(text) != f.width || !said.read(f.items, text) {
		return 0, false
	}
	if date, ok := said.get('s'); ok {
		return date, f.shows(date, text)
	}
	try := func(first, days int64) bool {
		for day := first; day < first+days; day++ {
			date = day*daySeconds + said.seconds()
			if f.shows(date, text) {
				return true
			}
		}
		return false
	}
	first, days := said.days()
	if try(first, days) {
		return date, true
	}
	y, _ := said.year()
	return date, try(dayOf(y, time.January, 1), 366)
}

// shows reports whether text is the text of date.
func (f *dateFormat) shows(date int64, text string) bool {
	var buf [64]byte
	return string(f.append(buf[:0], date)) == text
}

// dateFields are the numbers in a text by their conversions, plus one; zero is
// not given.
type dateFields ['z' + 1]int64

func (d *dateFields) get(verb byte) (n int64, given bool) { return d[verb] - 1, d[verb] != 0 }

// or returns a number, or what it is where it is not given.
func (d *dateFields) or(verb byte, otherwise int64) int64 {
	if n, given := d.get(verb); given {
		return n
	}
	return otherwise
}

// read takes text apart, which is as long as the items are wide.
func (d *dateFields) read(items []dateItem, text string) bool {
	for _, item := range items {
		if item.verb == 0 {
			if text[0] != item.literal {
				return false
			}
			text = text[1:]
			continue
		}
		digits := text[:dateWidth(item.verb)]
		text = text[len(digits):]
		sign := int64(1)
		if item.verb == 'z' {
			if digits[0] == '-' {
				sign = -1
			} else if digits[0] != '+' {
				return false
			}
			digits = digits[1:]
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil {
			return false
		}
		if item.verb == 'z' {
			n = n/100*3600 + n%100*60
		}
		d[item.verb] = sign*int64(n) + 1
	}
	return true
}

// seconds is the time of the day, with the zone taken off.
func (d *dateFields) seconds() int64 {
	return d.or('H', 0)*3600 + d.or('M', 0)*60 + d.or('S', 0) - d.or('z', 0)
}

// year returns the calendar year, or else the year of the weeks (ISO 8601).
// Where no year is given it is a leap year, so that every day of a month has a
// place in it.
func (d *dateFields) year() (year int, iso bool) {
	century := func(n int64) int { // POSIX, strptime(3)
		if n < 69 {
			return int(n) + 2000
		}
		return int(n) + 1900
	}
	if n, given := d.get('Y'); given {
		return int(n), false
	}
	if n, given := d.get('y'); given {
		return century(n), false
	}
	if n, given := d.get('G'); given {
		return int(n), true
	}
	if n, given := d.get('g'); given {
		return century(n), true
	}
	return 1972, false
}

// days returns where the date is likely to be found: the first day to try, and
// how many.
func (d *dateFields) days() (first, count int64) {
	year, iso := d.year()
	first = dayOf(year, time.January, 1)
	if iso {
		fourth := first + 3 // 4 January is in week 1, which begins on a Monday
		monday := fourth - (weekdayOf(fourth)+6)%7
		return monday + 7*(d.or('V', 1)-1), 371
	}
	if n, given := d.get('j'); given {
		return first + n - 1, 1
	}
	month, given := d.get('m')
	day, dayGiven := d.get('d')
	switch {
	case given && dayGiven:
		return clock(time.Date(year, time.Month(month), int(day), 0, 0, 0, 0, time.UTC).Unix()).day(), 1
	case given:
		return clock(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Unix()).day(), 31
	}
	for _, verb := range []byte("VUW") {
		if week, given := d.get(verb); given {
			return first + 7*(week-2), 22
		}
	}
	return first, 366
}
