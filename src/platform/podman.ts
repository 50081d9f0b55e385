import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, type PlatformFixes, type PlatformOf, shellWord, ulimitOption } from './parts.ts';

type Podman = PlatformOf<'podman'>;

/** Sets an option of a container: in its Quadlet file, or on the command line. */
function option({ name, unit }: Podman, flag: string, line: string): Fix {
  if (unit !== undefined) {
    return {
      where: `the Quadlet file of ${unit}`,
      text: `then run \`systemctl daemon-reload && systemctl restart ${shellWord(unit)}\`, which recreates the container`,
      snippet: `[Container]\n${line}`,
    };
  }
  return {
    where: 'podman run',
    text: 'remove the container and create it again: this is fixed at creation',
    snippet: `podman run --name ${shellWord(name)} ${flag} …`,
  };
}

/** podman-run(1), podman-systemd.unit(5), containers.conf(5). */
export const podmanFixes: PlatformFixes<Podman> = {
  limit: (platform, name, soft, hard) => {
    const value = ulimitOption(name, soft, hard);
    return [
      option(platform, `--ulimit ${value}`, `Ulimit=${value}`),
      {
        where: '/etc/containers/containers.conf',
        text: 'default for new containers that declare none',
        snippet: `[containers]\ndefault_ulimits = ["${value}"]`,
      },
    ];
  },
  sysctl: (platform, key, value) => [
    platform.hostNetwork
      ? hostNetworkSysctl(key, value)
      : option(platform, `--sysctl ${shellWord(`${key}=${value}`)}`, `Sysctl=${key}=${value}`),
  ],
  pids: (platform, max) => [option(platform, `--pids-limit ${max}`, `PidsLimit=${max}`)],
};
