# shellcheck shell=sh
# The files that all packages have, each once: licences, completions, the executable with its library.

# What is the same for all architectures: `stage_common FOLDER`.
stage_common() {
  mkdir -p "$1/completions" "$1/man"
  cp -R LICENSE README.md CHANGELOG.md SECURITY.md docs deploy "$1/"
  node scripts/release/notices.js dist >"$1/THIRD-PARTY.md"
  npm run -s build:man
  cp dist/man/socklens.1 "$1/man/"
  bin/socklens completion bash >"$1/completions/socklens.bash"
  bin/socklens completion zsh >"$1/completions/_socklens"
  bin/socklens completion fish >"$1/completions/socklens.fish"
}

# Adds the executable and its library: `stage_files ARCH COMMON FOLDER`.
stage_files() {
  cp -R "$2" "$3"
  install -m 755 "dist/binary/socklens-linux-$1" "$3/socklens"
  install -m 644 "dist/binary/koffi-linux-$1.node" "$3/koffi.node"
}

# The name of an architecture at Debian and in images.
oci_architecture() {
  case $1 in
    x64) echo amd64 ;;
    *) echo "$1" ;;
  esac
}

# An archive of a folder's content whose bytes depend on that content alone: `archive FOLDER [NAME…]`, to stdout.
archive() {
  (
    cd "$1"
    shift
    [ $# -gt 0 ] || set -- .
    tar --create --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
      --mode=u=rwX,go=rX -- "$@"
  )
}
