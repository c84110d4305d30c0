package signaler

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestApartFromTheMainThread(t *testing.T) {
	t.Parallel()
	for range 100 {
		err := apart(func() error {
			if unix.Gettid() == unix.Getpid() {
				t.Error("on the main thread, which stays")
			}
			return nil
		})
		must(t, err)
		runtime.Gosched()
	}
}
