# shellcheck shell=sh
# socklens-VERSION-linux-ARCH.tar.gz, with one folder of that name in it: `tarball ARCH STAGED FOLDER`.
tarball() {
  name=socklens-$version-linux-$1
  mkdir "$work/tarball"
  cp -R "$2" "$work/tarball/$name"
  archive "$work/tarball" "$name" | gzip --no-name -9 >"$3/$name.tar.gz"
  rm -rf "$work/tarball"
}
