/** The state of a machine that a test run must not change, and its differences. */

/** Environment variable in which the check lists how the machine has changed; the closing lines count it as a failure. */
export const CHANGED_VARIABLE = 'SOCKLENS_TEST_HOST_CHANGED';

/** One line of text for each thing; the order has no meaning. */
export interface HostState {
  /** `docker0 172.17.0.1/16`: with its addresses, link-local ones left out. */
  bridges: readonly string[];
  /** Links that are not bridges: `eth0 10.0.0.2/24`. */
  links: readonly string[];
  /** `iptables: filter -A FORWARD -j DOCKER-USER`: chains with their policies, and rules. */
  'packet filter rules': readonly string[];
  /** `/run/netns/web (nsfs)`: mount point and type. */
  mounts: readonly string[];
  /** Names in `/run/netns`, ip-netns(8). */
  'named namespaces': readonly string[];
  /** Ids of containers of any runtime that have a process. */
  'running containers': readonly string[];
  /** Folders of private Engines: one stays while its daemon or containers run. */
  'private Engines': readonly string[];
  /** Folders in which a `serve` of this machine itself keeps what it has. */
  'folders of serve': readonly string[];
}

/**
 * @returns a line for each difference: `bridges: missing: docker0 172.17.0.1/16`, `mounts: left behind: /mnt (tmpfs)`
 */
export function differences(before: HostState, after: HostState): string[] {
  const kinds = Object.keys(before) as (keyof HostState)[];
  return kinds.flatMap((kind) => [
    ...without(before[kind], after[kind]).map((line) => `${kind}: missing: ${line}`),
    ...without(after[kind], before[kind]).map((line) => `${kind}: left behind: ${line}`),
  ]);
}

/** Lines that the other list lacks or has fewer times: the same mount can be listed twice. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index === -1) return true;
    left.splice(index, 1);
    return false;
  });
}

/** Fields of a link in `ip -json -details address` that are compared. */
interface IpLink {
  ifname?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: { local?: string; prefixlen?: number; scope?: string }[];
}

/** @param json what `ip -json -details address` prints */
export function linksOf(json: string): Pick<HostState, 'bridges' | 'links'> {
  // ip(8) prints `{}` for each link that a filter excludes.
  const links = (JSON.parse(json) as IpLink[]).filter(({ ifname }) => ifname !== undefined);
  const isBridge = ({ linkinfo }: IpLink) => linkinfo?.info_kind === 'bridge';
  return {
    bridges: links.filter(isBridge).map(linkLine),
    links: links.filter((link) => !isBridge(link)).map(linkLine),
  };
}

/** Link-local addresses are left out: the kernel adds and removes them as the link goes up and down. */
function linkLine({ ifname, addr_info = [] }: IpLink): string {
  const global = addr_info.filter(({ scope }) => scope === 'global');
  return [ifname, ...global.map(({ local, prefixlen }) => `${local}/${prefixlen}`)].join(' ');
}

/**
 * @param program for the lines: `iptables`
 * @param text what `iptables-save` prints: `*TABLE`, `:CHAIN POLICY [PACKETS:BYTES]`, rules, `COMMIT`, `# comment`
 */
export function rulesOf(program: string, text: string): string[] {
  let table = '';
  const rules: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    // Packet and byte counters change all the time.
    else if (/^(\[\d+:\d+\] )?-|^:/.test(line))
      rules.push(`${program}: ${table} ${line.replace(/ ?\[\d+:\d+\] ?/, '')}`);
  }
  return rules;
}

/**
 * @param text of `/proc/self/mountinfo`, proc_pid_mountinfo(5)
 */
export function mountsOf(text: string): string[] {
  const mounts = text.split('\n').filter(Boolean).map(mountLine);
  return mounts.filter((line) => !PERMANENT.some((pattern) => pattern.test(line)));
}

function mountLine(line: string): string {
  const [mount = '', rest = ''] = line.split(' - ');
  return `${mount.split(' ')[4]} (${rest.split(' ')[0]})`;
}

/** Mounts that a program makes once, at its first use, and never removes. */
const PERMANENT = [
  // ip(8) bind-mounts the folder on itself with the first name.
  /^(\/var)?\/run\/netns \(/,
  // Docker mounts the host's namespace at the first container on the host's network.
  /\/docker\/netns\/default \(/,
];

/**
 * @param texts of `/proc/PID/cgroup`, cgroups(7)
 * @returns ids of containers, each once
 */
export function containersOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => /[0-9a-f]{64}/.exec(text)?.[0] ?? []))];
}
