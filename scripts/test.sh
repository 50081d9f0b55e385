#!/bin/sh
# The tests, on a machine that has Node with npm and nothing else: `npm test`, `npm test -- test/unit`.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

# Without root: once more as root of a user namespace of its own, where the machine allows that.
if [ "$(id -u)" != 0 ]; then
  if [ -z "${SOCKLENS_NAMESPACE-}" ] && unshare --user --map-root-user true 2>/dev/null; then
    install_packages
    SOCKLENS_NAMESPACE=1 exec unshare --user --map-root-user --net --mount --pid --fork --mount-proc sh "$0" "$@"
  fi
  say 'The tests make network namespaces, and this machine lets only root do that. Type: sudo npm test'
  exit 4
fi
# Names of namespaces and the lock of iptables are kept below /run, which only real root can write to.
[ -z "${SOCKLENS_NAMESPACE-}" ] || mount -t tmpfs tmpfs /run

install_packages
install_programs ip:iproute2 netstat:net-tools iptables:iptables busybox:busybox-static \
  mariadb:mariadb-client-core mariadbd:mariadb-server-core haproxy:haproxy tmux:tmux pgrep:procps
# For the reports of guard: a browser opens them, and Python reads their XML. Tests say when one is missing.
install_programs chromium:chromium python3:python3 || :
exec vitest run "$@"
