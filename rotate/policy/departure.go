package policy

import "strings"

// defaultShred is how often shred(1) overwrites a file.
const defaultShred = 3

// maxShred keeps the removal of an archive from taking days.
const maxShred = 100

// shred reads how often an archive is overwritten before it is removed: a
// switch or a number.
func shred(r *reader, v value) (int, bool) {
	switch n := v.any.(type) {
	case bool:
		if n {
			return defaultShred, true
		}
		return 0, true
	case int64:
		if n < 0 || n > maxShred {
			r.fail(v.place.value, fault(v.hint(), "shred must be from 0 to %d, not %d", maxShred, n))
			return 0, false
		}
		return int(n), true
	}
	r.failType(v, "true, false or a whole number")
	return 0, false
}

// checkAddress returns an address of mail. The mail program gets it as an
// argument, and must not take it for an option.
func checkAddress(s string) (string, error) {
	if strings.HasPrefix(s, "-") || strings.ContainsAny(s, "\n\r\x00") {
		return "", fault("", "bad address %q", s)
	}
	return s, nil
}
