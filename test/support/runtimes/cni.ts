/** Two CNI plugins as shell scripts, for containerd's CRI: no package, no bridge on the host. */
import fs from 'node:fs';

/** Answers what a plugin is asked beside ADD: `PLUGIN` does ADD and prints its result. https://www.cni.dev/docs/spec */
const FRAME = `#!/bin/sh
set -eu
case "$CNI_COMMAND" in
  VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}' ;;
  ADD)
PLUGIN
    ;;
esac
`;

const LOOPBACK = `    nsenter --net="$CNI_NETNS" ip link set lo up
    printf '{"cniVersion":"0.4.0","interfaces":[{"name":"lo","sandbox":"%s"}],"ips":[]}\\n' "$CNI_NETNS"`;

/**
 * A veth pair to the bridge `pods` of the namespace that containerd runs in, so that pods reach each other. Addresses
 * are counted up under a lock.
 */
const PODS = `    exec 9>FOLDER/lock && flock 9
    number=$(($(cat FOLDER/last 2>/dev/null || echo 1) + 1)) && echo "$number" >FOLDER/last
    address=10.99.$((number / 250)).$((number % 250 + 2))
    ip link show pods >/dev/null 2>&1 || { ip link add pods type bridge && ip address add 10.99.0.1/16 dev pods && ip link set pods up; }
    ip link add "pod$number" type veth peer name "$CNI_IFNAME" netns "$CNI_NETNS" && ip link set "pod$number" master pods up
    nsenter --net="$CNI_NETNS" sh -c "ip address add $address/16 dev $CNI_IFNAME && ip link set $CNI_IFNAME up && ip route add default via 10.99.0.1"
    printf '{"cniVersion":"0.4.0","interfaces":[{"name":"%s","sandbox":"%s"}],"ips":[{"version":"4","interface":0,"address":"%s/16","gateway":"10.99.0.1"}]}\\n' "$CNI_IFNAME" "$CNI_NETNS" "$address"`;

/**
 * Writes the plugins and their configuration.
 *
 * @returns the folders for `bin_dir` and `conf_dir`
 */
export function writeCni(folder: string): { bin: string; conf: string } {
  const [bin, conf] = [`${folder}/bin`, `${folder}/net.d`];
  for (const each of [bin, conf]) fs.mkdirSync(each, { recursive: true });
  for (const [name, plugin] of [
    ['loopback', LOOPBACK],
    ['pods', PODS.replaceAll('FOLDER', folder)],
  ]) {
    fs.writeFileSync(`${bin}/${name}`, FRAME.replace('PLUGIN', plugin ?? ''), { mode: 0o755 });
  }
  const plugins = [{ type: 'pods' }];
  fs.writeFileSync(`${conf}/10-pods.conflist`, JSON.stringify({ cniVersion: '0.4.0', name: 'pods', plugins }));
  return { bin, conf };
}
