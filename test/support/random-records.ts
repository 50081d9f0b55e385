/** Random sockets, snapshots and connection events for the tests of recordings, made by fast-check. */
import fc from 'fast-check';
import type { StoredSnapshot } from '../../src/model/sample/recorded.ts';
import {
  CONNECTION_OUTCOMES,
  type ConnectionEventRecord,
  EVENT_SOURCES,
  isFailure,
  type Lifetime,
  type Outcome,
} from '../../src/model/socket/connection-event.ts';
import { AddressInterner } from '../../src/model/socket/interned-address.ts';
import { RECORDED_INFO, UNKNOWN } from '../../src/model/socket/socket-columns.ts';
import type { StoredSockets } from '../../src/model/socket/stored-sockets.ts';
import type { TcpInfo } from '../../src/model/socket/tcp-info.ts';
import type { PlainSocket } from './plain-socket.ts';

/** When everything happens, milliseconds since the epoch. */
export const T0 = 1_700_000_000_000;

/** Addresses of one book, as a source has them. */
export const BOOK = new AddressInterner();

const word = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.nat(65_535);
const few = fc.nat(3);
const count = fc.nat(2 ** 40);
const text = fc.string({ unit: 'binary', maxLength: 12 });

const inet = word.map((only) => BOOK.inet(only));
const inet6 = fc.oneof(
  fc.tuple(word, word, word, word),
  word.map((last): [number, number, number, number] => [0, 0, 0xffff, last]),
  fc.nat(0x20000).map((last): [number, number, number, number] => [0, 0, 0, last]),
);

/** The cookie: 0 where the source has none. */
const cookie = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 50 }));

/** Ages are up to an hour, so that no time is before the epoch. */
const info = fc
  .tuple(...RECORDED_INFO.map((field) => fc.option(/Ms$/.test(field) ? fc.nat(3_600_000) : count, { nil: undefined })))
  .map((values) => {
    const made: TcpInfo = { rttUs: 1 };
    RECORDED_INFO.forEach((field, index) => {
      const value = values[index];
      if (value !== undefined) made[field] = value;
    });
    return made;
  });

const common = fc.record(
  {
    cookie,
    inode: fc.oneof(fc.constant(0), fc.nat(2 ** 31)),
    uid: few,
    state: fc.integer({ min: 1, max: 13 }),
    receiveQueue: few,
    sendQueue: fc.nat(2 ** 31),
    retransmits: few,
    interfaceIndex: few,
    firstSeenMs: fc.integer({ min: T0 - 1000, max: T0 }),
    notBeforeMs: fc.integer({ min: T0 - 2000, max: T0 }),
    holders: fc.array(fc.record({ pid: fc.nat(2 ** 22), name: text }), { minLength: 1, maxLength: 3 }),
    container: text,
  },
  {
    requiredKeys: [
      ...(['cookie', 'inode', 'uid', 'state', 'receiveQueue', 'sendQueue', 'retransmits'] as const),
      ...(['interfaceIndex', 'firstSeenMs'] as const),
    ],
  },
);

const timer = fc.oneof(
  fc.constant({ timer: 0, timerExpiresMs: 0 }),
  fc.record({ timer: fc.integer({ min: 1, max: 5 }), timerExpiresMs: fc.nat(7_200_000) }),
);

const details = fc.record(
  { info, drops: fc.nat(100), receiveBufferBytes: count, receiveMemoryBytes: count },
  { requiredKeys: [] },
);
const none = { socketType: 0, peerInode: 0 };
const proto = fc.constantFrom('tcp' as const, 'udp' as const, 'raw' as const, 'mptcp' as const);

const inetRecord = fc
  .tuple(common, timer, details, fc.record({ proto, local: inet, peer: inet, localPort: port, peerPort: port }))
  .map(([a, b, c, d]): PlainSocket => ({ ...a, ...b, ...c, ...d, ...none, family: 'inet' }));
const inet6Record = fc
  .tuple(common, timer, details, fc.record({ proto, local: inet6, peer: inet6, localPort: port, peerPort: port }))
  .map(([a, b, c, { local, peer, ...d }]): PlainSocket => {
    return { ...a, ...b, ...c, ...d, ...none, family: 'inet6', local: BOOK.inet6(...local), peer: BOOK.inet6(...peer) };
  });
