package plan

import "rotate/rotate/policy"

// names are where the archives of a log are, and what they are called. Two
// logs with the same would rename over and expire each other's.
type names struct {
	dir        dirKey
	head, tail string
	format     string // "": numbers
}

// dirKey tells folders apart, those that are yet to be made included.
type dirKey struct {
	id   ID
	path string
}

func (d *Dir) key() dirKey {
	if d.ID == (ID{}) {
		return dirKey{path: d.Path}
	}
	return dirKey{id: d.ID}
}

func namesOf(p *policy.Policy, n *Naming, l *LogFacts) names {
	head, tail := n.split(l.Name)
	k := names{dir: l.Archive.key(), head: head, tail: tail}
	if p.DateExt {
		k.format = p.DateFormat
	}
	return k
}

// owners finds the logs whose archives could be mistaken for another log's,
// and says whose they are: the first live log's. In one folder, only
// addextension gives two logs the same names, app and app.foo; and only an
// olddir unites the archives of several folders.
func owners(f *Facts) map[names]*LogFacts {
	var owners map[names]*LogFacts
	shared := sharedDirs(f)
	for i := range f.Policies {
		p := &f.Policies[i]
		if len(shared) == 0 && p.Policy.AddExtension == "" {
			continue
		}
		naming := NewNaming(p.Policy, f.Now.Location())
		for k := range p.Logs {
			l := &p.Logs[k]
			if l.Archive == nil || p.Policy.AddExtension == "" && !shared[l.Archive.key()] {
				continue
			}
			if owners == nil {
				owners = map[names]*LogFacts{}
			}
			key := namesOf(p.Policy, naming, l)
			if o := owners[key]; o == nil || o.Kind == Missing && l.Kind != Missing {
				owners[key] = l
			}
		}
	}
	return owners
}

// sharedDirs returns the olddirs to which the logs of several folders go.
func sharedDirs(f *Facts) map[dirKey]bool {
	homes := map[dirKey]*Dir{}
	var shared map[dirKey]bool
	visit := func(withOldDir bool) {
		for i := range f.Policies {
			p := &f.Policies[i]
			if (p.Policy.OldDir != "") != withOldDir {
				continue
			}
			var seen *Dir
			for k := range p.Logs {
				l := &p.Logs[k]
				if l.Archive == nil || l.Dir == seen {
					continue // logs come folder by folder
				}
				seen = l.Dir
				home, known := homes[l.Archive.key()]
				switch {
				case !known && withOldDir:
					homes[l.Archive.key()] = l.Dir
				case known && home.key() != l.Dir.key():
					if shared == nil {
						shared = map[dirKey]bool{}
					}
					shared[l.Archive.key()] = true
				}
			}
		}
	}
	visit(true)
	if len(homes) > 0 {
		visit(false)
	}
	return shared
}

// owns reports whether what is called like the archives of l belongs to l.
func (r *rules) owns(l *LogFacts) bool {
	if r.owners == nil || l.Archive == nil {
		return true
	}
	o := r.owners[namesOf(r.policy, r.naming, l)]
	return o == nil || o == l
}
