package policy

import (
	"reflect"
	"strings"
)

// value is a decoded TOML value, with the key that it was given to and its
// place.
type value struct {
	any     any
	name    string
	example string // how the key's value may look, for hints
	element bool   // of an array that is the key's value
	place   *place
}

// field returns the value of a key in a table.
func (v value) field(name string, x any) value {
	return value{any: x, name: name, place: v.place.field(name)}
}

// items returns the elements of an array.
func (v value) items() ([]value, bool) {
	array := reflect.ValueOf(v.any)
	if array.Kind() != reflect.Slice {
		return nil, false
	}
	items := make([]value, array.Len())
	for i := range items {
		items[i] = value{array.Index(i).Interface(), v.name, v.example, true, v.place.item(i)}
	}
	return items, true
}

// reader collects what is wrong with one file.
type reader struct {
	*source
	errs Errors
}

// fail reports an error about what is written at an offset.
func (r *reader) fail(off int, err *Error) { r.failAt(r.at(off), err) }

func (r *reader) failAt(pos Position, err *Error) {
	err.Pos = pos
	r.errs = append(r.errs, err)
}

// failType reports a value of the wrong type.
func (r *reader) failType(v value, want string) {
	name := v.name
	if v.element {
		name = "an element of " + name
	}
	r.fail(v.place.value, fault(v.hint(), "%s must be %s, not %s", name, want, typeName(v.any)))
}

func (v value) hint() string {
	if v.example == "" {
		return ""
	}
	return "for example " + v.name + " = " + v.example
}

func typeName(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case string:
		return "a string"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "an array"
	}
	return "a date"
}

// schema is what may stand in a table that describes a T.
type schema[T any] struct {
	keys []key[T]
	hint func(name string) string // for a key that is not among them; "" if it knows none
}

// key is one key of a table.
type key[T any] struct {
	name    string
	example string // a value, as TOML
	read    func(*reader, value) setting[T]
}

// setting is a key of a table that was read.
type setting[T any] struct {
	pos    Position // of the key
	active bool     // it asks for something: not false, "" or 0
	bad    bool     // it was in error, and that is reported
	set    func(*T)
}

// settings are the keys that a table has.
type settings[T any] map[string]setting[T]

// active reports whether one of the keys asks for something, or would if it
// were not in error.
func (s settings[T]) active(names ...string) bool {
	for _, name := range names {
		if k, ok := s[name]; ok && (k.active || k.bad) {
			return true
		}
	}
	return false
}

// apply writes the settings to t.
func (s settings[T]) apply(t *T) {
	for _, k := range s {
		if !k.bad {
			k.set(t)
		}
	}
}

// readTable reads the table v by its schema. ok is false if anything in it is
// in error; what is not, is in the settings all the same.
func readTable[T any](r *reader, v value, s schema[T]) (out settings[T], ok bool) {
	table, isTable := v.any.(map[string]any)
	if !isTable {
		r.failType(v, "a table")
		return nil, false
	}
	out, ok = settings[T]{}, true
	for name, x := range table {
		k, known := s.find(name)
		if !known {
			r.failUnknown(v.field(name, x), s.suggest(name))
			ok = false
			continue
		}
		field := v.field(name, x)
		field.example = k.example
		set := k.read(r, field)
		set.pos = r.at(field.place.key)
		out[name] = set
		ok = ok && !set.bad
	}
	return out, ok
}

func (r *reader) failUnknown(v value, hint string) {
	r.fail(v.place.key, fault(hint, "unknown key %q", v.name))
}

func (s schema[T]) find(name string) (key[T], bool) {
	for _, k := range s.keys {
		if k.name == name {
			return k, true
		}
	}
	return key[T]{}, false
}

func (s schema[T]) names() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.name
	}
	return names
}

// suggest says what to write instead of a key that is unknown.
func (s schema[T]) suggest(name string) string {
	if hint := s.hint(name); hint != "" {
		return hint
	}
	names := s.names()
	if near := nearest(name, names); near != "" {
		return `did you mean "` + near + `"?`
	}
	if len(names) > 8 { // a list for the manual, not for a line
		return ""
	}
	return "the keys here are " + strings.Join(names, ", ")
}

// field makes the reading of a key from the reading of its value, and from
// where that goes.
func field[T, V any](read func(*reader, value) (V, bool), at func(*T) *V) func(*reader, value) setting[T] {
	return func(r *reader, v value) setting[T] {
		x, ok := read(r, v)
		return setting[T]{
			active: !reflect.ValueOf(&x).Elem().IsZero(),
			bad:    !ok,
			set:    func(t *T) { *at(t) = x },
		}
	}
}

// given makes a key ask for something whatever its value.
func given[T any](read func(*reader, value) setting[T]) func(*reader, value) setting[T] {
	return func(r *reader, v value) setting[T] {
		s := read(r, v)
		s.active = true
		return s
	}
}
