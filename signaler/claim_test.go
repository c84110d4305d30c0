package signaler

import (
	"os"
	"testing"
)

// Not parallel: see TestProbeSeesEveryWriter.
func TestClaimOnlyWhatNobodyElseHasOpen(t *testing.T) {
	for name, flags := range map[string]int{"reader": os.O_RDONLY, "writer": os.O_WRONLY | os.O_APPEND} {
		t.Run(name, func(t *testing.T) {
			path, probe := subject(t)
			must(t, probe.Close())
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			defer f.Close()
			other, err := os.OpenFile(path, flags, 0)
			must(t, err)
			if _, ok, err := Claim(f); ok || err != nil {
				t.Fatalf("claimed what another has open: %v, %v", ok, err)
			}
			must(t, other.Close())
			release, ok, err := Claim(f)
			if !ok || err != nil {
				t.Fatalf("not claimed: %v, %v", ok, err)
			}
			opened := make(chan error, 1)
			go func() {
				late, err := os.OpenFile(path, flags, 0) // waits for the claim to end
				if err == nil {
					err = late.Close()
				}
				opened <- err
			}()
			must(t, f.Truncate(0))
			release()
			must(t, <-opened)
		})
	}
}
