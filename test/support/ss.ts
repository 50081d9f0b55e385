/** Sockets of a namespace as `ss` of iproute2 prints them, as objects to compare with. */
import type { TestNetns } from './netns.ts';
import { encodeAddress } from './recipes/sockaddr.ts';

/** One line of `ss -naeimoOH`. */
export interface SsRow {
  /** As `ss` spells it: `ESTAB`, `UNCONN` … */
  state: string;
  receiveQueue: number;
  sendQueue: number;
  local: SsEndpoint;
  peer: SsEndpoint;
  /** Absent, as `ss` leaves it out for root. */
  uid?: number;
  inode: number;
  /** The socket cookie. */
  cookie: bigint;
  /** Path of the cgroup v2. */
  cgroup?: string;
  /** `on`, `keepalive`, `timewait`, `persist`; absent without a timer. */
  timer?: { kind: string; expiresMs: number; retransmits: number };
  /** `drops`, the last entry of skmem. */
  drops?: number;
  /** What stands behind a colon in the TCP information: `rtt` is `0.05/0.03`. */
  info: ReadonlyMap<string, string>;
  /** The whole line. */
  line: string;
}

export interface SsEndpoint {
  /** Bytes of the address: 4 or 16. */
  address: readonly number[];
  /** 0 for `*`. */
  port: number;
  /** Interface name; absent where the socket is bound to none. */
  device?: string;
}

/**
 * Runs `ss` inside.
 *
 * @param family `-4` or `-6`: the line does not show the family of `*`
 * @param protocol `-t`, `-u`, `-w` or `-M`
 */
export function ss(netns: TestNetns, family: '-4' | '-6', protocol: string): SsRow[] {
  const output = netns.run('ss', family, protocol, '-naeimoOH');
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseLine(line, family));
}

function parseLine(line: string, family: '-4' | '-6'): SsRow {
  const [state = '', receiveQueue, sendQueue, local = '', peer = '', ...rest] = line.trim().split(/\s+/);
  const info = new Map<string, string>();
  for (const word of rest) {
    const colon = word.indexOf(':');
    if (colon > 0) info.set(word.slice(0, colon), word.slice(colon + 1));
    // A few stand alone, and a few have their value behind a blank.
    else info.set(word, rest[rest.indexOf(word) + 1] ?? '');
  }
  const timer = /timer:\((\w+),([^,]*),(\d+)\)/.exec(line);
  const drops = /skmem:\([^)]*,d(\d+)\)/.exec(line)?.[1];
  const uid = info.get('uid');
  const cgroup = info.get('cgroup');
  return {
    state,
    line,
    info,
    receiveQueue: Number(receiveQueue),
    sendQueue: Number(sendQueue),
    local: parseEndpoint(local, family),
    peer: parseEndpoint(peer, family),
    inode: Number(info.get('ino') ?? 0),
    cookie: BigInt(`0x${info.get('sk') ?? '0'}`),
    ...(uid === undefined ? {} : { uid: Number(uid) }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(drops === undefined ? {} : { drops: Number(drops) }),
    ...(timer === null
      ? {}
      : {
          timer: {
            kind: timer[1] ?? '',
            expiresMs: parseDuration(timer[2] ?? ''),
            retransmits: Number(timer[3]),
          },
        }),
  };
}

/** `127.0.0.1:80`, `127.0.0.1%lo:80`, `[::1]:80`, `[fe80::1]%eth0:80`, `*:*`. */
function parseEndpoint(text: string, family: '-4' | '-6'): SsEndpoint {
  const colon = text.lastIndexOf(':');
  const [host = '', device] = text.slice(0, colon).replace(/[[\]]/g, '').split('%');
  const port = text.slice(colon + 1);
  const any = family === '-4' ? '0.0.0.0' : '::';
  const sockaddr = encodeAddress({ host: host === '*' ? any : host, port: 0 });
  return {
    address: [...(family === '-4' ? sockaddr.subarray(4, 8) : sockaddr.subarray(8, 24))],
    port: port === '*' ? 0 : Number(port),
    ...(device === undefined ? {} : { device }),
  };
}

/** `896ms`, `59sec`, `4min59sec`, `1.380ms` for 1.38 seconds. */
function parseDuration(text: string): number {
  const minutes = Number(/(\d+)min/.exec(text)?.[1] ?? 0);
  const seconds = Number(/(\d+)sec/.exec(text)?.[1] ?? 0);
  const rest = /([\d.]+)ms/.exec(text)?.[1];
  const milliseconds = rest === undefined ? 0 : rest.includes('.') ? Number(rest) * 1000 : Number(rest);
  return minutes * 60_000 + seconds * 1000 + milliseconds;
}
