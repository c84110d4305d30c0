package policy

import (
	"strings"
	"unicode/utf8"
)

// dateSpecifiers are the conversions of strftime(3) that a dateformat may use.
const dateSpecifiers = "YmdHMSVGyjuwUWgsz%"

const dateFormatHint = `for example "-%Y%m%d", or "-%Y%m%d%H" for hours`

// checkDateFormat reports what is wrong with a dateformat. Archives are put in
// order by the date in their names, so it must say the day.
func checkDateFormat(s string) (string, error) {
	given, unknown := dateConversions(s)
	switch {
	case unknown == "%":
		return "", fault(`write "%%" for a percent sign`, `a lone "%%" in dateformat %q`, s)
	case unknown != "":
		return "", fault("the specifiers are %"+strings.Join(strings.Split(dateSpecifiers, ""), " %"),
			"unknown specifier %q in dateformat %q", unknown, s)
	case strings.ContainsAny(s, "/\n\x00"):
		return "", fault(`archives go to another folder with olddir`, `dateformat %q must not contain "/" or a newline`, s)
	case !saysDay(given):
		return "", fault(dateFormatHint, "dateformat %q does not say the day, so archives cannot be put in order", s)
	}
	return s, nil
}

// dateConversions returns the letters of the specifiers in s, and the first one
// that is unknown.
func dateConversions(s string) (given, unknown string) {
	for {
		_, rest, found := strings.Cut(s, "%")
		if !found {
			return given, ""
		}
		if rest == "" {
			return given, "%"
		}
		c, size := utf8.DecodeRuneInString(rest)
		if !strings.ContainsRune(dateSpecifiers, c) {
			return given, "%" + string(c)
		}
		given += string(c)
		s = rest[size:]
	}
}

// saysDay reports whether the specifiers name one day: seconds since 1970, or a
// year with its month and day, its day, or its week and weekday. The year that
// belongs to %V is %G, not %Y (ISO 8601).
func saysDay(given string) bool {
	has := func(any string) bool { return strings.ContainsAny(given, any) }
	return has("s") ||
		has("Yy") && (has("m") && has("d") || has("j") || has("UW") && has("uw")) ||
		has("Gg") && has("V") && has("uw")
}

// defaultDateFormat is logrotate's.
func defaultDateFormat(f Frequency) string {
	if f.shorterThanDay() {
		return "-%Y%m%d%H"
	}
	return "-%Y%m%d"
}
