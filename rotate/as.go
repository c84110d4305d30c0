package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/user"
	"strconv"
	"syscall"

	"rotate/rotate/internal/fsys"
	"rotate/rotate/plan"
	"rotate/rotate/policy"
)

// actors are the users that a run acts as, by the policies' su. Each has handles
// of his own: what one user may open, another may not.
type actors struct {
	root *handles // of whoever runs rotate
	own  map[policy.User]*handles
}

func newActors(files *fsys.FS) *actors {
	return &actors{root: newHandles(files), own: map[policy.User]*handles{}}
}

// handles returns the folders of a log as whom its policy acts. Scripts and mail
// are not concerned.
func (a *actors) handles(p *policy.Policy, l *plan.LogPlan) (*handles, error) {
	if p.Su == nil {
		return a.root, nil
	}
	who := *p.Su
	if who.Auto {
		err := a.root.use(l.Dir, func(d *fsys.Dir) error {
			who.UID, who.GID = d.Owner()
			return nil
		})
		if err != nil {
			return nil, err
		}
		who.Auto = false
	}
	if h := a.own[who]; h != nil {
		return h, nil
	}
	files, err := actAs(a.root.fs, who)
	if err != nil {
		return nil, err
	}
	h := a.root
	if files != a.root.fs {
		h = newHandles(files)
		h.who, h.made = &who, a.root.made
	}
	a.own[who] = h
	return h, nil
}

// actAs returns the file system as a user has it, with all groups of his.
func actAs(files *fsys.FS, who policy.User) (*fsys.FS, error) {
	return files.As(fsys.User{UID: who.UID, GID: who.GID, Groups: groupsOf(who.UID)})
}

// groupsOf lists the groups of a user. One who is unknown has none.
func groupsOf(uid int) (groups []int) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil
	}
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil {
			groups = append(groups, gid)
		}
	}
	return groups
}

// all yields the handles of every user.
func (a *actors) all() []*handles {
	all := []*handles{a.root}
	for _, h := range a.own {
		if h != a.root {
			all = append(all, h)
		}
	}
	return all
}

// sync makes every change so far durable. It returns the folders whose changes
// are not.
func (a *actors) sync() map[*plan.Dir]error {
	failed := map[*plan.Dir]error{}
	for _, h := range a.all() {
		maps.Copy(failed, h.sync())
	}
	return failed
}

func (a *actors) close() {
	for _, h := range a.all() {
		h.close()
		if h != a.root {
			h.fs.Close()
		}
	}
}

// credential is whom the commands that pack and unpack archives run as; nil: as
// whoever runs rotate.
func (h *handles) credential() *syscall.Credential {
	if h.who == nil {
		return nil
	}
	c := &syscall.Credential{Uid: uint32(h.who.UID), Gid: uint32(h.who.GID)}
	for _, g := range groupsOf(h.who.UID) {
		c.Groups = append(c.Groups, uint32(g))
	}
	return c
}

// ErrDenied is what every DeniedError is.
var ErrDenied = errors.New("denied to the user of su")

// DeniedError is what a user of su may not do.
type DeniedError struct {
	UID, GID int
	Err      error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%v, as uid %d and gid %d of su", e.Err, e.UID, e.GID)
}

// Is reports whether target is ErrDenied.
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }

// Unwrap returns what was denied.
func (e *DeniedError) Unwrap() error { return e.Err }

// denied says as whom something was tried, if that can have been the reason.
func (h *handles) denied(err error) error {
	if h == nil || h.who == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return &DeniedError{h.who.UID, h.who.GID, err}
}
