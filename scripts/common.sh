# For the scripts of this folder: they source it from the checkout's root. POSIX sh.

say() { printf '%s\n' "$*" >&2; }

# The npm packages, as the lockfile has them; the project's own Node comes with them.
install_packages() {
  installed=node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
    say 'Installing the npm packages of package-lock.json'
    # No package needs its install script: koffi brings its native library with it.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2
    touch "$installed"
  fi
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
}

# Debian packages for programs that are missing: `PROGRAM:PACKAGE …`. Needs root; asks nothing.
install_programs() {
  wanted=
  for pair; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || wanted="$wanted ${pair#*:}"
  done
  [ -n "$wanted" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "Missing programs; as root: apt-get install$wanted"
    return 1
  fi
  say "Installing$wanted"
  # The lists may be missing, or too old for the mirror: then once more with new ones.
  # shellcheck disable=SC2086
  apt_install $wanted >/dev/null 2>&1 || { apt-get -qq update </dev/null && apt_install $wanted >/dev/null; }
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" </dev/null
}