/** Paths do not begin with a zero byte; abstract names do, and it is shown as `@`. */
const path = text.filter((name) => !name.startsWith('\0'));
const unixRecord = fc
  .tuple(
    common,
    fc.record(
      { socketType: fc.constantFrom(1, 2, 5), peerInode: fc.nat(9), path },
      { requiredKeys: ['socketType', 'peerInode'] },
    ),
  )
  .map(([a, b]): PlainSocket => {
    return { ...a, ...b, proto: 'unix', family: 'unix', localPort: 0, peerPort: 0, timer: 0, timerExpiresMs: 0 };
  });

/** A socket of any kind; its source may not know all of its numbers, which are 0 then. */
export const record = fc
  .tuple(fc.oneof(inetRecord, inet6Record, unixRecord), fc.oneof(fc.constant(0), fc.nat(63)))
  .map(([socket, unknown]): PlainSocket => {
    if (unknown === 0) return socket;
    const made = { ...socket, unknown };
    for (const [field, bit] of Object.entries(UNKNOWN)) {
      if ((unknown & bit) !== 0) made[field as keyof typeof UNKNOWN] = 0;
    }
    return (unknown & UNKNOWN.timer) === 0 ? made : { ...made, timerExpiresMs: 0 };
  });

/** Distinct sockets, by cookie, inode or endpoints. */
export const records = fc.uniqueArray(record, {
  maxLength: 12,
  selector: ({ cookie: key, inode, proto: name, local, peer, localPort, peerPort }) =>
    key !== 0 ? key : inode !== 0 ? -inode : `${name} ${local?.text} ${localPort} ${peer?.text} ${peerPort}`,
});

/** Looks, a second apart, in which some sockets stay as they are. */
export const snapshots = fc
  .array(fc.tuple(records, fc.array(fc.boolean(), { maxLength: 12 })), { maxLength: 6 })
  .map((series) => {
    const made: StoredSnapshot<readonly PlainSocket[]>[] = [];
    series.forEach(([fresh, stay], index) => {
      const before = (made.at(-1)?.sockets ?? []).filter((_, at) => stay[at]);
      const known = new Set(before.map(keyOf));
      const sockets = [...before.map(aSecondLater), ...fresh.filter((one) => !known.has(keyOf(one)))];
      const coverage = index % 2 === 0 ? { complete: true, notes: [] } : { complete: false, notes: [`note ${index}`] };
      const source = index % 3 === 2 ? ('procfs' as const) : ('sock_diag' as const);
      made.push({ takenAtMs: T0 + 1000 * index, source, coverage, withoutStates: index % 2 === 0 ? 0 : 64, sockets });
    });
    return made;
  });

/** What tells sockets apart. */
export function keyOf({ cookie: key, inode, proto: name, local, peer, localPort, peerPort }: PlainSocket) {
  return key !== 0 ? key : inode !== 0 ? -inode : `${name} ${local?.text} ${localPort} ${peer?.text} ${peerPort}`;
}

/** Kept sockets as records again, field by field as views tell them. */
export function recordsOf(sockets: StoredSockets): PlainSocket[] {
  const made: PlainSocket[] = [];
  sockets.each((socket) => {
    const { proto, family, state, localPort, peerPort, inode } = socket;
    const { timerExpiresMs = 0, socketType, peerInode, firstSeenMs, notBeforeMs } = socket;
    const numbers = { receiveQueue: 0, sendQueue: 0, uid: 0, timer: 0, retransmits: 0, interfaceIndex: 0 };
    let unknown = 0;
    for (const [name, bit] of Object.entries(UNKNOWN)) {
      const field = name as keyof typeof UNKNOWN;
      const value = socket[field];
      if (value === undefined) unknown |= bit;
      else numbers[field] = value;
    }
    const word = (read: (index: 0 | 1 | 2 | 3) => number) => [read(0), read(1), read(2), read(3)] as const;
    const [local, peer] = [word((index) => socket.localWord(index)), word((index) => socket.peerWord(index))];
    const optional = {
      ...(family === 'inet' && { local: BOOK.inet(local[0]), peer: BOOK.inet(peer[0]) }),
      ...(family === 'inet6' && { local: BOOK.inet6(...local), peer: BOOK.inet6(...peer) }),
      receiveBufferBytes: socket.receiveBufferBytes(),
      receiveMemoryBytes: socket.receiveMemoryBytes(),
      drops: socket.drops(),
      info: socket.tcpInfo(),
      holders: socket.holders.length > 0 ? socket.holders : undefined,
      container: socket.container,
      notBeforeMs,
      path: nameOf(socket.unixName()),
    };
    made.push({
      proto,
      family,
      state,
      localPort,
      peerPort,
      ...numbers,
      ...(unknown !== 0 && { unknown }),
      inode,
      timerExpiresMs,
      socketType,
      peerInode,
      firstSeenMs,
      cookie: socket.cookieHigh * 2 ** 32 + socket.cookieLow,
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    });
  });
  return made;
}

