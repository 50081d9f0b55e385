#!/bin/sh
# Makes dist/binary/socklens-linux-ARCH: one executable that needs no Node. `build-binary.sh [--if-older] [ARCH…]`, both
# x64 and arm64 by default. Bun makes it: the only way whose start takes less time than that of an empty Node.
# Beside it koffi-linux-ARCH.node, the library for system calls that it contains, for packages.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
install_packages

if_older=
if [ "${1-}" = --if-older ]; then
  if_older=1
  shift
fi
[ $# -gt 0 ] || set -- x64 arm64

# The page of serve comes with it.
sh scripts/build.sh --if-older

# This machine's Bun bundles for all machines; those of others are only copied into the executables.
case $(uname -m) in
  aarch64) own=aarch64 ;;
  *) own=x64 ;;
esac

# The folder with an architecture's packages: those of this machine are in the lockfile, others in one of their own.
packages_of() {
  if [ -e "node_modules/@oven/bun-linux-$2/bin/bun" ] && [ -e "node_modules/@koromix/koffi-linux-$1" ]; then
    echo node_modules
    return
  fi
  folder=scripts/binary-packages/linux-$1
  installed=$folder/node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ "$folder/package-lock.json" -nt "$installed" ]; then
    say "Installing the npm packages of $folder"
    # --force: npm refuses packages for another machine.
    npm ci --prefix "$folder" --force --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2
    touch "$installed"
  fi
  echo "$folder/node_modules"
}

build() {
  case $1 in
    x64) bun_name=x64 ;;
    arm64) bun_name=aarch64 ;;
    *)
      say "build-binary: unknown architecture '$1'; available: x64 arm64"
      exit 2
      ;;
  esac
  file=dist/binary/socklens-linux-$1
  library=dist/binary/koffi-linux-$1.node
  if [ -n "$if_older" ] && [ -e "$file" ] && [ -e "$library" ]; then
    newer=$(find src docs/rules lab scripts/*binary* package.json package-lock.json -newer "$file")
    [ -n "$newer" ] || return 0
  fi
  packages=$(packages_of "$1" "$bun_name")
  bun=$(packages_of "$own" "$own")/@oven/bun-linux-$own/bin/bun
  # The paths of the sources from this folder are in the result: inside the checkout they are always the same.
  work=$(mktemp -d "$PWD/dist.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/package/docs" "$work/package/dist" "$work/out"
  cp -R docs/rules "$work/package/docs/"
  cp -R lab "$work/package/"
  cp -R dist/page "$work/package/dist/"
  cp "$packages/@koromix/koffi-linux-$1/linux_$1/koffi.node" "$work/package/"
  # Without the --no-… options it would run what a bunfig.toml of the working folder names, as root.
  # Bytecode needs ES modules because of top-level await; strip(1) would destroy the result.
  (
    root=$PWD
    cd "$work"
    "$root/$bun" build "$root/src/cli/one-file-main.ts" --compile --target="bun-linux-$1" \
      --compile-executable-path="$root/$packages/@oven/bun-linux-$bun_name/bin/bun" \
      --format=esm --splitting --bytecode --minify \
      --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
      --asset=package --outfile="out/socklens" >"$work/log" 2>&1
  ) || {
    cat "$work/log" >&2
    exit 1
  }
  mkdir -p dist/binary
  cp "$work/package/koffi.node" "$library"
  mv "$work/out/socklens" "$file.new"
  mv "$file.new" "$file"
  rm -rf "$work"
}

for architecture; do build "$architecture"; done
