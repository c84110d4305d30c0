package policy

import (
	"slices"
	"strings"
)

// tabooPatterns are the names that an include of a folder leaves out.
func tabooPatterns() []string {
	endings := strings.Fields(",v .bak .cfsaved .disabled .dpkg-bak .dpkg-del .dpkg-dist .dpkg-new .dpkg-old .dpkg-tmp " +
		".new .old .orig .rhn-cfg-tmp-* .rpmnew .rpmorig .rpmsave .swp .ucf-dist .ucf-new .ucf-old ~")
	for i := range endings {
		endings[i] = "*" + endings[i]
	}
	return endings
}

// setTaboo takes what tabooext or taboopat says: a list that replaces the
// patterns or, after "+", joins them.
func (d *draft) setTaboo(list, prefix string) {
	list, more := strings.CutPrefix(list, "+")
	var patterns []string
	if more {
		patterns = slices.Clone(d.taboo)
	}
	for _, word := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' || strings.ContainsRune(space, c) }) {
		patterns = append(patterns, prefix+word)
	}
	d.taboo = patterns
}

// isTaboo reports whether an include of a folder leaves name out.
func (d *draft) isTaboo(name string) bool {
	return slices.ContainsFunc(d.taboo, func(pattern string) bool { return matchesName(pattern, name) })
}
