#!/bin/sh
# Holds a network namespace and a mount namespace for daemons: `unshare --net --mount sh FILE FOLDER`.
# Prints `ready` when both are as a daemon expects them, and waits to be killed.
set -eu
folder=$1

ip link set lo up

# /sys/class/net lists the links of the namespace that mounted sysfs. The mounts below /sys are bound into the new one.
mkdir "$folder/sys"
mount -t sysfs sysfs "$folder/sys"
for part in fs/cgroup fs/bpf kernel/debug kernel/tracing kernel/security; do
  if mountpoint -q "/sys/$part"; then mount --rbind "/sys/$part" "$folder/sys/$part"; fi
done
mount --rbind "$folder/sys" /sys

# dockerd would use a containerd whose socket is in /run, and that one works in the host's namespaces.
for name in docker containerd; do
  mkdir -p "/run/$name"
  mount -t tmpfs tmpfs "/run/$name"
done

echo ready
exec sleep infinity
