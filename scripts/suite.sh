#!/bin/sh
# Runs a further suite of tests: `npm run test:NAME` runs the files of test/suites/NAME. Its suite.conf, read as
# shell, can set `programs` (`PROGRAM:DEBIAN-PACKAGE …`) and `workers`.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
name=${1-}
if [ -z "$name" ] || [ ! -d "test/suites/$name" ]; then
  say "unknown suite '$name'; available: $(ls test/suites | tr '\n' ' ')"
  exit 2
fi
as_root 'the tests make' "npm run test:$name" "$0" "$@"
shift

programs=
workers=
# shellcheck disable=SC1090
[ ! -e "test/suites/$name/suite.conf" ] || . "test/suites/$name/suite.conf"
install_packages
# Tests whose programs are still missing are skipped, with the reason.
# shellcheck disable=SC2086
install_programs $TEST_PROGRAMS $programs || :
[ -z "$workers" ] || set -- --maxWorkers "$workers" "$@"
SOCKLENS_SUITE=$name exec vitest run "$@"
