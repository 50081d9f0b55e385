#!/bin/sh
# Builds, then measures the comparisons of docs/performance.md: all, or those whose names contain one of the arguments. Needs root.
set -eu
cd "$(dirname "$0")/.."
# Node reads these certificates at every start; no other program that is compared does.
unset NODE_EXTRA_CA_CERTS
PATH=$PWD/node_modules/.bin:$PATH
if [ "$(id -u)" != 0 ]; then
  echo 'bench: making network namespaces needs root; type: sudo npm run bench' >&2
  exit 4
fi
for program in ip ss netstat nsenter; do
  command -v "$program" >/dev/null || {
    echo "bench: $program is missing; on Debian: apt-get install iproute2 net-tools util-linux" >&2
    exit 5
  }
done
sh scripts/build.sh
case $(uname -m) in
  aarch64) sh scripts/build-binary.sh --if-older arm64 ;;
  *) sh scripts/build-binary.sh --if-older x64 ;;
esac
exec node --disable-warning=ExperimentalWarning bench/main.ts "$@"
