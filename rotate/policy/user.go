package policy

import (
	"errors"
	"os/user"
	"strconv"
)

// su reads as whom a policy acts.
func su(r *reader, v value) (*User, bool) {
	u := new(User)
	switch who := v.any.(type) {
	case bool:
		if !who {
			return nil, true
		}
	case string:
		if who == "auto" {
			return &User{Auto: true}, true
		}
	case map[string]any:
		set, ok := readTable(r, v, suSchema())
		set.apply(u)
		for _, k := range suSchema().keys {
			if _, given := set[k.name]; !given {
				r.fail(v.place.value, fault(v.hint(), "su has no %s", k.name))
				ok = false
			}
		}
		return u, ok
	}
	r.fail(v.place.value, fault(v.hint(), `su must be a table, "auto" or false`))
	return nil, false
}

func suSchema() schema[User] {
	return schema[User]{
		keys: []key[User]{
			{"user", `"www-data"`, field(parsedFrom(word, findUser), func(u *User) *int { return &u.UID })},
			{"group", `"adm"`, field(parsedFrom(word, findGroup), func(u *User) *int { return &u.GID })},
		},
		hint: func(name string) string {
			if name == "owner" {
				return `did you mean "user"?`
			}
			return ""
		},
	}
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

// namedUser returns the id of a user: by name or, where there is none, by
// number. The user must exist.
func namedUser(s string) (int, *Error) {
	u, err := user.Lookup(s)
	if err != nil {
		u, err = user.LookupId(s)
	}
	if err != nil {
		return -1, fault("create the user first", "unknown user '%s'", s)
	}
	return idOf(u.Uid), nil
}

// namedGroup does the same for a group.
func namedGroup(s string) (int, *Error) {
	g, err := user.LookupGroup(s)
	if err != nil {
		g, err = user.LookupGroupId(s)
	}
	if err != nil {
		return -1, fault("create the group first", "unknown group '%s'", s)
	}
	return idOf(g.Gid), nil
}

// idOf reads an id, which on Linux is a number.
func idOf(s string) int {
	id, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return id
}
