package signaler

import (
	"bytes"
	"fmt"
	"strconv"
)

// pidfileSize is how much of a pidfile is read. Only the first line counts.
const pidfileSize = 4096

// parsePID returns the process id on the first line of a pidfile of which data
// is the beginning. Blanks around the number are allowed (uucp pads, Windows
// editors add CR); a sign, a leading zero, a prefix or anything else is not:
// what strtol makes of those has signalled strangers, groups and everybody.
// The result is between 1 and limit.
func parsePID(data []byte, limit int) (int, error) {
	line, _, whole := bytes.Cut(data, []byte("\n"))
	if !whole && len(data) >= pidfileSize {
		return 0, fmt.Errorf("has a first line of more than %d bytes", pidfileSize)
	}
	digits := bytes.Trim(line, " \t\r")
	if len(digits) == 0 {
		return 0, fmt.Errorf("has a blank first line")
	}
	if !decimal(digits) {
		const most = 40 // enough to recognise the file
		return 0, fmt.Errorf("begins with %q, which is not a process id", line[:min(len(line), most)])
	}
	pid, err := strconv.ParseUint(string(digits), 10, 31)
	if err != nil || pid > uint64(limit) {
		return 0, fmt.Errorf("names process %.20s, beyond the limit of %d", digits, limit)
	}
	return int(pid), nil
}

// decimal reports whether b is a positive number in its only decimal spelling.
func decimal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return b[0] != '0'
}
