package policy

import (
	"math"
	"strconv"
	"strings"
)

// sizeUnits are powers of 1024, as logrotate's. The largest comes first.
var sizeUnits = [...]struct {
	name  string
	bytes int64
}{
	{"T", 1 << 40},
	{"G", 1 << 30},
	{"M", 1 << 20},
	{"k", 1 << 10},
}

const sizeHint = `a size is a whole number of bytes, or one with k, M, G or T: "200M"`

// ParseSize returns the bytes of a size such as "100", "512k", "200M", "1GiB"
// or "2T". Units are powers of 1024, whether they are followed by "iB", "B" or
// nothing. The error is an [*Error] without a position.
func ParseSize(s string) (int64, error) {
	unit := strings.TrimLeft(s, "0123456789")
	number := strings.TrimSuffix(s, unit)
	scale, ok := sizeUnit(unit)
	if number == "" || !ok {
		return 0, fault(sizeHint, "bad size %q", s)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64/scale {
		return 0, fault("", "size %q is too large", s)
	}
	return n * scale, nil
}

func sizeUnit(unit string) (int64, bool) {
	if unit == "" || unit == "B" {
		return 1, true
	}
	if unit[0] == 'K' { // the one unit that people write both ways
		unit = "k" + unit[1:]
	}
	for _, u := range sizeUnits {
		switch unit {
		case u.name, u.name + "B", u.name + "iB":
			return u.bytes, true
		}
	}
	return 0, false
}

// FormatSize writes n, which is not negative, with the largest unit that
// divides it, so that [ParseSize] returns the same n.
func FormatSize(n int64) string {
	for _, u := range sizeUnits {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
