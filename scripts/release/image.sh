# shellcheck shell=sh
# socklens-VERSION-image-ARCH.tar, an image of nothing but the one file and what it needs, without a registry and without
# an Engine: `image ARCH STAGED FOLDER`. `docker load`, `podman load`, `ctr images import` and skopeo read it.

# The libraries that the executable and koffi.node ask for, beside the dynamic linker: those of Debian's packages.
IMAGE_PACKAGES='libc6 libgcc-s1 libstdc++6'
IMAGE_LIBRARIES='libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 libgcc_s.so.1 libstdc++.so.6'

image() {
  image_architecture=$(oci_architecture "$1")
  case $1 in
    x64) triplet=x86_64-linux-gnu linker=lib64/ld-linux-x86-64.so.2 ;;
    arm64) triplet=aarch64-linux-gnu linker=lib/ld-linux-aarch64.so.1 ;;
  esac
  root=$work/image
  mkdir -p "$root/usr/bin" "$root/usr/lib/socklens" "$root/lib/$triplet" "$root/$(dirname "$linker")"
  install -m 755 "$2/socklens" "$root/usr/lib/socklens/"
  # A read-only root has no folder in which code may be mapped.
  install -m 644 "$2/koffi.node" "$root/usr/lib/socklens/"
  ln -s ../lib/socklens/socklens "$root/usr/bin/socklens"
  put "$2/LICENSE" usr/share/doc/socklens/LICENSE
  put "$2/THIRD-PARTY.md" usr/share/doc/socklens/THIRD-PARTY.md

  system=$(debian_files "$image_architecture" "$work/libraries")
  for library in $IMAGE_LIBRARIES; do
    install -m 755 "$system/lib/$triplet/$library" "$root/lib/$triplet/$library" 2>/dev/null ||
      install -m 755 "$system/usr/lib/$triplet/$library" "$root/lib/$triplet/$library"
  done
  install -m 755 "$system/$linker" "$root/$linker" 2>/dev/null || install -m 755 "$system/usr/$linker" "$root/$linker"
  for package in $IMAGE_PACKAGES; do
    put "$system/usr/share/doc/$package/copyright" "usr/share/doc/$package/copyright"
  done

  archive "$root" >"$work/layer.tar"
  node scripts/release/image.js "$work/layer.tar" "$image_architecture" "$version" "$work/oci"
  archive "$work/oci" blobs index.json manifest.json oci-layout >"$3/socklens-$version-image-$image_architecture.tar"
  rm -rf "$root" "$work/oci" "$work/layer.tar"
}

# Prints a folder that has the files of IMAGE_PACKAGES: the root of this machine where it is a Debian of that
# architecture, else one with the unpacked packages of the Debian that this machine is: `debian_files ARCH FOLDER`.
debian_files() {
  if [ "$(dpkg --print-architecture)" = "$1" ]; then
    echo ''
    return
  fi
  mkdir -p "$2/state" "$2/cache" "$2/root"
  # apt's own settings stay as they are: nothing of the other architecture is installed or remembered.
  apt() {
    apt-get -qq -o "APT::Architecture=$debian_wanted" -o "APT::Architectures=$debian_wanted" -o "Dir::State=$debian_work/state" \
      -o Dir::State::status=/dev/null -o "Dir::Cache=$debian_work/cache" -o APT::Sandbox::User=root "$@" >&2
  }
  debian_wanted=$1 debian_work=$2
  apt update
  # shellcheck disable=SC2086
  (cd "$2" && apt download $IMAGE_PACKAGES)
  for package in "$2"/*.deb; do dpkg-deb --extract "$package" "$2/root"; done
  # GCC's libraries have their copyright in another package, to which their folder is a link.
  base=$(readlink "$2/root/usr/share/doc/libgcc-s1") || base=
  if [ -n "$base" ]; then
    (cd "$2" && apt download "$base")
    dpkg-deb --extract "$2/${base}"_*.deb "$2/root"
  fi
  echo "$2/root"
}
