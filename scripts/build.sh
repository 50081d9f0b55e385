#!/bin/sh
# Makes dist/: the command line as CommonJS, the library as ESM, and its declarations.
# With --if-older: only where something it is made from is newer.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
install_packages

if [ "${1-}" = --if-older ] && [ -e dist/.built ]; then
  newer=$(find src scripts/build.sh rolldown.config.js tsconfig*.json package-lock.json -newer dist/.built)
  [ -n "$newer" ] || exit 0
fi

# Made beside and exchanged at the end, so that what runs from dist/ meanwhile never sees half of it.
new=dist.$$
trap 'rm -rf "$new" "$new.old"' EXIT
mkdir -p "$new"
: >"$new/.built"
tsc -p tsconfig.lib.json --outDir "$new/lib" &
declarations=$!
SOCKLENS_DIST=$new rolldown -c --log-level warn
wait "$declarations"
[ ! -e dist ] || mv dist "$new.old"
mv "$new" dist
