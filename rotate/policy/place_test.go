package policy

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// documents are TOML of every kind, for the index to agree with the decoder.
func documents() []string {
	return []string{
		"",
		"# only a comment",
		"# a = 1\n #[b]\nc = 1\n[d] # e\n# f\ng = 1",
		"\n\r\n \t\n",
		"a = 1",
		"a=1 # x\r\nb = 2",
		"a.b.c = 1\na . b . d = 2\n'a'.\"b\".e = 3\n",
		"\"k\\u00e9y\\\"\" = 1\n'k\"\\' = 2\n\"\" = 3\n",
		"s = \"a # \\\" ] b\"\nr = 'a # \" \\'\nm = \"\"\"\n]\\\"\"\"\"\"\"\nq = '''\n'x''''\n[t]\n",
		"e = \"\"\"\"\"\"\nf = ''''''\ng = \"\"\nh = ''\n[t]\n",
		"s = [\"\"\"\\\\\"\"\"\"\"\", 1]", // one quote too many, which the decoder takes
		"a = [1, 2,\n # ] \n 3, ]\nb = [[], [[1], 'x,]'], [\"]\"]]\nc = []",
		"a = {}\nb = { x = 1, y.z = [ {q=1}, {q=2,} ], \"w\" = {\n # }\n v = '}' } }\nc = [{}, {a={}}]",
		"[a]\nx=1\n[a.b]\nx=2\n[c.d.e]\n[c]\n[ c . 'd' . f ]\n",
		"[[a]]\nx=1\n[[a]]\n[a.b]\ny=1\n[[a.c]]\n[[a.c]]\nz=1\n[a.c.d]\n[[ e.f ]]\n",
		"d = 1979-05-27 07:32:00\nt = 07:32:00\nf = -1.5e+3\ni = +inf\nh = 0xdead_beef # c\n[d2]\n",
		"a = [1979-05-27 07:32:00, 07:32:00]\nb = { d = 1979-05-27 07:32:00 }\n",
		"\"é\" = 'é' # é\n",
	}
}

func TestPlacesHaveTheShapeOfTheValues(t *testing.T) {
	t.Parallel()
	for _, text := range append(documents(), everything) {
		if bad := checkShape(text); bad != "" {
			t.Errorf("%s\n%s", text, bad)
		}
	}
}

// checkShape holds the index of a document that the decoder takes against the
// decoded values: the same tables, keys and elements, each at its text. It
// returns what differs.
func checkShape(text string) string {
	found := findPlaces(text)
	var table map[string]any
	if _, err := toml.Decode(text, &table); err != nil || found.deep >= 0 || found.twice >= 0 || !utf8.ValidString(text) {
		return ""
	}
	return sameShape(text, "", table, found.root)
}

func sameShape(text, path string, v any, p *place) string {
	if table, ok := v.(map[string]any); ok {
		if len(table) != len(p.fields) || p.items != nil {
			return fmt.Sprintf("%s: %d keys and %d places", path, len(table), len(p.fields))
		}
		for name, v := range table {
			f, ok := p.fields[name]
			if !ok {
				return fmt.Sprintf("%s.%s has no place", path, name)
			}
			if !isKey(text[f.key:], name) {
				return fmt.Sprintf("%s.%s is not at %d", path, name, f.key)
			}
			if bad := sameShape(text, path+"."+name, v, f); bad != "" {
				return bad
			}
		}
		return ""
	}
	if items, ok := (value{any: v, place: p}).items(); ok {
		if len(items) != len(p.items) || p.fields != nil {
			return fmt.Sprintf("%s: %d elements and %d places", path, len(items), len(p.items))
		}
		for i, item := range items {
			if bad := sameShape(text, fmt.Sprintf("%s[%d]", path, i), item.any, p.items[i]); bad != "" {
				return bad
			}
		}
		return ""
	}
	if p.fields != nil || p.items != nil {
		return path + " is not a table"
	}
	// What follows the place of a value must begin with that value: an array of
	// it and whatever the decoder then meets.
	if !isValue(text[p.value:], v) {
		return fmt.Sprintf("%s = %v is not at %d", path, v, p.value)
	}
	return ""
}

// isKey reports whether text begins with a key that says name.
func isKey(text, name string) bool {
	s := scanner{text: text}
	return s.segment().name == name
}

// isValue reports whether text begins with a scalar that says v.
func isValue(text string, v any) bool {
	s := scanner{text: text, found: places{deep: -1}}
	s.value(&place{}, 0)
	var got struct{ V any }
	_, err := toml.Decode("V = "+text[:s.off], &got)
	return err == nil && fmt.Sprint(got.V) == fmt.Sprint(v) // NaN is not equal to itself
}

func TestPositions(t *testing.T) {
	t.Parallel()
	s := newSource("f", "ab\n\ncéé d\n")
	for _, c := range []struct {
		off  int
		want Position
	}{
		{-1, Position{"f", 1, 1}},
		{0, Position{"f", 1, 1}},
		{2, Position{"f", 1, 3}},
		{3, Position{"f", 2, 1}},
		{4, Position{"f", 3, 1}},
		{10, Position{"f", 3, 7}},
		{99, Position{"f", 4, 1}},
	} {
		if got := s.at(c.off); got != c.want {
			t.Errorf("%d: got %v, want %v", c.off, got, c.want)
		}
	}
	if got := (Position{File: "f"}).String(); got != "f" {
		t.Errorf("a file as a whole: %q", got)
	}
}
