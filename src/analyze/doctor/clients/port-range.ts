/** The ports that the kernel chooses from for those who ask for none. */
export interface PortRange {
  first: number;
  last: number;
  /** How many of them it may choose: the reserved ones are taken off. */
  size: number;
  has(port: number): boolean;
}

/** What the kernel begins with, net/ipv4/af_inet.c, inet_init_net. */
const DEFAULT = [32_768, 60_999] as const;

/** The range of a namespace by its sysctls; the kernel's default where they could not be read. */
export function portRangeOf(sysctls: Readonly<Record<string, string>>): PortRange {
  const [first = DEFAULT[0], last = DEFAULT[1]] = numbers(sysctls['net.ipv4.ip_local_port_range'], /\s+/);
  const reserved = new Set<number>();
  for (const part of (sysctls['net.ipv4.ip_local_reserved_ports'] ?? '').split(',')) {
    const [from, to = from] = numbers(part, /-/);
    if (from === undefined || to === undefined) continue;
    for (let port = Math.max(from, first); port <= Math.min(to, last); port++) reserved.add(port);
  }
  return {
    first,
    last,
    size: Math.max(1, last - first + 1 - reserved.size),
    has: (port) => port >= first && port <= last && !reserved.has(port),
  };
}

function numbers(text: string | undefined, separator: RegExp): number[] {
  return (text ?? '')
    .trim()
    .split(separator)
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
}
