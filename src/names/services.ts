import { WELL_KNOWN_SERVICES } from './well-known-services.ts';

/**
 * Service names by `port/protocol` from the text of `/etc/services`, services(5): the first line
 * with the pair counts, as getservbyport(3) answers.
 */
export function parseServices(text: string): Map<string, string> {
  const services = new Map<string, string>();
  for (const match of text.matchAll(/^([^\s#]+)[ \t]+(\d+\/[a-z]+)/gm)) {
    const [, name, key] = match;
    if (name !== undefined && key !== undefined && !services.has(key)) services.set(key, name);
  }
  return services;
}

/**
 * A function that names a port: `/etc/services` first, then a small table of well-known ones, for a
 * fresh machine may not have the file.
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
