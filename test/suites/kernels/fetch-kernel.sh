#!/bin/sh
# Downloads the cloud kernel of a Debian release from this machine's own mirror: fetch-kernel.sh RELEASE FOLDER. Its
# image is then FOLDER/boot/vmlinuz-VERSION. Touches none of the machine's own package lists.
set -eu
release=$1
folder=$2
site=$(apt-get indextargets --format '$(SITE)' 'Label: Debian' 'Component: main' | head -n 1)
[ -n "$site" ] || { echo 'no package lists: run apt-get update' >&2; exit 1; }
mkdir -p "$folder/lists/partial" "$folder/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $release main" >"$folder/sources.list"
set -- -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
  -o "Dir::State::lists=$folder/lists" -o "Dir::Cache::archives=$folder/archives" \
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
apt-get -qq "$@" update
package=$(apt-cache "$@" show linux-image-cloud-amd64 | sed -n 's/^Depends: \(linux-image[^ ]*\).*/\1/p' | head -n 1)
cd "$folder"
apt-get -qq "$@" download "$package"
# The modules (100 MB) are not needed. Only a complete image gets its place.
mkdir -p new
dpkg-deb --fsys-tarfile "$package"_*.deb | tar x -C new --wildcards './boot/vmlinuz-*'
ls new/boot/vmlinuz-* >/dev/null
rm -rf boot
mv new/boot boot
rm -rf "$package"_*.deb new lists archives
