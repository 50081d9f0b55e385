import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredNetnsTick, StoredTick } from '../../../src/model/sample/recorded.ts';
import type { ConnectionEventRecord } from '../../../src/model/socket/connection-event.ts';
import type { SocketColumns } from '../../../src/model/socket/socket-columns.ts';
import type { RecordingLine } from '../../../src/recording/lines.ts';
import { type RecordingItem, RecordingReader } from '../../../src/recording/reader.ts';
import { RecordingError } from '../../../src/recording/recording-error.ts';
import { RecordingWriter } from '../../../src/recording/writer.ts';
import { inColumns } from '../../support/plain-socket.ts';
import { events, recordsOf, snapshots, T0 } from '../../support/random-records.ts';

const HEADER = {
  startedAtMs: T0,
  intervalMs: 1000,
  target: 'all',
  closely: true,
  events: true,
  eventSource: 'tracepoint',
  redacted: false,
} as const;
const NAMES = { host: () => undefined, service: () => undefined, user: () => undefined };
const numbers = fc.dictionary(fc.constantFrom('TcpInSegs', 'TcpOutSegs', 'TcpExtListenDrops'), fc.nat(1000));

/** One network namespace at a tick, without its sockets. */
const measurements = fc.record(
  {
    counters: numbers.filter((all) => Object.keys(all).length > 0),
    sockstat: fc.constant({ tcp: 1, tcp6: 0, timeWait: 5, udp: 0, udp6: 0, udplite: 0, udplite6: 0, raw: 0, raw6: 0 }),
    processes: fc.array(
      fc.record({
        pid: fc.nat(9),
        name: fc.string(),
        startTicks: fc.nat(9),
        used: fc.nat(99),
        softLimit: fc.option(fc.nat(99)),
        hardLimit: fc.option(fc.nat(99)),
      }),
      { maxLength: 3 },
    ),
    events: fc.record({ opened: fc.nat(5), established: fc.nat(5), failed: fc.nat(5), closed: fc.nat(5) }),
    lost: fc.nat(2),
  },
  { requiredKeys: ['processes', 'events', 'lost'] },
);

const inodes = fc.uniqueArray(fc.constantFrom(1, 2, 3), { maxLength: 3 });
const ticks = fc.array(fc.tuple(inodes, fc.array(measurements, { minLength: 3, maxLength: 3 })), { maxLength: 6 });

function reader(): RecordingReader {
  const made = new RecordingReader();
  made.begin(new RecordingWriter().header(HEADER));
  return made;
}

/** Reads everything that is decoded when it is read. */
function readAll(item: RecordingItem): void {
  if (item.kind === 'tick')
    for (const { snapshot } of item.tick.namespaces) if (snapshot !== undefined) recordsOf(snapshot.sockets);
  if (item.kind === 'events') for (const event of item.events) void [event.record(), event.socket.tcpInfo()];
}

const throughText = (line: RecordingLine) => JSON.parse(JSON.stringify(line)) as RecordingLine;

