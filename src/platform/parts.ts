import type { Platform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';

/** How the settings that limit a container are made durable on one platform. */
export interface PlatformFixes<P extends Platform> {
  /** A resource limit by its name without `RLIMIT_`: `nofile`. */
  limit(platform: P, name: string, soft: number, hard: number): Fix[];
  /** A sysctl of the container's own network or IPC namespace. */
  sysctl(platform: P, key: string, value: string): Fix[];
  /** The pids limit of its cgroup: threads count. */
  pids(platform: P, max: number): Fix[];
}

/** The platform of one kind. */
export type PlatformOf<K extends Platform['kind']> = Extract<Platform, { kind: K }>;

/** `1024`, `unlimited` as -1 where the platform wants a number. */
export function limitNumber(value: number): number {
  return Number.isFinite(value) ? value : -1;
}

/** `nofile=1024:4096`, the value of `--ulimit`; -1 is unlimited. */
export function ulimitOption(name: string, soft: number, hard: number): string {
  return `${name}=${limitNumber(soft)}:${limitNumber(hard)}`;
}

/** A word for a shell: in single quotes unless it is plain. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A key or value for YAML: in double quotes, as JSON, unless it is plain. */
export function yamlWord(word: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(word) ? word : JSON.stringify(word);
}

/** A block of YAML below a service of a compose file. */
export function composeBlock(service: string, lines: readonly string[]): string {
  return ['services:', `  ${yamlWord(service)}:`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** A sysctl of the whole machine. */
export function hostSysctl(key: string, value: string, why: string): Fix {
  return {
    where: '/etc/sysctl.d/90-sockets.conf on the host',
    text: `${why}: set it there and run \`sysctl --system\``,
    snippet: `${key} = ${value}`,
  };
}

/** A sysctl where the containers share the host's network. */
export function hostNetworkSysctl(key: string, value: string): Fix {
  return hostSysctl(key, value, "this container is on the host's network, whose sysctls are the host's");
}

/** A drop-in of a systemd unit. `LimitNOFILE=1024:4096`. */
export function unitDropIn(unit: string, line: string, text: string): Fix {
  return { where: `systemctl edit ${shellWord(unit)}`, text, snippet: `[Service]\n${line}` };
}

/** The line of a unit that sets a limit, systemd.exec(5). */
export function unitLimit(name: string, soft: number, hard: number): string {
  const word = (value: number) => (Number.isFinite(value) ? String(value) : 'infinity');
  return `Limit${name.toUpperCase()}=${soft === hard ? word(soft) : `${word(soft)}:${word(hard)}`}`;
}

/** What every new container of an Engine gets that declares nothing itself. */
export function engineDefault(name: string, soft: number, hard: number): Fix {
  const entry = { Name: name, Soft: limitNumber(soft), Hard: limitNumber(hard) };
  return {
    where: '/etc/docker/daemon.json',
    text: 'for every new container that declares nothing itself; restart the Engine, and make the containers again',
    snippet: `"default-ulimits": {\n  "${name}": ${JSON.stringify(entry)}\n}`,
  };
}
