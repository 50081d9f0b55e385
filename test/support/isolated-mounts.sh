#!/bin/sh
# Runs a program with mounts that no other process changes: `unshare --mount sh FILE CHECKOUT PROGRAM ARGUMENTS…`.
# Removing a mounted-on file or folder unmounts it in every mount namespace (unlink(2) on a mount point), so even a
# private copy of the host's mounts changes while other tests remove named namespaces or containers. What stays
# mounted is the root, the kernel's file systems and what holds CHECKOUT and its Node.
set -eu
checkout=$1
shift
kept="$(readlink -f "$checkout") $(readlink -f "$checkout/node_modules") $(readlink -f "$checkout/node_modules/.bin/node")"

awk -v kept="$kept" '
  BEGIN { count = split(kept, paths, " ") }
  $5 == "/" || $5 ~ "^/(proc|sys|dev)(/|$)" { next }
  {
    for (i = 1; i <= count; i++) if (index(paths[i] "/", $5 "/") == 1) next
    points[++last] = $5
  }
  END { for (; last > 0; last--) print points[last] }
' /proc/self/mountinfo | while read -r point; do
  # One below it may have gone with it.
  umount -l "$point" 2>/dev/null || :
done

# Named namespaces of its own, ip-netns(8).
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
exec "$@"
