package policy

import (
	"cmp"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/bmatcuk/doublestar/v4"
)

// document is what a file says. A syntax is a function that reads one.
type document struct {
	policies []*Policy        // none, if anything is in error
	include  []Pattern        // the files that it includes, as it names them
	defaults settings[Policy] // of its policies and of the files that it includes
	errs     Errors
}

// readTOML reads a document in TOML. The defaults of the file that includes it
// come before its own.
func readTOML(name, text string, inherited settings[Policy]) *document {
	text = strings.TrimLeft(text, "\ufeff")
	r := &reader{source: newSource(name, text)}
	doc := &document{defaults: inherited}
	if root, ok := decode(r); ok {
		doc.read(r, root)
	}
	if doc.errs = r.errs; len(doc.errs) > 0 {
		doc.policies = nil
		doc.errs.sort()
	}
	return doc
}

// decode returns the document as one table.
func decode(r *reader) (root value, ok bool) {
	if strings.HasPrefix(r.text, "\xff\xfe") || strings.HasPrefix(r.text, "\xfe\xff") {
		r.fail(0, fault("save it as UTF-8", "the file is in UTF-16"))
		return value{}, false
	}
	found := findPlaces(r.text)
	if found.deep >= 0 {
		r.fail(found.deep, fault("", "nested too deeply"))
		return value{}, false
	}
	var table map[string]any
	if _, err := toml.Decode(r.text, &table); err != nil {
		r.failSyntax(err)
		return value{}, false
	}
	if found.twice >= 0 { // the decoder lets a = 1 pass after a.b = 1, and a.b = 1 after [[a]]
		r.fail(found.twice, fault("keep one", "the key is already set"))
		return value{}, false
	}
	return value{any: table, name: "the file", place: found.root}, true
}

func (r *reader) failSyntax(err error) {
	syntax, ok := errors.AsType[toml.ParseError](err)
	if !ok { // no way to get here is known
		r.fail(0, &Error{Text: err.Error(), cause: err})
		return
	}
	off := syntax.Position.Start
	if end := off + syntax.Position.Len; end <= len(r.text) && off >= 0 && strings.Contains(r.text[off:end], "\n") {
		off = end - 1 // in a string of several lines; the decoder stopped here
	}
	message := strings.TrimSuffix(syntax.Message, ".")
	message = string(unicode.ToLower(rune(message[0]))) + message[1:]
	r.fail(off, &Error{Text: message, Hint: syntaxHint(message), cause: err})
}

// syntaxHint says what is most often meant by what is not TOML.
func syntaxHint(message string) string {
	for _, h := range []struct{ part, hint string }{
		{"expected value but found \"", `put text in quotes: frequency = "daily"`},
		{"to end with a newline", `put text, and numbers with a unit, in quotes: size = "100M"`},
		{"leading zeroes", `put a mode in quotes: mode = "0640"`},
		{"expected '.' or '='", `every line is a [table], a "key = value" or a # comment; the file's name says that it is TOML, not logrotate's syntax`},
		{"invalid escape", `write '…' or '''…''' instead of "…": nothing is an escape there`},
		{"strings cannot contain newlines", "write a text of several lines between ''' and '''"},
		{"already been defined", "keep one"},
	} {
		if strings.Contains(message, h.part) {
			return h.hint
		}
	}
	return ""
}

// top is the file as a table. What depends on the defaults is read later.
type top struct {
	include        []Pattern
	defaults, logs value
}

func (doc *document) read(r *reader, root value) {
	var t top
	set, _ := readTable(r, root, schema[top]{
		keys: []key[top]{
			{"include", `["/etc/rotate.d"]`, field(patterns(checkInclude), func(t *top) *[]Pattern { return &t.include })},
			{"defaults", "", field(anything, func(t *top) *value { return &t.defaults })},
			{"log", "", field(anything, func(t *top) *value { return &t.logs })},
		},
		hint: fileHint,
	})
	set.apply(&t)
	doc.include = t.include
	if t.defaults.place != nil {
		doc.readDefaults(r, t.defaults)
	}
	if t.logs.place != nil {
		doc.readLogs(r, t.logs)
	}
}

