package reliability

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"rotate/testdata/host"
)

// fileSystem is a kind of file system that images are made of.
type fileSystem struct {
	name  string
	mkfs  []string
	least int64 // MiB
}

var fileSystems = []fileSystem{
	{"ext4", []string{"mkfs.ext4", "-q", "-F"}, 8},
	{"xfs", []string{"mkfs.xfs", "-q", "-f"}, 300},
	{"btrfs", []string{"mkfs.btrfs", "-q", "-f"}, 120},
}

// image makes a file system in a file of at least size MiB below dir and
// mounts it. It returns the image and where it is mounted.
func (fs fileSystem) image(t testing.TB, dir string, size int64) (image, folder string) {
	t.Helper()
	host.Needs(t, fs.mkfs[0], "mount", "losetup")
	image = filepath.Join(dir, fs.name+".img")
	f, err := os.Create(image)
	must(t, err)
	must(t, f.Truncate(max(size, fs.least)<<20))
	must(t, f.Close())
	if out, exit := command(t, append(fs.mkfs, image)...); exit != 0 {
		t.Fatalf("%s: %s", fs.mkfs[0], out)
	}
	return image, mount(t, image)
}

// mount mounts an image until the test ends.
func mount(t testing.TB, image string) (folder string) {
	t.Helper()
	folder, err := os.MkdirTemp(filepath.Dir(image), "mnt")
	must(t, err)
	if out, err := exec.Command("mount", "-o", "loop", image, folder).CombinedOutput(); err != nil {
		host.Lacks(t, "mount an image: "+string(out))
	}
	t.Cleanup(func() { unmount(t, folder) })
	return folder
}

func unmount(t testing.TB, folder string) {
	t.Helper()
	if out, exit := command(t, "umount", folder); exit != 0 {
		t.Errorf("umount: %s", out)
	}
	must(t, os.Remove(folder))
}
