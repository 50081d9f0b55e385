import { parseIpv6 } from '../model/socket/address.ts';
import { parsePrefix } from './prefix.ts';
import type { PortsText, PortText, SyntaxAtom, TextSpan } from './syntax.ts';
import type { TokenCursor, Word } from './token-cursor.ts';

type HostAtom = Extract<SyntaxAtom, { kind: 'host' }>;
/** The value of `src` and `dst`; `note` explains an ambiguous one and is absent otherwise. */
export type EndpointText = Pick<HostAtom, 'host' | 'zone' | 'port' | 'family'> & { note?: string };

const MAX_PORT = 65535;
/** Words that mean every address, as ip(8) takes them. */
const ANY = ['', '*', 'any', 'all', 'default'];
/** Address prefixes of ss whose sockets socklens does not support. */
const FOREIGN = ['link', 'netlink', 'vsock', 'tipc', 'xdp'];

/**
 * Parses `HOST[/PREFIX][:PORT]` as ss does: the port follows the last colon, an IPv6 address is in brackets,
 * `*` is any, `inet:` and `inet6:` restrict the family. An IPv6 address without brackets is accepted where it is
 * not ambiguous. `%INTERFACE` may follow the address, in the brackets or behind them, where ss prints it.
 */
export function readEndpoint(cursor: TokenCursor, word: Word): EndpointText {
  const prefix = /^(inet6?|link|netlink|vsock|tipc|xdp):/.exec(word.text)?.[1];
  if (prefix !== undefined && FOREIGN.includes(prefix)) {
    throw cursor.wrong(word, `"${prefix}:" sockets are not supported`, ['inet:', 'inet6:', 'unix:']);
  }
  const family = prefix === 'inet' || prefix === 'inet6' ? prefix : undefined;
  const skip = prefix === undefined ? 0 : prefix.length + 1;
  const rest = word.text.slice(skip);
  const span = { at: word.at + skip, length: word.length - skip };
  const { host, zone, port, note } = splitZone(rest, span) ?? splitEndpoint(cursor, rest, span);
  return {
    ...(ANY.includes(host.text) ? {} : { host: { text: host.text, span: host } }),
    ...(zone !== undefined && { zone: { text: zone.text, span: zone } }),
    ...(port === undefined || port.text === '' || port.text === '*' ? {} : { port: readPort(cursor, port) }),
    ...(family !== undefined && { family }),
    ...(note !== undefined && { note }),
  };
}

interface EndpointWords {
  host: Word;
  zone?: Word;
  port?: Word;
  note?: string;
}

/** An address with an interface: `fe80::1%eth0`, `[fe80::1%eth0]:80`, `[fe80::1]%eth0:80`, `10.0.0.1%eth0:80`. */
const WITH_ZONE = /^\[?([^[\]%]*)\]?%([^\][:/%]+)\]?(\/\d+)?(?::(.*))?$/d;

/** @returns undefined where there is no interface */
function splitZone(text: string, span: TextSpan): EndpointWords | undefined {
  const found = WITH_ZONE.exec(text);
  if (found === null) return undefined;
  const part = (group: number): Word => {
    const [from = 0, to = 0] = found.indices?.[group] ?? [];
    return { text: text.slice(from, to), at: span.at + from, length: Math.max(to - from, 1) };
  };
  const host = part(1);
  return {
    host: { ...host, text: host.text + (found[3] ?? '') },
    zone: part(2),
    ...(found[4] !== undefined && { port: part(4) }),
  };
}

function splitEndpoint(cursor: TokenCursor, text: string, span: TextSpan): EndpointWords {
  const part = (from: number, to: number): Word => ({
    text: text.slice(from, to),
    at: span.at + from,
    length: Math.max(to - from, 1),
  });
  if (text.startsWith('[')) {
    const close = text.indexOf(']');
    if (close < 0) throw cursor.wrong(span, 'the bracket is not closed', ['[2001:db8::1]:443']);
    // A prefix length can be inside the brackets, as in ss, or after them.
    const length = /^\/\d+/.exec(text.slice(close + 1))?.[0] ?? '';
    const behind = close + 1 + length.length;
    const host = { ...part(1, close), text: text.slice(1, close) + length };
    if (behind === text.length) return { host };
    if (text[behind] !== ':')
      throw cursor.wrong(part(behind, text.length), 'expected a colon and a port after the bracket');
    return { host, port: part(behind + 1, text.length) };
  }
  const slash = text.indexOf('/');
  const colon = text.indexOf(':', slash < 0 ? text.lastIndexOf(':') : slash);
  if (colon < 0) return { host: part(0, text.length) };
  const whole = parseIpv6(text) !== undefined;
  const head = text.slice(0, colon);
  if (whole && !(head.includes(':') && parsePrefix(head) !== undefined && /^\d{1,5}$/.test(text.slice(colon + 1))))
    return { host: part(0, text.length) };
  const note = whole
    ? `${text} is parsed as [${head}]:${text.slice(colon + 1)}; write [${text}] for the address`
    : undefined;
  return { host: part(0, colon), port: part(colon + 1, text.length), ...(note !== undefined && { note }) };
}

/** Parses a port number, or a service name that is looked up later. */
export function readPort(cursor: TokenCursor, word: Word): PortText {
  const text = word.text.startsWith(':') ? word.text.slice(1) : word.text;
  const number = /^(0|[1-9]\d*|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : undefined;
  if (number !== undefined && number <= MAX_PORT) return number;
  if (number !== undefined || /^\d/.test(text)) {
    throw cursor.wrong(word, `"${text}" is not a port`, [
      'a number from 0 to 65535',
      'a service name',
      'a range 8000-8099',
    ]);
  }
  if (!/^[A-Za-z_][\w.+-]*$/.test(text)) {
    throw cursor.wrong(word, `"${text}" is not a port`, ['a number from 0 to 65535', 'a service name']);
  }
  return { service: text, span: word };
}

/** Parses `3306`, `:3306`, `mysql`, `8000-8099`, `80,443,8000-8099`; `*` is any port. */
export function readPorts(cursor: TokenCursor, word: Word): PortsText[] {
  const ports: PortsText[] = [];
  for (const item of cursor.items(word)) {
    const { text } = item;
    const range = /^:?(\d+)-:?(\d+)$/.exec(text);
    if (text === '') throw cursor.wrong(item, 'a port is missing in the list');
    if (text === '*' || text === ':*') ports.push({ first: 0, last: MAX_PORT });
    else if (range !== null) {
      const bound = (group: number) => readPort(cursor, { ...item, text: range[group] ?? '' }) as number;
      const [first, last] = [bound(1), bound(2)];
      if (first > last) throw cursor.wrong(item, `range ${text} ends before it begins`, [`${last}-${first}`]);
      ports.push({ first, last });
    } else {
      const port = readPort(cursor, item);
      ports.push({ first: port, last: port });
    }
  }
  return ports;
}
