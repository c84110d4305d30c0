package main

import (
	"encoding/binary"
	"strings"
	"time"
)

// ruled returns the zone that TZ describes by a rule of tzset(3), such as
// "CET-1CEST,M3.5.0,M10.5.0/3". It is nil for the name of a zone or file: those
// are all that Go reads by itself, and takes the rest for UTC.
func ruled(tz string) *time.Location {
	if tz == "" || strings.ContainsAny(tz, "\n\x00") || tz[0] == ':' || tz[0] == '/' {
		return nil
	}
	if _, err := time.LoadLocation(tz); err == nil {
		return nil
	}
	zone, err := time.LoadLocationFromTZData("Local", ruleFile(tz))
	if err != nil {
		return nil
	}
	return zone
}

// ruleFile is a file of tzfile(5) that has nothing but a rule.
func ruleFile(rule string) []byte {
	var b []byte
	for range 2 { // version 1, then version 2
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, count := range [...]uint32{0, 0, 0, 0, 1, 4} { // of all that a zone has: one type, UTC, until the rule says otherwise
			b = binary.BigEndian.AppendUint32(b, count)
		}
		b = append(b, "\x00\x00\x00\x00\x00\x00UTC\x00"...)
	}
	return append(b, "\n"+rule+"\n"...)
}
