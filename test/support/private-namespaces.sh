#!/bin/sh
# Holds a network namespace and a mount namespace for daemons: `unshare --net --mount sh FILE FOLDER`.
# Says `ready` when both are as a daemon expects them, and waits to be killed.
set -eu
folder=$1

ip link set lo up

# The links of /sys/class/net are those of the namespace that sysfs was mounted in. What is mounted below it goes along.
mkdir "$folder/sys"
mount -t sysfs sysfs "$folder/sys"
for part in fs/cgroup fs/bpf kernel/debug kernel/tracing kernel/security; do
  if mountpoint -q "/sys/$part"; then mount --rbind "/sys/$part" "$folder/sys/$part"; fi
done
mount --rbind "$folder/sys" /sys

# An Engine uses a containerd whose socket it finds in /run, and that one would work in the host's namespaces.
for name in docker containerd; do
  mkdir -p "/run/$name"
  mount -t tmpfs tmpfs "/run/$name"
done

echo ready
exec sleep infinity
