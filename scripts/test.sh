#!/bin/sh
# Runs the tests on a machine that has Node with npm and nothing else: `npm test`, `npm test -- test/unit`.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
as_root 'the tests make' 'npm test' "$0" "$@"

install_packages
# shellcheck disable=SC2086
install_programs $TEST_PROGRAMS
# shellcheck disable=SC1091
. test/support/software/packages.conf
# shellcheck disable=SC2086,SC2154
install_debian $software bash-completion || :
# For the reports of guard: a browser opens them, and Python parses their XML. Tests that need one are skipped without it.
install_programs chromium:chromium python3:python3 || :
exec vitest run "$@"
