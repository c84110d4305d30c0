package convert

import (
	"os/user"
	"strconv"
	"strings"

	"rotate/rotate/policy"
)

// table returns the keys as an inline table.
func (w keys) table() string {
	parts := make([]string, len(w))
	for i, s := range w {
		parts[i] = s.key + " = " + s.value
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func suText(u policy.User) string {
	if u.Auto {
		return `"auto"`
	}
	return keys{{"user", userName(u.UID)}, {"group", groupName(u.GID)}}.table()
}

func shredText(n int) string {
	if n == 3 {
		return "true"
	}
	return strconv.Itoa(n)
}

func compressText(c policy.Compression) string {
	builtin := map[string]string{"gzip": ".gz", "zstd": ".zst"}
	var t keys
	if ext, ok := builtin[c.Method]; ok {
		if c.Level == 0 && c.Ext == ext {
			return quote(c.Method)
		}
		t.text("method", c.Method)
		if c.Level > 0 {
			t.add("level", strconv.Itoa(c.Level))
		}
		if c.Ext != ext {
			t.text("ext", c.Ext)
		}
		return t.table()
	}
	t.add("command", array(c.Command))
	if len(c.Uncompress) > 0 {
		t.add("uncompress", array(c.Uncompress))
	}
	t.text("ext", c.Ext)
	return t.table()
}

// userName returns what the reader takes for a user: a name where there is
// one that it reads as such.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		if back, err := user.Lookup(u.Username); err == nil && back.Uid == id {
			return number(u.Username)
		}
	}
	return id
}

func groupName(gid int) string {
	id := strconv.Itoa(gid)
	if g, err := user.LookupGroupId(id); err == nil {
		if back, err := user.LookupGroup(g.Name); err == nil && back.Gid == id {
			return number(g.Name)
		}
	}
	return id
}
