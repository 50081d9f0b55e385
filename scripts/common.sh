# Functions for the scripts of this folder, which source it from the checkout's root. POSIX sh.

# Programs that tests need beside Node: `PROGRAM:DEBIAN-PACKAGE`.
TEST_PROGRAMS='ip:iproute2 netstat:net-tools iptables:iptables busybox:busybox-static
  mariadb:mariadb-client-core mariadbd:mariadb-server-core haproxy:haproxy tmux:tmux pgrep:procps zsh:zsh fish:fish mandoc:mandoc'

say() { printf '%s\n' "$*" >&2; }

# Installs the npm packages of the lockfile; the project's own Node is one of them.
install_packages() {
  installed=node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
    say 'Installing the npm packages of package-lock.json'
    # No package needs its install script: koffi ships its native library.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2
    touch "$installed"
  fi
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
}

# Installs the Debian packages of missing programs: `PROGRAM:PACKAGE …`. Needs root; never prompts.
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
  # The package lists may be missing or outdated: the second attempt updates them.
  # shellcheck disable=SC2086
  apt_install $wanted >/dev/null 2>&1 || { apt-get -qq update $APT_PATIENCE </dev/null && apt_install $wanted >/dev/null; }
}

# Installs missing Debian packages: `PACKAGE …`. Needs root; never prompts.
install_debian() {
  absent=
  for package; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || absent="$absent $package"
  done
  [ -n "$absent" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "Missing packages; as root: apt-get install$absent"
    return 1
  fi
  say "Installing$absent"
  # shellcheck disable=SC2086
  apt_install $absent >/dev/null 2>&1 || { apt-get -qq update $APT_PATIENCE </dev/null && apt_install $absent >/dev/null; }
}

# Another apt may hold the lock for a while, and a download may break off.
APT_PATIENCE='-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3'

# No service of a package is started: policy-rc.d(8) forbids it meanwhile.
apt_install() {
  policy=/usr/sbin/policy-rc.d
  forbids=
  if [ ! -e "$policy" ]; then
    forbids=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  result=0
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends $APT_PATIENCE install "$@" </dev/null || result=$?
  [ -z "$forbids" ] || rm -f "$policy"
  return "$result"
}

# Makes sure that a script can make network namespaces: `as_root NEED COMMAND SCRIPT ARGUMENTS…`.
# Without root it runs the script again as root of a new user namespace, where the machine allows that.
as_root() {
  need=$1
  command=$2
  shift 2
  if [ "$(id -u)" != 0 ]; then
    if [ -z "${SOCKLENS_NAMESPACE-}" ] && unshare --user --map-root-user true 2>/dev/null; then
      install_packages
      SOCKLENS_NAMESPACE=1 exec unshare --user --map-root-user --net --mount --pid --fork --mount-proc sh "$@"
    fi
    say "$need network namespaces, and only root can do that on this machine; run: sudo $command"
    exit 4
  fi
  # Named namespaces and the lock of iptables are files below /run, which only real root can write to.
  [ -z "${SOCKLENS_NAMESPACE-}" ] || mount -t tmpfs tmpfs /run
}
