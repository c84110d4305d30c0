package plan

import "time"

// parse reads a text that append wrote. A text that no date has, such as that
// of 30 February, is refused: the date that it returns has this very text.
func (f *dateFormat) parse(text string) (date int64, ok bool) {
	var said dateFields
	if len(text) != f.width || !said.read(f.items, text) {
		return 0, false
	}
	offset := said.or('z', 0)
	dateOf := func(moment int64) int64 {
		if f.zoned {
			return withZone(moment, offset)
		}
		return moment
	}
	if moment, ok := said.get('s'); ok {
		date = dateOf(moment)
		return date, f.shows(date, text)
	}
	from, to := said.years()
	for year := from; year <= to; year++ {
		first, days := said.days(year)
		for day := first; day < first+days; day++ {
			date = dateOf(day*daySeconds + said.seconds() - offset)
			if f.shows(date, text) {
				return date, true
			}
		}
	}
	return 0, false
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
		n, ok := parseDigits(digits)
		if !ok {
			return false
		}
		if item.verb == 'z' {
			n = n/100*3600 + n%100*60
		}
		d[item.verb] = sign*n + 1
	}
	return true
}

// parseDigits reads at most 18 digits, and nothing else.
func parseDigits(s string) (n int64, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, s != "" && len(s) <= 18
}

// seconds is the time of the day.
func (d *dateFields) seconds() int64 {
	return d.or('H', 0)*3600 + d.or('M', 0)*60 + d.or('S', 0)
}

// years returns the first and the last year to try. Without a year they begin
// with a leap year, so that each day of a month has a place in it, and last
// until days and weeks have met in every way.
func (d *dateFields) years() (from, to int) {
	for _, verb := range []byte("YG") {
		if n, given := d.get(verb); given {
			return int(n), int(n)
		}
	}
	for _, verb := range []byte("yg") {
		if n, given := d.get(verb); given {
			year := 1900 + int(n)
			if n < 69 { // POSIX, strptime(3)
				year += 100
			}
			return year, year
		}
	}
	return 1972, 1999
}

// days returns where in year the date can be: the first day to try, and how
// many.
func (d *dateFields) days(year int) (first, count int64) {
	first = dayOf(year, time.January, 1)
	if d['Y'] == 0 && d['y'] == 0 && (d['G'] != 0 || d['g'] != 0) {
		fourth := first + 3 // 4 January is in week 1, which begins on a Monday (ISO 8601)
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
		return dayOf(year, time.Month(month), int(day)), 1
	case given:
		return dayOf(year, time.Month(month), 1), 31
	}
	return first, 366
}
