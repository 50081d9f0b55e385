import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, type PlatformFixes, type PlatformOf, shellWord, ulimitOption } from './parts.ts';

type Podman = PlatformOf<'podman'>;

/** Where this container's options are written: its Quadlet file, or a command line. */
function option({ name, unit }: Podman, flag: string, line: string): Fix {
  if (unit !== undefined) {
    return {
      where: `the Quadlet file of ${unit}`,
      text: `then \`systemctl daemon-reload && systemctl restart ${shellWord(unit)}\` makes it again`,
      snippet: `[Container]\n${line}`,
    };
  }
  return {
    where: 'podman run',
    text: 'a container keeps what it was made with: remove it and make it again',
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
        text: 'for every new container that declares nothing itself',
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