func anything(_ *reader, v value) (value, bool) { return v, true }

func checkInclude(s string) (string, error) {
	if s == "" || !doublestar.ValidatePattern(s) {
		return "", fault("", "bad pattern %q", s)
	}
	return s, nil
}

func (doc *document) readDefaults(r *reader, v value) {
	before := len(r.errs)
	table, _ := readTable(r, v, defaultsSchema())
	checkTable(r, table)
	checkDefaults(r, table)
	doc.defaults = overlay(doc.defaults, table)
	if len(r.errs) > before && len(doc.include) > 0 {
		r.failAt(doc.include[0].Pos, fault("mend [defaults]",
			"include is not followed: its files would inherit defaults that are in error"))
		doc.include = nil
	}
}

// readLogs reads the [log.NAME] tables in the order of the file.
func (doc *document) readLogs(r *reader, v value) {
	logs, ok := v.any.(map[string]any)
	if !ok {
		r.fail(v.place.value, fault("write [log.NAME], with a name of your choice", "log must be a table of tables, not %s", typeName(v.any)))
		return
	}
	names := slices.SortedFunc(maps.Keys(logs), func(a, b string) int {
		return cmp.Compare(v.place.field(a).key, v.place.field(b).key)
	})
	seen := map[string]Pattern{}
	for _, name := range names {
		p := doc.readLog(r, v.field(name, logs[name]))
		if p == nil {
			continue
		}
		checkTwice(r, p, seen)
		doc.policies = append(doc.policies, p)
	}
}

var policyName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.@:+-]*$`)

func (doc *document) readLog(r *reader, v value) *Policy {
	table, isTable := v.any.(map[string]any)
	switch {
	case !policyName.MatchString(v.name):
		r.fail(v.place.key, fault(`letters and digits, and . _ - @ : + after the first`, "bad name %q for a policy", v.name))
	case !isTable && slices.Contains(policyKeyNames(), v.name):
		r.fail(v.place.key, fault("write [log.NAME], with a name of your choice, above it", "%s is not in a policy", v.name))
		return nil
	case !isTable:
		r.fail(v.place.value, fault("write [log."+v.name+"], with one pair of brackets", "log.%s must be a table, not %s", v.name, typeName(v.any)))
		return nil
	}
	own, _ := readTable(r, value{any: table, name: "log." + v.name, place: v.place}, policySchema())
	whole := overlay(doc.defaults, own)
	checkTable(r, own)
	checkNeeds(r, own, whole)
	checkWhole(r, v.place.value, whole)
	dropIdle(whole, own)
	return newPolicy(v.name, r.at(v.place.value), whole)
}

// defaultTimeout is how long scripts and compressors may run: long enough to
// send a day's archives away, short enough that the next day finds no run
// still held.
const defaultTimeout = 6 * time.Hour

// newPolicy fills in logrotate's defaults, but for what it deletes: without
// rotate, other limits rule. A log that several policies match belongs to the
// first, and that is no error.
func newPolicy(name string, pos Position, whole settings[Policy]) *Policy {
	p := &Policy{Name: name, Pos: pos, IfEmpty: true, Start: 1, Rotate: -1, Timeout: defaultTimeout, IgnoreDuplicates: true}
	whole.apply(p)
	if p.DateFormat == "" {
		p.DateFormat = defaultDateFormat(p.Frequency)
	}
	return p
}

// checkTwice reports the paths of p that the file has already named.
func checkTwice(r *reader, p *Policy, seen map[string]Pattern) {
	for _, path := range p.Paths {
		if first, twice := seen[path.Text]; twice && path.Text != "" {
			r.failAt(path.Pos, fault("keep one", "%q is already a path on line %d", path.Text, first.Pos.Line))
			continue
		}
		seen[path.Text] = path
	}
}
