#!/usr/bin/env bash
# Runs each fuzz target of the module for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-60s}
found=0
while IFS=: read -r file target; do
	found=1
	echo "== $target ($(dirname "$file"))"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")"
done < <(grep -rHo --include='*_test.go' -E '^func Fuzz[A-Za-z0-9_]+' . | sed 's/func //' | sort -u)
[ "$found" = 1 ] || { echo "no fuzz target found" >&2; exit 1; }
