package policy

import "strconv"

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
