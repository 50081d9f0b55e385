#!/bin/sh
# Makes dist/: the command line as CommonJS, the library as ESM with its declarations, and the page of serve.
# --if-older: only when a source file is newer than dist/.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
install_packages

if [ "${1-}" = --if-older ] && [ -e dist/.built ]; then
  newer=$(find src scripts/*build* scripts/*.cjs scripts/prune-declarations.js scripts/third-party.js scripts/page-files.js scripts/licenses rolldown.config.js tsconfig*.json package.json package-lock.json -newer dist/.built)
  [ -n "$newer" ] || exit 0
fi

# Built in a folder beside dist/ and renamed at the end: a program that runs from dist/ never sees half of it.
new=dist.$$
trap 'rm -rf "$new" "$new.old"' EXIT
mkdir -p "$new/cli"
: >"$new/.built"

tsc -p tsconfig.lib.json --outDir "$new/lib" &
declarations=$!
SOCKLENS_DIST=$new rolldown -c --log-level warn >/dev/null

# V8's code cache of what these commands use. When one of them fails the cache is smaller.
cp scripts/start.cjs "$new/cli/main.cjs"
while read -r command; do
  # shellcheck disable=SC2086
  timeout 20 node scripts/warm.cjs "$new" $command >/dev/null 2>&1 </dev/null || :
done <<COMMANDS
ps
ls host
ls pid:$$ -tuxwpi
ls pid:$$ --json
ls pid:$$ --by peer,state
netstat pid:$$ -tan
netstat pid:$$ -apn
COMMANDS

wait "$declarations"
node scripts/prune-declarations.js "$new/lib"
# The one file, the manual page and the packages are made by scripts of their own.
for made in binary man release; do
  [ ! -e "dist/$made" ] || mv "dist/$made" "$new/$made"
done
[ ! -e dist ] || mv dist "$new.old"
mv "$new" dist
