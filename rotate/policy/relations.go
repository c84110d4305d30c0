package policy

import (
	"maps"
	"slices"
	"strings"
)

// conflict is a pair of keys of which a policy can have one.
type conflict struct {
	a, b string
	when func(*Policy) bool // nil: whenever both ask for something
	hint string
}

func conflicts() []conflict {
	const stays = "the log stays in place, so there is nothing to create: keep one of the two"
	return []conflict{
		{"size", "frequency", nil, `size alone decides, whatever the day: keep one, or write frequency with maxsize for "or sooner, when larger"`},
		{"size", "minsize", nil, "size alone decides: keep one, or write frequency with minsize"},
		{"size", "minage", nil, "size alone decides: keep one, or write frequency with minage"},
		{"size", "maxsize", nil, "both turn a log that is larger: keep one"},
		{"minsize", "maxsize", func(p *Policy) bool { return p.MinSize > p.MaxSize }, "a log would always reach maxsize first: make minsize the smaller one"},
		{"copy", "copytruncate", nil, "copytruncate empties the log after it was copied, copy leaves it as it is: keep one"},
		{"copy", "create", nil, stays},
		{"copytruncate", "create", nil, stays},
		{"start", "dateext", nil, "archives have dates or numbers: keep one"},
		{"dateyesterday", "datehourago", nil, "keep one"},
		{"extension", "addextension", nil, "extension moves an ending that the log has, addextension adds one: keep one"},
	}
}

// clash reports whether two settings cannot be had together.
func (c conflict) clash(s settings[Policy]) bool {
	a, b := s[c.a], s[c.b]
	if !a.active || !b.active || a.bad || b.bad {
		return false
	}
	if c.when == nil {
		return true
	}
	var p Policy
	a.set(&p)
	b.set(&p)
	return c.when(&p)
}

// need is a key that means nothing without one of others.
type need struct {
	key  string
	any  []string
	hint string
}

func needs() []need {
	return []need{
		{"dateformat", []string{"dateext"}, "add dateext = true"},
		{"dateyesterday", []string{"dateext"}, "add dateext = true"},
		{"datehourago", []string{"dateext"}, "add dateext = true"},
		{"minsize", []string{"frequency"}, `add frequency = "daily", or write size instead`},
		{"minage", []string{"frequency"}, `add frequency = "daily"`},
		{"createolddir", []string{"olddir"}, `add olddir = "archive"`},
		{"delaycompress", []string{"compress"}, `add compress = "gzip"`},
		{"mailfirst", []string{"mail"}, `add mail = "root@example.com"`},
		{"sharedscripts", []string{"prerotate", "postrotate"}, "remove it, or add the script"},
	}
}

// checkTable reports what contradicts itself within one table.
func checkTable(r *reader, table settings[Policy]) {
	for _, c := range conflicts() {
		if !c.clash(table) {
			continue
		}
		first, second := c.a, c.b
		if table[second].pos.compare(table[first].pos) < 0 {
			first, second = second, first
		}
		r.failAt(table[second].pos, fault(c.hint, "%s contradicts %s on line %d", second, first, table[first].pos.Line))
	}
}

// checkNeeds reports the keys of a table that mean nothing in the policy that
// it makes together with its defaults, but for those that checkTable reported.
func checkNeeds(r *reader, table, whole settings[Policy]) {
	for _, n := range needs() {
		s, given := table[n.key]
		reported := slices.ContainsFunc(r.errs, func(e *Error) bool { return e.Pos == s.pos })
		if given && s.active && !s.bad && !reported && !whole.active(n.any...) {
			r.failAt(s.pos, fault(n.hint, "%s does nothing without %s", n.key, strings.Join(n.any, " or ")))
		}
	}
}

// checkDefaults reports the defaults that other defaults switch off. What a
// default needs, the policies may still add.
func checkDefaults(r *reader, table settings[Policy]) {
	for _, n := range needs() {
		for _, other := range n.any {
			if s, given := table[other]; given && !s.active && !s.bad && table.active(n.key) && !table[n.key].bad {
				r.failAt(table[n.key].pos, fault("remove one of the two", "%s does nothing without %s, which line %d switches off",
					n.key, other, s.pos.Line))
			}
		}
	}
}

// overlay returns the defaults as table changes them: its keys count, and what
// they contradict does not.
func overlay(defaults, table settings[Policy]) settings[Policy] {
	whole := settings[Policy]{}
	maps.Copy(whole, defaults)
	maps.Copy(whole, table)
	for _, c := range conflicts() {
		for _, name := range []string{c.a, c.b} {
			if _, own := table[name]; !own && c.clash(whole) {
				delete(whole, name)
			}
		}
	}
	return whole
}

// dropIdle removes the defaults that mean nothing in a policy.
func dropIdle(whole, table settings[Policy]) {
	for _, n := range needs() {
		if _, own := table[n.key]; !own && !whole.active(n.any...) {
			delete(whole, n.key)
		}
	}
}

// limits are the keys that say how long archives are kept, besides rotate.
func limits() []string { return []string{"maxage", "maxtotal", "keepfree"} }

// checkWhole reports what a policy does not say although nothing good can be
// assumed.
func checkWhole(r *reader, header int, whole settings[Policy]) {
	if !whole.active("paths") {
		r.fail(header, fault(`add paths = ["/var/log/app/*.log"]`, "the policy names no logs"))
	}
	if !whole.active("frequency", "size", "maxsize") {
		r.fail(header, fault(`add frequency = "daily", size = "100M" or maxsize = "100M", here or in [defaults]`,
			"nothing says when the logs are rotated"))
	}
	if !whole.active(append(limits(), "rotate")...) {
		r.fail(header, fault(`add rotate = 14 (archives of each log), maxage = "90d", maxtotal = "20G" or keepfree = "5G", here or in [defaults]; rotate = -1 keeps all`,
			"nothing says how long archives are kept"))
	}
}
