#!/bin/sh
# A further suite of tests: `npm run test:NAME` runs the files of test/suites/NAME. What else it needs
# stands in its suite.conf, read as shell: `programs` (PROGRAM:PACKAGE of Debian's) and `workers`.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
name=${1-}
if [ -z "$name" ] || [ ! -d "test/suites/$name" ]; then
  say "no suite ${name:-named}; there are: $(ls test/suites | tr '\n' ' ')"
  exit 2
fi
as_root 'The tests make' "npm run test:$name" "$0" "$@"
shift

programs=
workers=
# shellcheck disable=SC1090
[ ! -e "test/suites/$name/suite.conf" ] || . "test/suites/$name/suite.conf"
install_packages
# What is missing afterwards is told by the tests that need it, with the rest of what could not run.
# shellcheck disable=SC2086
install_programs $TEST_PROGRAMS $programs || :
[ -z "$workers" ] || set -- --maxWorkers "$workers" "$@"
SOCKLENS_SUITE=$name exec vitest run "$@"
