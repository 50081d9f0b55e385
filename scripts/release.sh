#!/bin/sh
# Makes the files of a release in one folder: `release.sh [FOLDER] [ARCH…]`, by default dist/release, for x64 and arm64.
# The same commit gives the same bytes. SOURCE_DATE_EPOCH is the time of all that is in them, by default the commit's.
set -eu
folder=${1-}
case $folder in '' | /*) ;; *) folder=$PWD/$folder ;; esac
[ $# -eq 0 ] || shift
cd "$(dirname "$0")/.."
. scripts/common.sh
for part in stage tarball debian image npm; do
  # shellcheck disable=SC1090
  . "scripts/release/$part.sh"
done
folder=${folder:-$PWD/dist/release}
[ $# -gt 0 ] || set -- x64 arm64

# What is made depends on the checkout alone, not on who makes it.
umask 022
LC_ALL=C TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export LC_ALL TZ SOURCE_DATE_EPOCH
unset TAR_OPTIONS GZIP XZ_OPT XZ_DEFAULTS

sh scripts/build.sh --if-older
sh scripts/build-binary.sh "$@"
install_packages
version=$(node -p "require('./package.json').version")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$folder"
mkdir -p "$folder"

# Tarball, Debian package and image of one architecture.
make_packages() {
  work=$work/$1
  mkdir "$work"
  stage_files "$1" "$common" "$work/staged"
  tarball "$1" "$work/staged" "$folder"
  debian "$1" "$work/staged" "$folder"
  image "$1" "$work/staged" "$folder"
  rm -rf "$work"
}

common=$work/common
stage_common "$common"
# Most of the time is compression: one core for each.
makers=
for architecture; do
  make_packages "$architecture" &
  makers="$makers $!"
done
for maker in $makers; do wait "$maker"; done
npm_package "$folder"
node scripts/release/sbom.js dist >"$folder/socklens-$version.cdx.json"

(cd "$folder" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
say "Made $folder"
