import type { MachinePlatform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, type PlatformFixes, shellWord, unitDropIn, unitLimit } from './parts.ts';

/** LXC: lxc.container.conf(5). */
function lxcConfig({ name }: MachinePlatform, line: string): Fix {
  return {
    where: `/var/lib/lxc/${name}/config`,
    text: 'add the line and start the container again; where containers are elsewhere, `lxc-config lxc.lxcpath` tells',
    snippet: line,
  };
}

/** LXD and Incus: "Instance options" of their documentation. */
function setOption({ kind, name }: MachinePlatform, key: string, value: string): Fix {
  const program = kind === 'incus' ? 'incus' : 'lxc';
  return {
    where: `${program} config set`,
    text: `start the instance again: \`${program} restart ${shellWord(name)}\``,
    snippet: `${program} config set ${shellWord(name)} ${key} ${shellWord(value)}`,
  };
}

/** systemd.nspawn(5). */
function nspawnFile({ name }: MachinePlatform, line: string): Fix {
  return {
    where: `/etc/systemd/nspawn/${name}.nspawn`,
    text: `start the machine again: \`machinectl reboot ${shellWord(name)}\``,
    snippet: `[Exec]\n${line}`,
  };
}

/** `SOFT:HARD` as prlimit of LXC has it. */
function lxcLimit(soft: number, hard: number): string {
  const word = (value: number) => (Number.isFinite(value) ? String(value) : 'unlimited');
  return soft === hard ? word(soft) : `${word(soft)}:${word(hard)}`;
}

/** The unit inside first: what it sets itself is not inherited from the machine. */
function inside({ name, unit }: MachinePlatform, line: string): Fix[] {
  return unit === undefined ? [] : [unitDropIn(unit, line, `inside of ${name}; restart the unit`)];
}

/** A machine has its limits from its manager, and its units have theirs from the systemd inside. */
export const machineFixes: PlatformFixes<MachinePlatform> = {
  limit: (platform, name, soft, hard) => {
    const { kind } = platform;
    if (kind === 'nspawn')
      return [...inside(platform, unitLimit(name, soft, hard)), nspawnFile(platform, unitLimit(name, soft, hard))];
    const value = lxcLimit(soft, hard);
    const own =
      kind === 'lxc'
        ? lxcConfig(platform, `lxc.prlimit.${name} = ${value}`)
        : setOption(platform, `limits.kernel.${name}`, value);
    return [...inside(platform, unitLimit(name, soft, hard)), own];
  },
  sysctl: (platform, key, value) => {
    const { kind, name, hostNetwork } = platform;
    if (hostNetwork) return [hostNetworkSysctl(key, value)];
    if (kind === 'lxc') return [lxcConfig(platform, `lxc.sysctl.${key} = ${value}`)];
    if (kind !== 'nspawn') return [setOption(platform, `linux.sysctl.${key}`, value)];
    return [
      {
        where: `/etc/sysctl.d/90-sockets.conf inside of ${name}`,
        text: 'its network namespace has its own sysctls: set it there and run `sysctl --system` inside',
        snippet: `${key} = ${value}`,
      },
    ];
  },
  pids: (platform, max) => {
    const { kind, name } = platform;
    const first = inside(platform, `TasksMax=${max}`);
    if (kind === 'lxc') return [...first, lxcConfig(platform, `lxc.cgroup2.pids.max = ${max}`)];
    if (kind !== 'nspawn') return [...first, setOption(platform, 'limits.processes', String(max))];
    return [...first, unitDropIn(`systemd-nspawn@${name}.service`, `TasksMax=${max}`, 'start the machine again')];
  },
};
