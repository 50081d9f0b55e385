import { expect, test } from 'vitest';
import { closeWaitLeak } from '../../../../src/doctor/rules/server/close-wait-leak.ts';
import { halfClosedHeld } from '../../../../src/doctor/rules/server/half-closed-held.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../../../../src/sources/sample-source.ts';
import { SeriesBuilder } from '../../../../src/sources/series/series-builder.ts';
import { type PlainSocket, storedSockets } from '../../../support/plain-socket.ts';
import { judge, START_MS, tcpSocket, tcpSockets } from '../../../support/series.ts';

const namespace = { netns: 1, name: 'web', targets: ['web'], host: false, containers: [] };
const names = { host: () => undefined, service: () => undefined, user: () => undefined };
const details = { declared: new Map(), runtimeProcesses: [] };

function tick(atMs: number, parts: Partial<NetnsTick>): Tick {
  return { atMs, namespaces: [{ namespace, lost: 0, ...parts }], containers: [], names, notes: [] };
}

/** A snapshot of some sockets, whatever they belong to. */
function snapshotOf(sockets: readonly PlainSocket[], atMs: number): SocketSnapshot {
  return {
    takenAtMs: atMs,
    source: 'sock_diag',
    sources: undefined,
    coverage: { complete: true, notes: [] },
    withoutStates: 0,
    ownersAtMs: undefined,
    sockets: storedSockets(sockets, atMs),
    holdersOf: () => [],
    containerOf: () => undefined,
    attributionOf: () => undefined,
    seenSince: () => undefined,
  } as unknown as SocketSnapshot;
}

test('a namespace that is still has the sockets of its last snapshot, later', () => {
  const idle = tcpSocket({ info: { lastSentMs: 100 } });
  const builder = new SeriesBuilder(undefined);
  builder.add(tick(START_MS, { snapshot: snapshotOf([idle], START_MS) }));
  builder.add(tick(START_MS + 5000, { still: true }));
  const [read, still] = builder.series(details).namespaces[0]?.samples ?? [];
  expect(still).toMatchObject({ atMs: START_MS + 5000, readAtMs: START_MS + 5000, source: 'sock_diag' });
  const [before, after] = [read, still].map((sample) => sample?.sockets?.toArray()[0]);
  expect(after?.cookie).toBe(idle.cookie);
  expect(before?.tcpInfoNumber('lastSentMs')).toBe(100);
  expect(after?.tcpInfoNumber('lastSentMs')).toBe(5100);
});

test('without a snapshot before there is nothing to repeat', () => {
  const builder = new SeriesBuilder(undefined);
  builder.add(tick(START_MS, { still: true }));
  expect(builder.series(details).namespaces[0]?.samples[0]).not.toHaveProperty('sockets');
});

/** Ticks of three seconds: one namespace, then another one that has its inode. */
function reused(builder: SeriesBuilder) {
  const old = { ...namespace, name: 'web-1', targets: ['web-1'] };
  const now = { ...namespace, name: 'db', targets: ['db'] };
  const process = { pid: 7, name: 'node', startTicks: 1, used: 9, softLimit: 1024, hardLimit: 1024 };
  builder.add(tick(START_MS, { namespace: old, processes: [process] }));
  builder.add(tick(START_MS + 1000, { namespace: old, processes: [process] }));
  builder.add(tick(START_MS + 2000, { namespace: now, processes: [{ ...process, pid: 8 }] }));
  return builder;
}

test('a namespace that got the inode of one that is gone has none of its samples', () => {
  const { namespaces } = reused(new SeriesBuilder(undefined)).series(details);
  expect(
    namespaces.map(({ namespace: { name }, samples }) => [
      name,
      samples.map(({ atMs, processes }) => [atMs - START_MS, processes?.[0]?.pid]),
    ]),
  ).toEqual([
    ['db', [[2000, 8]]],
    [
      'web-1',
      [
        [0, 7],
        [1000, 7],
      ],
    ],
  ]);
});

test('one whose inode was reused is forgotten as any other that is gone', () => {
  const builder = reused(new SeriesBuilder(undefined));
  builder.forgetBefore(START_MS + 1000, START_MS + 1000);
  const names = () => builder.series(details).namespaces.map(({ namespace: { name } }) => name);
  expect(names()).toEqual(['db', 'web-1']);
  builder.forgetBefore(START_MS + 1500, START_MS + 1500);
  expect(names()).toEqual(['db']);
});

test.each([
  ['CLOSE_WAIT', closeWaitLeak, 12],
  ['FIN_WAIT2', halfClosedHeld, 24],
] as const)(
  'sockets that wait in %s longer than samples are kept, and whose source tells no times',
  (state, rule, count) => {
    const process = { pid: 7, name: 'node' };
    const sockets = tcpSockets(count, { state: TCP_STATE[state], process });
    const builder = new SeriesBuilder(undefined);
    for (let ms = 0; ms <= 180_000; ms += 5000) {
      builder.add(tick(START_MS + ms, { snapshot: snapshotOf(sockets, START_MS + ms) }));
      builder.forgetBefore(START_MS + ms - 60_000, START_MS + ms - 60_000);
    }
    const [finding] = judge(rule, builder.series(details));
    expect(finding).toMatchObject({ rule: rule.name, since: new Date(START_MS).toISOString() });
    expect(finding?.evidence.find(({ what }) => /older|silent/.test(what))?.value).toBe(count);
  },
);
