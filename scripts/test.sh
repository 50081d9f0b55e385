#!/bin/sh
# The tests, on a machine that has Node with npm and nothing else: `npm test`, `npm test -- test/unit`.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
install_packages
install_programs ip:iproute2 netstat:net-tools iptables:iptables busybox:busybox-static
exec vitest run "$@"
