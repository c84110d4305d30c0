package differential

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// zone makes the time zone of a trial: one of the system's by its name, or one
// whose clocks were put forward or back, some time before now, as "+1h 26h" and
// "-1h 26h" are. tz is the value of TZ; path is where it may write a file.
func zone(name, path string, now time.Time) (tz string, loc *time.Location, err error) {
	by, ago, changed := strings.Cut(name, " ")
	if !changed {
		tz = name
		if tz == "" {
			tz = "UTC"
		}
		loc, err = time.LoadLocation(tz)
		return tz, loc, err
	}
	shift, err := strconv.Atoi(strings.TrimSuffix(by, "h"))
	if err != nil {
		return "", nil, fmt.Errorf("zone %q: %w", name, err)
	}
	since, err := parseSpan(ago)
	if err != nil {
		return "", nil, fmt.Errorf("zone %q: %w", name, err)
	}
	data := zoneinfo(now.Add(-since), int32(max(0, -shift)*3600), int32(max(0, shift)*3600))
	if loc, err = time.LoadLocationFromTZData(name, data); err != nil {
		return "", nil, err
	}
	return path, loc, os.WriteFile(path, data, 0o644)
}

// zoneinfo is a file of tzfile(5) with one change, from before to after, both in
// seconds east of Greenwich.
func zoneinfo(at time.Time, before, after int32) []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.BigEndian, v) // to memory
		}
	}
	for _, moment := range []any{int32(at.Unix()), at.Unix()} { // of version 1, then of version 2
		put([]byte("TZif2"), [15]byte{}, [6]int32{0, 0, 0, 1, 2, 8}, moment, byte(1))
		put(before, before > after, byte(0), after, after > before, byte(4), []byte("AAA\x00BBB\x00"))
	}
	b.WriteString("\n\n")
	return b.Bytes()
}

// hour is the whole hour before t, on the clock of its zone.
func hour(t time.Time) time.Time {
	return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second)
}
