# For the scripts of this folder: they source it from the checkout's root. POSIX sh.

# What tests use beside Node; `PROGRAM:PACKAGE`.
TEST_PROGRAMS='ip:iproute2 netstat:net-tools iptables:iptables busybox:busybox-static
  mariadb:mariadb-client-core mariadbd:mariadb-server-core haproxy:haproxy tmux:tmux pgrep:procps'

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

# Makes sure that this script may make network namespaces: `as_root WHO-MAKES COMMAND SCRIPT ARGUMENTS…`.
# Without root: once more as root of a user namespace of its own, where the machine allows that.
as_root() {
  what=$1
  command=$2
  shift 2
  if [ "$(id -u)" != 0 ]; then
    if [ -z "${SOCKLENS_NAMESPACE-}" ] && unshare --user --map-root-user true 2>/dev/null; then
      install_packages
      SOCKLENS_NAMESPACE=1 exec unshare --user --map-root-user --net --mount --pid --fork --mount-proc sh "$@"
    fi
    say "$what network namespaces, and this machine lets only root do that. Type: sudo $command"
    exit 4
  fi
  # Names of namespaces and the lock of iptables are kept below /run, which only real root can write to.
  [ -z "${SOCKLENS_NAMESPACE-}" ] || mount -t tmpfs tmpfs /run
}