describe('RecordingReader', () => {
  it('decodes what the writer encoded: namespaces that start and stop, numbers that can no longer be read', () => {
    fc.assert(
      fc.property(ticks, (series) => {
        const [writer, read] = [new RecordingWriter(), reader()];
        let counters = new Map<number, Record<string, number>>();
        series.forEach(([present, shown], index) => {
          // Absent counters are unchanged; those of a new namespace start from nothing.
          const before = counters;
          counters = new Map();
          const namespaces = present.map((netns): StoredNetnsTick<never> => {
            const one = shown[netns - 1];
            const all = one?.counters && { ...before.get(netns), ...one.counters };
            if (all !== undefined) counters.set(netns, all);
            const namespace = { netns, name: `netns:${netns}`, targets: ['all'], host: false, containers: [] };
            const events = { opened: 0, established: 0, failed: 0, closed: 0 };
            return { namespace, lost: 0, events, ...one, ...(all !== undefined && { counters: all }) };
          });
          const tick: StoredTick<never> = { atMs: T0 + index, namespaces, containers: [], notes: [`${index}`] };
          const items = writer.tick(tick, NAMES).map((line) => read.take(throughText(line)));
          expect(items.at(-1)).toEqual({ kind: 'tick', tick });
        });
      }),
    );
  });

  it('decodes connection events, beginnings and ends', () => {
    fc.assert(
      fc.property(events, (all) => {
        const writer = new RecordingWriter();
        for (const event of all) writer.addEvent(event);
        const lines = writer.events(T0 + 2000);
        const back = lines.flatMap((line) => {
          const item = reader().take(throughText(line));
          return item.kind === 'events' ? item.events.map((one) => one.record()) : [];
        });
        const isEnd = ({ outcome }: ConnectionEventRecord) => outcome !== undefined;
        expect(back).toEqual([...all.filter((event) => !isEnd(event)), ...all.filter(isEnd)]);
      }),
    );
  });

  it('decodes any line or throws a RecordingError', () => {
    const types = fc.constantFrom(
      'spaces',
      'names',
      'details',
      'began',
      'ended',
      'tick',
      'end',
      'socklens-recording',
      'later',
    );
    const keys = fc.constantFrom(
      'type',
      'at',
      'spaces',
      'containers',
      'hosts',
      'services',
      'begins',
      'ends',
      'look',
      'now',
      'gone',
      'netns',
      'notes',
      'counters',
      'sockstat',
      'processes',
      'key',
      'local',
      'cookie',
      'inode',
      'sysctls',
      'declared',
      'host',
      'name',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.double(),
        fc.string(),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
      ),
    }));
    const line = fc.tuple(types, fc.dictionary(keys, value, { maxKeys: 8 })).map(([type, rest]) => ({ ...rest, type }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        const read = reader();
        for (const one of lines) {
          try {
            readAll(read.take(one as unknown as RecordingLine));
          } catch (error) {
            expect(error).toBeInstanceOf(RecordingError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('separates snapshots of two namespaces with the same inode', () => {
    fc.assert(
      fc.property(snapshots, (series) => {
        const [writer, read] = [new RecordingWriter(), reader()];
        series.forEach((snapshot, index) => {
          const namespace = { netns: 1, name: `netns:${index}`, targets: [], host: false, containers: [] };
          const tick: StoredTick<SocketColumns> = {
            atMs: snapshot.takenAtMs,
            namespaces: [{ namespace, snapshot: inColumns(snapshot), lost: 0 }],
            containers: [],
            notes: [],
          };
          const item = writer
            .tick(tick, NAMES)
            .map((line) => read.take(throughText(line)))
            .at(-1);
          const sockets = item?.kind === 'tick' ? item.tick.namespaces[0]?.snapshot?.sockets : undefined;
          expect(sockets && recordsOf(sockets)).toHaveLength(snapshot.sockets.length);
        });
      }),
    );
  });

  it.each([
    [null, 'not a socklens recording'],
    [{ type: 'tick' }, 'not a socklens recording'],
    [{ type: 'socklens-recording', version: 2 }, 'recording format 2 is not supported (up to 1); use a newer socklens'],
    [{ type: 'socklens-recording' }, 'recording format undefined'],
    [
      { type: 'socklens-recording', version: 1, startedAtMs: 1e99, intervalMs: 1 },
      'startedAtMs: Invalid value: Expected <=8640000000000000 but received 1e+99',
    ],
  ])('%j: %s', (line, message) => {
    expect(() => new RecordingReader().begin(line)).toThrow(message);
  });
});

describe('a damaged line', () => {
  const NAMESPACE = { netns: 1, name: 'web', targets: [], host: false, containers: [] };
  const process = { pid: 1, name: 'a', startTicks: 1, used: 3, softLimit: null, hardLimit: 5 };
  const tick = (change: object) => ({ type: 'tick', at: T0, spaces: [{ netns: 1, ...change }] });

  it.each<[line: object, message: string]>([
    [
      { type: 'spaces', spaces: null, containers: [] },
      'a line "spaces" is damaged: spaces: Invalid type: Expected Array but received null',
    ],
    [
      { type: 'spaces', spaces: [{ ...NAMESPACE, netns: '7' }], containers: [] },
      'spaces.0.netns: Invalid type: Expected number but received "7"',
    ],
    [
      { type: 'spaces', spaces: [NAMESPACE], containers: [{ name: 'x' }] },
      'containers.0.runtime: Invalid key: Expected "runtime" but received undefined',
    ],
    [{ type: 'names', hosts: { '::1': 7 }, services: {} }, 'hosts.::1: Invalid type: Expected string but received 7'],
    [
      { type: 'details', sysctls: { 1: { a: null } }, declared: {}, runtimeProcesses: [] },
      'sysctls.1.a: Invalid type: Expected string but received null',
    ],
    [
      { type: 'tick', at: 1e300 },
      'the time of a line is damaged: value: Invalid value: Expected <=8640000000000000 but received 1e+300',
    ],
    [
      { type: 'tick', at: T0, host: { orphans: 'many' } },
      '"host" of a tick is damaged: orphans: Invalid type: Expected number but received "many"',
    ],
    [tick({ counters: { TcpInSegs: {} } }), '"counters.TcpInSegs" of a tick is damaged: {}'],
    [tick({ sockstat: { tcp: 'x'.repeat(1000) } }), '"sockstat.tcp" of a tick is damaged: "xxx'],
    [
      tick({ processes: {} }),
      '"processes" of a tick is damaged: value: Invalid type: Expected Array but received Object',
    ],
    [
      tick({ processes: [process, null] }),
      '"processes" of a tick is damaged: 1: Invalid type: Expected Object but received null',
    ],
    [tick({ processes: [{ ...process, used: true }] }), '0.used: Invalid type: Expected number but received true'],
    [tick({ pids: [{ container: 1, current: 1 }] }), '"pids" of a tick is damaged: 0.container'],
    [tick({ memory: [{ container: 'a' }] }), '"memory" of a tick is damaged: 0.bytes'],
  ])('%j', (line, message) => {
    const read = reader();
    read.take({ type: 'spaces', spaces: [NAMESPACE], containers: [] } as unknown as RecordingLine);
    const take = () => read.take(line as unknown as RecordingLine);
    expect(take).toThrow(RecordingError);
    expect(take).toThrow(message);
    try {
      take();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(400);
    }
  });

  it('an unlimited limit of a container, null in JSON, is decoded as Infinity', () => {
    const limits = [{ name: 'nofile', soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY }];
    const declared = { abc: { limits, sysctls: {}, published: [] } };
    const read = reader();
    read.take(throughText(new RecordingWriter().details({ sysctls: {}, declared, runtimeProcesses: [] })));
    expect(read.details.declared).toEqual(declared);
  });
});
