/** What a test run must leave on the machine as it was, and what differs. */

/** Set after the tests where the machine is not as it was, for the closing line: one failure more. */
export const CHANGED_VARIABLE = 'SOCKLENS_TEST_HOST_CHANGED';

/** Each thing is a line of text that names it; the order has no meaning. */
export interface HostState {
  /** `docker0 172.17.0.1/16`: with its addresses, those of the link alone left out. */
  bridges: readonly string[];
  /** All that are no bridges: `eth0 10.0.0.2/24`. */
  links: readonly string[];
  /** `iptables: filter -A FORWARD -j DOCKER-USER`: chains with their policies, and rules. */
  'packet filter rules': readonly string[];
  /** `/run/netns/web (nsfs)`: mount point and type. */
  mounts: readonly string[];
  /** As `ip netns` knows them. */
  'named namespaces': readonly string[];
  /** Ids of containers of any runtime that have a process. */
  'running containers': readonly string[];
}

/**
 * @returns a line for each difference: `bridges: gone: docker0 172.17.0.1/16`, `mounts: left behind: /mnt (tmpfs)`
 */
export function differences(before: HostState, after: HostState): string[] {
  const kinds = Object.keys(before) as (keyof HostState)[];
  return kinds.flatMap((kind) => [
    ...without(before[kind], after[kind]).map((line) => `${kind}: gone: ${line}`),
    ...without(after[kind], before[kind]).map((line) => `${kind}: left behind: ${line}`),
  ]);
}

/** Lines of one list that the other has not, or not so often: the same mount can be there twice. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index === -1) return true;
    left.splice(index, 1);
    return false;
  });
}

/** A link of `ip -json -details address`, as far as it is compared. */
interface IpLink {
  ifname?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: { local?: string; prefixlen?: number; scope?: string }[];
}

/** @param json what `ip -json -details address` prints */
export function linksOf(json: string): Pick<HostState, 'bridges' | 'links'> {
  // An `{}` stands for each link that a filter left out.
  const links = (JSON.parse(json) as IpLink[]).filter(({ ifname }) => ifname !== undefined);
  const isBridge = ({ linkinfo }: IpLink) => linkinfo?.info_kind === 'bridge';
  return {
    bridges: links.filter(isBridge).map(linkLine),
    links: links.filter((link) => !isBridge(link)).map(linkLine),
  };
}

/** The kernel gives and takes addresses of the link alone as it goes up and down. */
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
    // Counters go on all the time.
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
  return mounts.filter((line) => !STAYS.some((pattern) => pattern.test(line)));
}

function mountLine(line: string): string {
  const [mount = '', rest = ''] = line.split(' - ');
  return `${mount.split(' ')[4]} (${rest.split(' ')[0]})`;
}

/** Made once by the first who needs it, and kept by the program that made it. */
const STAYS = [
  // ip(8) mounts the folder on itself with the first name.
  /^(\/var)?\/run\/netns \(/,
  // An Engine keeps the host's namespace, with the first container on the host's network.
  /\/docker\/netns\/default \(/,
];

/**
 * @param texts of `/proc/PID/cgroup`, cgroups(7)
 * @returns ids of containers, each once
 */
export function containersOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => /[0-9a-f]{64}/.exec(text)?.[0] ?? []))];
}
