#!/bin/sh
# Runs a further suite of tests: `npm run test:NAME` runs the files of test/suites/NAME. Its suite.conf, read as
# shell, can set `programs` (`PROGRAM:DEBIAN-PACKAGE …`), `packages` (Debian packages), `workers`, `concurrency` (of
# tests within a file), `also` (patterns of other files that belong to it), and `before`, a function that is called
# before the tests.
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
packages=
workers=
concurrency=
also=
before() { :; }
# shellcheck disable=SC1090
[ ! -e "test/suites/$name/suite.conf" ] || . "test/suites/$name/suite.conf"
install_packages
# Tests whose programs are still missing are skipped, with the reason.
# shellcheck disable=SC2086
install_programs $TEST_PROGRAMS $programs || :
# shellcheck disable=SC2086
install_debian $packages || :
[ -z "$workers" ] || set -- --maxWorkers "$workers" "$@"
[ -z "$concurrency" ] || set -- --maxConcurrency "$concurrency" "$@"
before
SOCKLENS_SUITE=$name SOCKLENS_SUITE_ALSO=$also exec vitest run "$@"
