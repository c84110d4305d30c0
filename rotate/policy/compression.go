package policy

import "strings"

// The methods of a Compression.
const (
	gzip    = "gzip"
	zstd    = "zstd"
	program = "command"
)

// programs are compressors that are not built in, and what they add to a name.
var programs = map[string]string{
	"xz": ".xz", "bzip2": ".bz2", "lz4": ".lz4", "lzop": ".lzo", "brotli": ".br", "pigz": ".gz", "pzstd": ".zst",
}

// compression reads the key compress.
func compression(r *reader, v value) (Compression, bool) {
	switch c := v.any.(type) {
	case bool:
		if !c {
			return Compression{}, true
		}
		return Compression{Method: gzip, Ext: ".gz"}, true
	case string:
		return parsed(codec)(r, v)
	case map[string]any:
		return external(r, v)
	}
	r.failType(v, `"gzip", "zstd", true, false or a table`)
	return Compression{}, false
}

func codec(name string) (Compression, error) {
	switch name {
	case gzip:
		return Compression{Method: gzip, Ext: ".gz"}, nil
	case zstd:
		return Compression{Method: zstd, Ext: ".zst"}, nil
	}
	if ext, ok := programs[name]; ok {
		return Compression{}, fault(`to run a program write compress = { command = ["`+name+`"], ext = "`+ext+`" }`,
			"%s is not built in", name)
	}
	return Compression{}, fault(`"gzip", "zstd", or a program: { command = ["xz", "-9"], ext = ".xz" }`, "unknown compression %q", name)
}

// external reads { command = …, ext = … }.
func external(r *reader, v value) (Compression, bool) {
	c := Compression{Method: program}
	set, ok := readTable(r, v, schema[Compression]{
		keys: []key[Compression]{
			{"command", `["xz", "-9"]`, field(command, func(c *Compression) *[]string { return &c.Command })},
			{"ext", `".xz"`, field(parsed(checkExt), func(c *Compression) *string { return &c.Ext })},
		},
		hint: func(string) string { return "" },
	})
	set.apply(&c)
	for _, name := range []string{"command", "ext"} {
		if _, given := set[name]; !given {
			r.fail(v.place.value, fault(`for example compress = { command = ["xz", "-9"], ext = ".xz" }`, "compress has no %s", name))
			ok = false
		}
	}
	return c, ok
}

// command reads a program and its arguments. No shell ever sees them.
func command(r *reader, v value) ([]string, bool) {
	var words []string
	var ok bool
	if s, isText := v.any.(string); isText {
		if ok = !strings.ContainsAny(s, "'\"\\$`|;&<>(){}*?[]~#\n\x00"); !ok {
			r.fail(v.place.value, fault("write an array, such as "+v.example, "no shell reads the command, and %q needs one", s))
			return nil, false
		}
		words = strings.Fields(s)
	} else if words, ok = texts(r, v); !ok {
		return nil, false
	}
	if len(words) == 0 || words[0] == "" {
		r.fail(v.place.value, fault(v.hint(), "%s is empty", v.name))
		return nil, false
	}
	if strings.Contains(words[0], "/") && words[0][0] != '/' {
		r.fail(v.place.value, fault("write the absolute path, or the name of a program in the PATH", "%q is a relative path", words[0]))
		return nil, false
	}
	return words, true
}
