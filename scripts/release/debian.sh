# shellcheck shell=sh
# socklens_VERSION_ARCH.deb by dpkg-deb alone, which every Debian has: `debian ARCH STAGED FOLDER`. No program of
# debhelper may touch the executable: strip(1) makes a plain Bun of it.
debian() {
  debian_architecture=$(oci_architecture "$1")
  root=$work/debian
  doc=$root/usr/share/doc/socklens
  mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/lib/socklens" "$doc"
  install -m 755 "$2/socklens" "$root/usr/lib/socklens/"
  # Found beside the executable, where a system has no folder in which code may be mapped.
  install -m 644 "$2/koffi.node" "$root/usr/lib/socklens/"
  ln -s ../lib/socklens/socklens "$root/usr/bin/socklens"
  put "$2/completions/socklens.bash" usr/share/bash-completion/completions/socklens
  put "$2/completions/_socklens" usr/share/zsh/vendor-completions/_socklens
  put "$2/completions/socklens.fish" usr/share/fish/vendor_completions.d/socklens.fish
  put "$2/THIRD-PARTY.md" usr/share/doc/socklens/THIRD-PARTY.md
  # Off until somebody enables it. That of `serve --install`, with the path that the program has here.
  node --disable-warning=ExperimentalWarning scripts/release/unit.ts >"$work/socklens.service"
  put "$work/socklens.service" usr/lib/systemd/system/socklens.service
  put scripts/release/debian/lintian-overrides usr/share/lintian/overrides/socklens
  put "$2/man/socklens.1" usr/share/man/man1/socklens.1
  gzip --no-name -9 "$root/usr/share/man/man1/socklens.1"
  # The licence without its title and lines of copyright, as the format wants it.
  sed -n '/^Permission/,$p' LICENSE | sed 's/^$/./; s/^/ /' >"$work/expat"
  sed -e "/^EXPAT\$/{r $work/expat" -e 'd}' scripts/release/debian/copyright >"$doc/copyright"
  gzip --no-name -9 <CHANGELOG.md >"$doc/CHANGELOG.md.gz"
  debian_changelog | gzip --no-name -9 >"$doc/changelog.gz"

  # dpkg-gencontrol counts the same: files in kibibytes, a kibibyte for everything else.
  size=$(find "$root/usr" -type f -printf '%s\n' -o -printf '1\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
  sed "s/VERSION/$version/; s/ARCHITECTURE/$debian_architecture/; s/SIZE/$size/" scripts/release/debian/control \
    >"$root/DEBIAN/control"
  for script in postinst prerm postrm; do install -m 755 "scripts/release/debian/$script" "$root/DEBIAN/"; done
  (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  # Level 1 takes an eighth of the time of level 6 and a tenth more space; several threads give other bytes than one.
  dpkg-deb --root-owner-group -Zxz -z1 --threads-max=1 --build "$root" "$3/socklens_${version}_$debian_architecture.deb" >/dev/null
  rm -rf "$root"
}

# Copies a file into the package: `put FILE PLACE`.
put() {
  mkdir -p "$(dirname "$root/$2")"
  install -m 644 "$1" "$root/$2"
}

debian_changelog() {
  cat <<CHANGELOG
socklens ($version) unstable; urgency=medium

  * Version $version; what changed is in /usr/share/doc/socklens/CHANGELOG.md.gz.

 -- The socklens authors <socklens@users.noreply.github.com>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
}
