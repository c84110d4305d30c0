package policy

import (
	"errors"
	"os/user"
	"strconv"
)

// create reads how a new file or folder looks: a switch, or a table with what
// is not to be taken from the old one. most is the highest mode.
func create(most int) func(*reader, value) (*Create, bool) {
	return func(r *reader, v value) (*Create, bool) {
		c := &Create{Mode: -1, UID: -1, GID: -1}
		switch on := v.any.(type) {
		case bool:
			if !on {
				return nil, true
			}
			return c, true
		case map[string]any:
			set, ok := readTable(r, v, createSchema(most))
			set.apply(c)
			return c, ok
		}
		r.failType(v, "true, false or a table")
		return nil, false
	}
}

func createSchema(most int) schema[Create] {
	return schema[Create]{
		keys: []key[Create]{
			{"mode", `"0640"`, field(mode(most), func(c *Create) *int { return &c.Mode })},
			{"owner", `"www-data"`, field(parsedFrom(word, findUser), func(c *Create) *int { return &c.UID })},
			{"group", `"adm"`, field(parsedFrom(word, findGroup), func(c *Create) *int { return &c.GID })},
		},
		hint: func(name string) string {
			if name == "user" {
				return `did you mean "owner"?`
			}
			return ""
		},
	}
}

// mode reads permission bits, as chmod(1) takes them.
func mode(most int) func(*reader, value) (int, bool) {
	return parsed(func(s string) (int, error) {
		n, err := strconv.ParseUint(s, 8, 32)
		if err != nil || len(s) < 3 || len(s) > 4 {
			return 0, fault("", "bad mode %q", s)
		}
		if int(n) > most {
			return 0, fault("", "mode %q is more than %#o", s, most)
		}
		return int(n), nil
	})
}

// findUser returns the id of a user: a name, or a number, which need not have
// a name.
func findUser(s string) (int, error) { return findID("user", userID, s) }

func findGroup(s string) (int, error) { return findID("group", groupID, s) }

func findID(kind string, lookup func(string) (string, error), s string) (int, error) {
	number := s
	if s == "" || s[0] < '0' || s[0] > '9' { // no name begins with a digit
		var err error
		number, err = lookup(s)
		if errors.As(err, new(user.UnknownUserError)) || errors.As(err, new(user.UnknownGroupError)) {
			return 0, fault("create the "+kind+" first, or write its number", "unknown %s %q", kind, s)
		}
		if err != nil {
			return 0, &Error{Text: "look up " + kind + " " + strconv.Quote(s) + ": " + err.Error(), cause: err}
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 1<<32-1 { // chown(2) takes it for "leave as it is"
		return 0, fault("", "bad %s %q", kind, s)
	}
	return int(n), nil
}

func userID(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.Uid, nil
}

func groupID(name string) (string, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return "", err
	}
	return g.Gid, nil
}