/** The text of a UNIX socket's raw name. */
function nameOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return name.startsWith('\0') ? `@${name.slice(1)}` : name;
}

/** A socket to which nothing happens: its clocks go on. */
function aSecondLater(one: PlainSocket): PlainSocket {
  const later = { ...one, timerExpiresMs: Math.max(0, one.timerExpiresMs - 1000) };
  if (one.info === undefined) return later;
  later.info = { ...one.info };
  for (const field of ['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'] as const) {
    const age = one.info[field];
    if (age !== undefined) later.info[field] = age + 1000;
  }
  return later;
}

const endpoint = fc.record(
  { address: inet.map((address) => address.text), port, name: text.filter((name) => name !== ''), service: text },
  { requiredKeys: ['address', 'port'] },
);

/** The kind follows from the outcome; only ends have one, and a lifetime. */
function withKind({
  outcome,
  lifetime,
  ...rest
}: {
  atMs: number;
  latencyUs?: number;
  outcome?: Outcome | undefined;
  lifetime: Lifetime;
}) {
  const at = new Date(Math.floor(rest.atMs));
  const made =
    outcome === undefined
      ? fc.constantFrom('opened' as const, 'established' as const).map((event) => ({ ...rest, at, event }))
      : fc.constant({
          ...rest,
          at,
          outcome,
          ...(rest.latencyUs === undefined && { lifetime }),
          event: isFailure(outcome) ? 'failed' : 'closed',
        });
  return made as fc.Arbitrary<ConnectionEventRecord>;
}

/** Connection events without facts from dumps. */
export const events: fc.Arbitrary<ConnectionEventRecord[]> = fc.array(
  fc
    .record(
      {
        // Microseconds.
        atMs: fc.integer({ min: T0 * 1000, max: (T0 + 2000) * 1000 }).map((us) => us / 1000),
        source: fc.constantFrom(...EVENT_SOURCES),
        netns: fc.constantFrom(1, 2),
        target: text,
        state: fc.integer({ min: 1, max: 12 }),
        proto: fc.constantFrom('tcp' as const, 'udp' as const),
        family: fc.constant('inet' as const),
        local: endpoint,
        peer: endpoint,
        role: fc.constantFrom('client' as const, 'server' as const),
        processes: fc.tuple(fc.record({ pid: fc.nat(2 ** 22), name: text })),
        container: text,
        lifetime: fc.record({ atLeastMs: count, atMostMs: count }, { requiredKeys: ['atLeastMs'] }),
        bytesSent: count,
        bytesReceived: count,
        rttUs: count,
        retransmits: few,
        receiveQueue: few,
        interfaceIndex: few,
        lastSentMs: few,
        lastReceivedMs: few,
        lastAckReceivedMs: few,
        latencyUs: count,
        errno: fc.constantFrom('ECONNREFUSED', 'ETIMEDOUT'),
        closedBy: fc.constantFrom('local' as const, 'peer' as const),
        outcome: fc.constantFrom(undefined, ...CONNECTION_OUTCOMES),
        cookie: fc.integer({ min: 1, max: 2 ** 50 }).map((number) => number.toString(16)),
      },
      {
        requiredKeys: [
          ...([
            'atMs',
            'source',
            'netns',
            'target',
            'proto',
            'family',
            'state',
            'local',
            'peer',
            'lifetime',
            'outcome',
          ] as const),
        ],
      },
    )
    .chain(withKind),
  { maxLength: 8 },
);
