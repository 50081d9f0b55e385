import type { Platform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';

/** How to set the limits of a container permanently on one platform. */
export interface PlatformFixes<P extends Platform> {
  /** A resource limit, by its name without `RLIMIT_`: `nofile`. `Infinity` is unlimited. */
  limit(platform: P, name: string, soft: number, hard: number): Fix[];
  /** A sysctl of the container's own network or IPC namespace. */
  sysctl(platform: P, key: string, value: string): Fix[];
  /** The pids limit of its cgroup, which counts threads. */
  pids(platform: P, max: number): Fix[];
}

/** The platform of one kind. */
export type PlatformOf<K extends Platform['kind']> = Extract<Platform, { kind: K }>;

/** Converts a limit for platforms that take a number: -1 for unlimited. */
export function limitNumber(value: number): number {
  return Number.isFinite(value) ? value : -1;
}

/** Formats the value of `--ulimit`: `nofile=1024:4096`; -1 is unlimited. */
export function ulimitOption(name: string, soft: number, hard: number): string {
  return `${name}=${limitNumber(soft)}:${limitNumber(hard)}`;
}

/** Quotes a word for a shell where necessary, in single quotes. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Quotes a key or value for YAML where necessary, as a JSON string. */
export function yamlWord(word: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(word) ? word : JSON.stringify(word);
}

/** Formats YAML lines below a service of a compose file. */
export function composeBlock(service: string, lines: readonly string[]): string {
  return ['services:', `  ${yamlWord(service)}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** Sets a sysctl on the host. @param why why it is set there */
export function hostSysctl(key: string, value: string, why: string): Fix {
  return {
    where: '/etc/sysctl.d/90-sockets.conf on the host',
    text: `${why}: set it there and run \`sysctl --system\``,
    snippet: `${key} = ${value}`,
  };
}

/** Sets a sysctl for containers in the host's network namespace. */
export function hostNetworkSysctl(key: string, value: string): Fix {
  return hostSysctl(key, value, "the container uses the host's network namespace and its sysctls");
}

/** Adds a line to a systemd unit in a drop-in file: `LimitNOFILE=1024:4096`. */
export function unitDropIn(unit: string, line: string, text: string): Fix {
  return { where: `systemctl edit ${shellWord(unit)}`, text, snippet: `[Service]\n${line}` };
}

/** Formats the line of a unit that sets a limit, systemd.exec(5). */
export function unitLimit(name: string, soft: number, hard: number): string {
  const word = (value: number) => (Number.isFinite(value) ? String(value) : 'infinity');
  return `Limit${name.toUpperCase()}=${soft === hard ? word(soft) : `${word(soft)}:${word(hard)}`}`;
}

/** Sets the default of an Engine for new containers that declare no limit. */
export function engineDefault(name: string, soft: number, hard: number): Fix {
  const entry = { Name: name, Soft: limitNumber(soft), Hard: limitNumber(hard) };
  return {
    where: '/etc/docker/daemon.json',
    text: 'default for new containers that declare none; restart the Engine and recreate the containers',
    snippet: `"default-ulimits": {\n  "${name}": ${JSON.stringify(entry)}\n}`,
  };
}
