package policy

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// argument takes the rest of the line.
func argument(after string, set func(*draft, string) *Error) directive {
	return directive{read: func(b *blocks, d *draft) *Error {
		s := b.value()
		if s == "" {
			return fault("", "argument expected after %s", after)
		}
		return set(d, s)
	}}
}

// lenient takes the rest of the line, and without one says so and goes on.
func lenient(name string, set func(*draft, string) *Error) directive {
	return directive{read: func(b *blocks, d *draft) *Error {
		s := b.value()
		if s == "" {
			b.warn(fault("", "argument expected after %s", name))
			return nil
		}
		return set(d, s)
	}}
}

// count takes a whole number.
func count(after, bad string, least int64, set func(*draft, int)) directive {
	return argument(after, func(d *draft, s string) *Error {
		n, err := parseNumber(s)
		if s == "-1" && least == -1 {
			n, err = -1, nil
		}
		if err != nil && !errors.Is(err, strconv.ErrRange) || n < least {
			return fault("", bad, s)
		}
		set(d, int(min(n, math.MaxInt32)))
		return nil
	})
}

// parseNumber reads what strtoul(3) takes with base 0, but nothing negative. Of
// a number that is too large it returns the largest, and [strconv.ErrRange].
func parseNumber(s string) (n int64, err error) {
	s = strings.ToLower(strings.TrimPrefix(s, "+"))
	if strings.Trim(s, "0123456789abcdefx") != "" || strings.HasPrefix(s, "0b") {
		return 0, strconv.ErrSyntax // what Go takes beside
	}
	u, err := strconv.ParseUint(s, 0, 63)
	return int64(u), err
}

// bytes takes a size.
func bytes(name string, set func(*draft, int64)) directive {
	return lenient(name, func(d *draft, s string) *Error {
		n, err := parseBytes(s)
		if err == nil {
			set(d, n)
		}
		return err
	})
}

// parseBytes reads a number of bytes, or one with k, M or G.
func parseBytes(s string) (int64, *Error) {
	scale := int64(1)
	switch last := s[len(s)-1]; {
	case last == 'k' || last == 'K':
		scale = 1 << 10
	case last == 'M':
		scale = 1 << 20
	case last == 'G':
		scale = 1 << 30
	case last < '0' || last > '9':
		return 0, fault(`a size is a number of bytes, or one with k, M or G`, "unknown unit '%c'", last)
	}
	number := s
	if scale > 1 {
		number = s[:len(s)-1]
	}
	if number == "" {
		return 0, nil
	}
	n, err := parseNumber(number)
	if err != nil || n > math.MaxInt64/scale {
		return 0, fault("", "bad size '%s'", number)
	}
	return n * scale, nil
}

// weekly takes the rest of the line: nothing, or one of 0 to 7.
func weekly(b *blocks, d *draft) *Error {
	raw := b.line()
	day := AnyDay
	if s := strings.Trim(raw, space); s != "" {
		if len(s) != 1 || s[0] < '0' || s[0] > '7' {
			return fault("a day is 0 (Sunday) to 6, or 7 for every seven days", "bad weekly directive '%s'", raw)
		}
		day = int(s[0] - '0')
	}
	d.by(Frequency{Unit: Weekly, Day: day}, 0)
	return nil
}

// monthly takes a day of the month, as later versions do, or nothing.
func monthly(b *blocks, d *draft) *Error {
	start, day := b.off, AnyDay
	raw := b.line()
	s := strings.Trim(raw, space)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		b.off = start // what else stands there is for others to read
	} else if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 31 {
		return fault("a day is 1 to 31, and in a shorter month its last", "bad monthly directive '%s'", raw)
	} else {
		day = n
	}
	d.by(Frequency{Unit: Monthly, Day: day}, 0)
	return nil
}

// oneWord takes a name without white space.
func oneWord(after, what string, set func(*draft, string)) directive {
	return argument(after, func(d *draft, s string) *Error {
		if strings.ContainsAny(s, space) {
			return fault("", "bad %s %s", what, s)
		}
		set(d, s)
		return nil
	})
}

