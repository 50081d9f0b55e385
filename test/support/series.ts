import type { Declarations, Rule } from '../../src/doctor/rule.ts';
import type { Finding } from '../../src/model/finding/finding.ts';
import type { Names } from '../../src/model/names.ts';
import type { WatchedContainer, WatchedNetns } from '../../src/model/netns/netns.ts';
import type { HostSample, NetnsSample } from '../../src/model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../src/model/sample/series.ts';
import { parseIpv4 } from '../../src/model/socket/address.ts';
import { AddressInterner } from '../../src/model/socket/interned-address.ts';
import { TCP_STATE } from '../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSockets } from './plain-socket.ts';

/** Start of the series, milliseconds since the epoch. */
export const START_MS = Date.UTC(2026, 0, 1);

const book = new AddressInterner();
let cookies = 0;

/** A TCP socket as a dump stores it; `local` and `peer` are `a.b.c.d:port`. */
export function tcpSocket(
  parts: { local?: string; peer?: string } & Partial<Omit<PlainSocket, 'local' | 'peer'>> = {},
): PlainSocket {
  const { local = '10.0.0.2:40000', peer = '10.0.0.3:3306', ...rest } = parts;
  const [localHost = '', localPort = ''] = local.split(':');
  const [peerHost = '', peerPort = ''] = peer.split(':');
  cookies++;
  return {
    proto: 'tcp',
    family: 'inet',
    state: TCP_STATE.ESTABLISHED,
    receiveQueue: 0,
    sendQueue: 0,
    uid: 0,
    local: book.inet(parseIpv4(localHost) ?? 0),
    localPort: Number(localPort),
    peer: book.inet(parseIpv4(peerHost) ?? 0),
    peerPort: Number(peerPort),
    inode: 100_000 + cookies,
    cookie: cookies,
    timer: 0,
    timerExpiresMs: 0,
    retransmits: 0,
    interfaceIndex: 0,
    firstSeenMs: START_MS,
    socketType: 0,
    peerInode: 0,
    ...rest,
  };
}

/** `count` sockets that differ in their local port alone. */
export function tcpSockets(count: number, parts: Parameters<typeof tcpSocket>[0] = {}): PlainSocket[] {
  return Array.from({ length: count }, (_, index) => tcpSocket({ local: `10.0.0.2:${40_000 + index}`, ...parts }));
}

/** A TCP listener on every address; its inode is its port, so that several looks show the same one. */
export function listener(port: number, parts: Parameters<typeof tcpSocket>[0] = {}): PlainSocket {
  const ends = { local: `0.0.0.0:${port}`, peer: '0.0.0.0:0', state: TCP_STATE.LISTEN, sendQueue: 4096, inode: port };
  return tcpSocket({ ...ends, ...parts });
}

/** The same socket as the IPv6 table would have it. */
export function mapped(socket: PlainSocket): PlainSocket {
  const inet6 = (address: PlainSocket['local']) => book.inet6(0, 0, 0xffff, address?.words[0] ?? 0);
  return { ...socket, family: 'inet6', local: inet6(socket.local), peer: inet6(socket.peer) };
}

/** A UNIX stream socket, connected, without a name. */
export function unixSocket(parts: Partial<PlainSocket> = {}): PlainSocket {
  const { local: _local, peer: _peer, info: _info, ...socket } = tcpSocket();
  return { ...socket, proto: 'unix', family: 'unix', localPort: 0, peerPort: 0, socketType: 1, ...parts };
}

/** A container as the Engine describes it. */
export function container(parts: Partial<WatchedContainer> = {}): WatchedContainer {
  return {
    name: 'web',
    runtime: 'docker',
    id: 'a'.repeat(64),
    labels: {},
    addresses: [],
    pid: 4242,
    declared: { limits: [], sysctls: {}, published: [] },
    ...parts,
  };
}

/** A sample with its sockets as plain objects. */
export interface PlainSample extends Partial<Omit<NetnsSample, 'sockets'>> {
  sockets?: readonly PlainSocket[];
}

/** A namespace with its samples, a second apart unless they say when they were taken. */
export function spaceSeries(
  samples: readonly PlainSample[],
  namespace: Partial<WatchedNetns> = {},
  sysctls: Record<string, string> = {},
): NetnsSeries {
  return {
    namespace: {
      netns: 4026532000,
      name: 'web',
      targets: ['web'],
      host: false,
      containers: [container()],
      ...namespace,
    },
    samples: samples.map(({ sockets, ...sample }, index) => {
      const atMs = sample.atMs ?? START_MS + index * 1000;
      return { ...sample, atMs, ...(sockets !== undefined && { sockets: storedSockets(sockets, atMs) }) };
    }),
    sysctls: { 'net.core.somaxconn': '4096', 'net.ipv4.ip_local_port_range': '32768 60999', ...sysctls },
    waitingSince: new Map(),
  };
}

/** Numbers alone, as on a machine where nothing has a name. */
const nameless: Names = { host: () => undefined, service: () => undefined, user: () => undefined };

/** All that a rule judges. */
export function series(spaces: readonly NetnsSeries[], parts: Partial<Series> = {}): Series {
  const times = spaces.flatMap(({ samples }) => samples.map(({ atMs }) => atMs));
  return {
    fromMs: Math.min(START_MS, ...times),
    toMs: Math.max(START_MS, ...times),
    namespaces: spaces,
    host: [] as HostSample[],
    runtimeProcesses: [],
    names: nameless,
    notes: [],
    containers: spaces.flatMap(({ namespace }) => namespace.containers),
    ...parts,
  };
}

/** Findings of a rule, with its default settings where none are given. */
export function judge(
  rule: Rule,
  seen: Series,
  settings: Record<string, number> = {},
  declared: Partial<Declarations> = {},
): Finding[] {
  const values = Object.fromEntries(Object.entries(rule.settings).map(([name, setting]) => [name, setting.default]));
  return rule.judge(
    { series: seen, declared: { pools: [], serverLimits: [], replicas: [], ...declared } },
    { ...values, ...settings },
  );
}
