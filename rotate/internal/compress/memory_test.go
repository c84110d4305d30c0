//go:build !race

// The race detector takes memory of its own.

package compress

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packer holds, in the environment of this program run again, what to pack.
const packer = "COMPRESS_TEST_PACKER"

type packing struct {
	Src, Dst, Method string
	Jobs             int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(packer); text != "" {
		if err := packAlone(text); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// packAlone packs, compares, and prints the peak of this process's memory.
// Not by getrusage(2), whose peak begins with that of the parent.
func packAlone(text string) error {
	var p packing
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	src, err := os.Open(p.Src)
	if err != nil {
		return err
	}
	dst, err := os.Create(p.Dst)
	if err != nil {
		return err
	}
	if err := (Codec{Method: p.Method}).Run(context.Background(), dst, src, p.Src, p.Jobs); err != nil {
		return err
	}
	ext := map[string]string{"gzip": ".gz", "zstd": ".zst"}[p.Method]
	if v, err := Same(context.Background(), src, dst, ext); v != Equal || err != nil {
		return fmt.Errorf("packed: %v, %w", v, err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(peak)[0])
	return nil
}

// Packing a file, and comparing it, must take less than 64 MiB for the whole
// process, however large the file is and however many processors there are.
func TestMemory(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10 // KiB
	src := open(t, filepath.Join(t.TempDir(), "app.log.1"))
	text := accessLog(16 << 20)
	for range 3 {
		if _, err := src.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, method := range []string{"gzip", "zstd"} {
		for _, jobs := range []int{1, 2, 64} {
			t.Run(fmt.Sprint(method, " ", jobs), func(t *testing.T) {
				arg, err := json.Marshal(packing{src.Name(), filepath.Join(t.TempDir(), "packed"), method, jobs})
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
				cmd.Env = append(os.Environ(), packer+"="+string(arg), fmt.Sprintf("GOMAXPROCS=%d", max(2, jobs/4)))
				out, err := cmd.Output()
				var peak int
				if _, scanErr := fmt.Sscan(string(out), &peak); err != nil || scanErr != nil {
					t.Fatalf("%s, %v, %v", out, err, scanErr)
				}
				t.Logf("%.1f MiB", float64(peak)/1024)
				if peak > limit {
					t.Errorf("%d KiB, want at most %d", peak, limit)
				}
			})
		}
	}
}