func mail(b *blocks, d *draft) *Error {
	off := b.off
	s := b.value()
	switch {
	case s == "":
		return fault("", "argument expected after mail")
	case strings.ContainsAny(s, space):
		return fault("", "bad mail address %s", strings.TrimRight(b.text[off:b.off], space))
	}
	address, err := checkAddress(s)
	if err != nil {
		return fault("", "bad mail address %s", s)
	}
	d.policy.Mail = address
	return nil
}

// ending takes what is added to or moved within a name.
func ending(name string, set func(*draft, string)) directive {
	return argument(name+" name", func(d *draft, s string) *Error {
		if _, err := checkEnding(s); err != nil {
			return fault(`an ending is part of a name, such as ".log"`, "bad %s name '%s'", name, s)
		}
		set(d, s)
		return nil
	})
}

func setDateFormat(d *draft, s string) *Error {
	if strings.ContainsAny(s, "/\x00") {
		return fault("archives go to another folder with olddir", "bad dateformat '%s'", s)
	}
	d.format = literalDates(s)
	return nil
}

func compressOptions(b *blocks, d *draft) *Error {
	words, ok := splitWords(b.value())
	if !ok || len(words) == 0 {
		return fault("", "invalid compression options")
	}
	d.options = words
	return nil
}

func compressExt(d *draft, s string) *Error {
	if strings.ContainsAny(s, space) {
		return fault("", "bad compress-ext path %s", s)
	}
	if strings.ContainsAny(s, "/\x00") || strings.Trim(s, ".0123456789") == "" {
		return fault("an archive's number must not look like the ending", "bad compress-ext path %s", s)
	}
	d.ext = s
	return nil
}

// creation takes [MODE] [OWNER GROUP] and, as logrotate did before 3.22, the
// name of an owner alone. What is not given is as an earlier one said, which at returns
// with the place of the result.
func creation(name string, most int, at func(*draft) (earlier *Create, result **Create)) directive {
	return directive{read: func(b *blocks, d *draft) *Error {
		words := b.names()
		if len(words) > 3 {
			return fault("", "extra arguments for %s", name)
		}
		earlier, result := at(d)
		c := *earlier
		if len(words) > 0 {
			mode, isMode := parseMode(words[0])
			_, unknown := namedUser(words[0])
			switch {
			case isMode && (len(words) != 2 || unknown != nil):
				c.Mode, words = mode&most, words[1:]
			case len(words) == 3 || len(words) == 1 && (unknown != nil || strings.Trim(words[0], "0123456789") == ""):
				return fault("", "invalid mode '%s'", words[0])
			}
		}
		var err *Error
		if len(words) == 2 {
			if c.GID, err = namedGroup(words[1]); err != nil {
				return err
			}
		}
		if len(words) > 0 {
			if c.UID, err = namedUser(words[0]); err != nil {
				return err
			}
		}
		*earlier, *result = c, &c
		return nil
	}}
}

func parseMode(s string) (mode int, ok bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 8, 32)
	return int(n & 0o7777), err == nil // what stat(2) tells beside, of a file's kind, is left out
}

func actAs(b *blocks, d *draft) *Error {
	words := b.names()
	switch {
	case len(words) == 0:
		return fault("", "no user for su")
	case len(words) == 1:
		return fault("", "no group for su")
	case len(words) > 2:
		return fault("", "extra arguments for su")
	}
	gid, err := namedGroup(words[1])
	if err != nil {
		return err
	}
	uid, err := namedUser(words[0])
	if err != nil {
		return err
	}
	d.policy.Su = &User{UID: uid, GID: gid}
	return nil
}

// taboo takes a list of what an include of a folder leaves out.
func taboo(name, prefix string) directive {
	list := lenient(name, func(d *draft, s string) *Error {
		d.setTaboo(s, prefix)
		return nil
	})
	return directive{read: func(b *blocks, d *draft) *Error {
		if b.inBlock {
			return fault("", "%s may not appear inside of log file definition", name)
		}
		return list.read(b, d)
	}}
}

func obsolete(b *blocks, _ *draft) *Error {
	b.separator()
	err := fault("remove it", "the errors directive is deprecated and no longer used")
	pos := b.at(b.word)
	err.said = []string{fmt.Sprintf("warning: %s: %d: %s.", pos.File, pos.Line, err.Text)}
	b.warn(err)
	return nil
}
