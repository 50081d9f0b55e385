#!/bin/sh
# Makes dist/: the command line as CommonJS, the library as ESM, and its declarations.
# With --if-older: only where something it is made from is newer.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
install_packages

if [ "${1-}" = --if-older ] && [ -e dist/.built ]; then
  newer=$(find src scripts/*build* scripts/*.cjs scripts/third-party.js scripts/licenses rolldown.config.js tsconfig*.json package.json package-lock.json -newer dist/.built)
  [ -n "$newer" ] || exit 0
fi

# Made beside and exchanged at the end, so that what runs from dist/ meanwhile never sees half of it.
new=dist.$$
trap 'rm -rf "$new" "$new.old"' EXIT
mkdir -p "$new/cli"
: >"$new/.built"

tsc -p tsconfig.lib.json --outDir "$new/lib" &
declarations=$!
SOCKLENS_DIST=$new rolldown -c --log-level warn >/dev/null

# The cache of compiled code: what these commands use. A command that fails leaves less of it, no more.
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
[ ! -e dist ] || mv dist "$new.old"
mv "$new" dist
