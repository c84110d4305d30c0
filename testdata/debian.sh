#!/usr/bin/env bash
# Unpacks packages of Debian below testdata/.debian/root. Nothing is installed: no service starts, no user is made, and
# packages that exclude each other stand side by side. Does nothing where all of it is there.
set -euo pipefail
cd "$(dirname "$0")"

groups=(
	"apache2-bin gunicorn lighttpd mosquitto nginx-light php8.2-fpm redis-server rsyslog"
	"syslog-ng-core"
	"debootstrap systemd-container"
)

stamp=.debian/unpacked
[ "$(cat "$stamp" 2>/dev/null)" != "${groups[*]}" ] || exit 0
if ! command -v apt-get >/dev/null; then
	echo "debian: the tests with real daemons need Debian's packages" >&2
	exit 0
fi
rm -rf .debian/root .debian/packages
mkdir -p .debian/root .debian/packages/partial
fetch() {
	# What this machine has installed is not downloaded. Locks and logs stay the machine's.
	# shellcheck disable=SC2086
	apt-get install -qqy --download-only --no-install-recommends \
		-o Debug::NoLocking=1 -o Dir::Cache::archives="$PWD/.debian/packages" -o Dir::Log= $1
}
for group in "${groups[@]}"; do
	fetch "$group" || { apt-get update -q && fetch "$group"; } # its lists may be old, or not there
done
for package in .debian/packages/*.deb; do
	dpkg-deb -x "$package" .debian/root
done
rm -r .debian/packages
echo "${groups[*]}" >"$stamp"
