#!/usr/bin/env bash
# Installs what the tests need beside Go. Does nothing where all of it is there.
set -euo pipefail
cd "$(dirname "$0")"

need=()
have() { command -v "$1" >/dev/null || need+=("$2"); }
have logrotate logrotate
have strace strace
have setfacl acl
have zstd zstd
have gzip gzip
have bzip2 bzip2
have xz xz-utils
have pigz pigz
have node nodejs
have npm npm
have mkfs.ext4 e2fsprogs
have mkfs.xfs xfsprogs
have mkfs.btrfs btrfs-progs
have bindfs bindfs
have dbus-daemon dbus-daemon
have mandoc mandoc
[ -x /usr/lib/systemd/systemd ] || need+=(systemd)

if [ ${#need[@]} -gt 0 ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "tools: install these first: ${need[*]}" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	apt-get install -qy --no-install-recommends "${need[@]}"
fi

# Daemons of Debian, and a machine to boot, unpacked and not installed.
./debian.sh

# The packages of the Node samples, as their lock files say.
for lock in node-cluster/package-lock.json node-cluster/*/package-lock.json; do
	[ -f "$lock" ] || continue
	dir=$(dirname "$lock")
	if [ ! -f "$dir/node_modules/.package-lock.json" ] || [ "$lock" -nt "$dir/node_modules/.package-lock.json" ]; then
		npm ci --prefix "$dir" --no-audit --no-fund --silent
	fi
done
