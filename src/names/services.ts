import { WELL_KNOWN_SERVICES } from './well-known-services.ts';

/**
 * Service names by `port/protocol` from the text of `/etc/services`, services(5).
 *
 * @param wins which of several lines with the same port and protocol is used: `first`, as getservbyport(3)
 *   answers, or `last`, as netstat does
 */
export function parseServices(text: string, wins: 'first' | 'last' = 'first'): Map<string, string> {
  const services = new Map<string, string>();
  for (const match of text.matchAll(/^[ \t]*([^\s#]+)[ \t]+(\d+\/[a-z]+)/gm)) {
    const [, name, key] = match;
    if (name === undefined || key === undefined) continue;
    if (wins === 'last' || !services.has(key)) services.set(key, name);
  }
  return services;
}

/**
 * Names of IP protocols by number from the text of `/etc/protocols`, protocols(5); of several lines
 * with the same number the last is used, as netstat does.
 */
export function parseProtocols(text: string): Map<number, string> {
  const protocols = new Map<number, string>();
  for (const match of text.matchAll(/^[ \t]*([^\s#]+)[ \t]+(\d+)/gm)) {
    if (match[1] !== undefined) protocols.set(Number(match[2]), match[1]);
  }
  return protocols;
}

/**
 * A function that names a port, by `/etc/services`, then by a small table of well-known ports: minimal
 * systems have no `/etc/services`. It returns undefined for a port that neither names.
 *
 * @param text of `/etc/services`; empty where there is none
 */
export function serviceNames(text: string): (port: number, proto: string) => string | undefined {
  const services = parseServices(text);
  return (port, proto) => {
    const transport = proto === 'udp' || proto === 'udplite' ? 'udp' : proto === 'sctp' ? 'sctp' : 'tcp';
    return services.get(`${port}/${transport}`) ?? WELL_KNOWN_SERVICES.get(port);
  };
}

/**
 * A function that gives the ports of a service name or alias, by `/etc/services`, then by the table of
 * well-known ports. It returns an empty array for a name that neither has.
 */
export function servicePorts(text: string): (name: string) => number[] {
  const ports = new Map<string, number[]>();
  for (const match of text.matchAll(/^[ \t]*([^\s#]+)[ \t]+(\d+)\/(?:tcp|udp)\b([^#\n]*)/gm)) {
    const [, name = '', port, aliases = ''] = match;
    for (const word of [name, ...aliases.trim().split(/\s+/)]) {
      const known = ports.get(word) ?? [];
      if (word !== '' && !known.includes(Number(port))) ports.set(word, [...known, Number(port)]);
    }
  }
  return (name) =>
    ports.get(name) ?? [...WELL_KNOWN_SERVICES].flatMap(([port, known]) => (known === name ? [port] : []));
}
