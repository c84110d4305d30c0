package policy

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// The readings of values. Each reports what is wrong, and whether the value can
// be used.

func boolean(r *reader, v value) (bool, bool) {
	b, ok := v.any.(bool)
	if !ok {
		r.failType(v, "true or false")
	}
	return b, ok
}

// number reads a whole number of at least least.
func number(least int64) func(*reader, value) (int, bool) {
	return func(r *reader, v value) (int, bool) {
		n, ok := v.any.(int64)
		switch {
		case !ok:
			r.failType(v, "a whole number")
		case n < least || n > math.MaxInt32:
			r.fail(v.place.value, fault(v.hint(), "%s must be from %d to %d, not %d", v.name, least, math.MaxInt32, n))
			ok = false
		}
		return int(n), ok
	}
}

// text reads a string. A zero byte would cut it short in every system call.
func text(r *reader, v value) (string, bool) {
	s, ok := v.any.(string)
	switch {
	case !ok:
		r.failType(v, "a string")
	case strings.ContainsRune(s, 0):
		r.fail(v.place.value, fault("", "%s must not contain a zero byte", v.name))
		ok = false
	}
	return s, ok
}

// word reads a name, or a number that stands for it.
func word(r *reader, v value) (string, bool) {
	switch w := v.any.(type) {
	case int64:
		return strconv.FormatInt(w, 10), true
	case string:
		return text(r, v)
	}
	r.failType(v, "a name or a number")
	return "", false
}

// script reads a text for the shell. One of blanks alone is none.
func script(r *reader, v value) (string, bool) {
	s, ok := text(r, v)
	if strings.TrimSpace(s) == "" {
		return "", ok
	}
	return s, ok
}

// parsed reads a string by a parser, whose errors are [*Error] all.
func parsed[T any](parse func(string) (T, error)) func(*reader, value) (T, bool) {
	return parsedFrom(text, parse)
}

func parsedFrom[T any](read func(*reader, value) (string, bool), parse func(string) (T, error)) func(*reader, value) (T, bool) {
	return func(r *reader, v value) (T, bool) {
		s, ok := read(r, v)
		if !ok {
			var zero T
			return zero, false
		}
		x, err := parse(s)
		if e, isError := errors.AsType[*Error](err); isError {
			if e.Hint == "" {
				e.Hint = v.hint()
			}
			r.fail(v.place.value, e)
		}
		return x, err == nil
	}
}

// size reads bytes: a number, or a string as of [ParseSize].
func size(r *reader, v value) (int64, bool) {
	switch n := v.any.(type) {
	case string:
		return parsed(ParseSize)(r, v)
	case int64:
		if n < 0 {
			r.fail(v.place.value, fault(v.hint(), "%s must not be negative", v.name))
		}
		return n, n >= 0
	}
	r.failType(v, "a size")
	return 0, false
}

// sizeRule reads the size that makes a log due. Zero, logrotate's "always", is
// more often a mistake.
func sizeRule(r *reader, v value) (int64, bool) {
	n, ok := size(r, v)
	if ok && n == 0 {
		r.fail(v.place.value, fault("to turn a log at every run write size = 1", "size must be at least 1 byte"))
		return 0, false
	}
	return n, ok
}

// age reads a duration: days, or a string as of [ParseDuration].
func age(r *reader, v value) (time.Duration, bool) {
	const day = 24 * time.Hour
	switch n := v.any.(type) {
	case string:
		return parsed(ParseDuration)(r, v)
	case int64:
		if n < 0 || n > int64(math.MaxInt64/day) {
			r.fail(v.place.value, fault(v.hint(), "%s must be from 0 to %d days, not %d", v.name, math.MaxInt64/day, n))
			return 0, false
		}
		return time.Duration(n) * day, true
	}
	r.failType(v, "a duration or a number of days")
	return 0, false
}

// list reads an array by the reading of its elements.
func list[T any](r *reader, v value, read func(*reader, value) (T, bool)) ([]T, bool) {
	items, ok := v.items()
	if !ok {
		r.failType(v, "an array")
		return nil, false
	}
	var out []T
	for _, item := range items {
		x, itemOK := read(r, item)
		out = append(out, x)
		ok = ok && itemOK
	}
	return out, ok
}

func texts(r *reader, v value) ([]string, bool) { return list(r, v, text) }

// patterns reads paths and globs that pass check.
func patterns(check func(string) (string, error)) func(*reader, value) ([]Pattern, bool) {
	return func(r *reader, v value) ([]Pattern, bool) {
		return list(r, v, func(r *reader, v value) (Pattern, bool) {
			s, ok := parsed(check)(r, v)
			return Pattern{Text: s, Pos: r.at(v.place.value)}, ok
		})
	}
}
