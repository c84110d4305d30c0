package policy

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// cleanPattern returns a pattern as it is matched, folder by folder: absolute,
// without "//", "." or "..". A "**" stands for any number of folders.
func cleanPattern(s string) (string, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "", fault(`write the whole path, from "/"`, "%q is not an absolute path", s)
	case strings.HasSuffix(s, "/") || strings.HasSuffix(s, "/."):
		return "", fault(`add what the files are called, such as "/*.log"`, "%q names a folder", s)
	}
	var parts []string
	for part := range strings.SplitSeq(s, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", fault("write the path that is meant", `%q must not contain ".."`, s)
		case strings.Contains(part, "**") && part != "**":
			return "", fault(`write "*" for part of a name, "/**/" for any number of folders`, `"**" in %q is not alone between slashes`, s)
		case !doublestar.ValidatePattern(part):
			return "", fault(`close each "[" and "{" before the next "/"; a "\" before a character takes it as it is`, "bad pattern %q", s)
		}
		parts = append(parts, part)
	}
	return "/" + strings.Join(parts, "/"), nil
}

// cleanPath returns an absolute path of one file.
func cleanPath(s string) (string, error) {
	if !strings.HasPrefix(s, "/") {
		return "", fault(`write the whole path, from "/"`, "%q is not an absolute path", s)
	}
	return path.Clean(s), nil
}

// cleanFolder returns the folder of archives: absolute, or relative to the
// log's folder. "" is the log's folder itself.
func cleanFolder(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == ".." {
			return "", fault("write the absolute path", `%q must not contain ".."`, s)
		}
	}
	if s = path.Clean(s); s == "." {
		return "", nil
	}
	return s, nil
}

// checkEnding returns what is added to or moved within a name.
func checkEnding(s string) (string, error) {
	if strings.ContainsAny(s, "/\n") {
		return "", fault(`an ending is part of a name, such as ".log"`, `%q must not contain "/" or a newline`, s)
	}
	return s, nil
}

// checkExt returns what compression adds to a name. A bare number would pass
// for the number of an archive.
func checkExt(s string) (string, error) {
	rest, dotted := strings.CutPrefix(s, ".")
	if !dotted || rest == "" || strings.ContainsAny(rest, "/\n") || strings.Trim(rest, "0123456789") == "" {
		return "", fault(`write a dot and letters, such as ".xz"`, "bad ext %q", s)
	}
	return s, nil
}
