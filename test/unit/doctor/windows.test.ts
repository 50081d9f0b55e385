/** Judged means that it could have fired: every rule that needs time, on a series as long as it asks for. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/catalogue.ts';
import { examine, settingsOf } from '../../../src/doctor/examine.ts';
import type { Rule } from '../../../src/doctor/rule.ts';
import { nofileNearLimit } from '../../../src/doctor/rules/descriptors/nofile-near-limit.ts';
import { covers, evenlySpaced } from '../../../src/doctor/snapshots/windows.ts';
import type { Series } from '../../../src/model/sample/series.ts';
import { closedGroup } from '../../support/closed-group.ts';
import { processSample } from '../../support/process-sample.ts';
import {
  container,
  judge,
  listener,
  type PlainSample,
  START_MS,
  series,
  spaceSeries,
  tcpSocket,
  tcpSockets,
} from '../../support/series.ts';

/** A fault that lasts all the time of the ticks, whose times are milliseconds from the start. */
type Scene = (ticks: readonly number[]) => Series;

const own = { process: { pid: 4242, name: 'web' }, container: 'web' };
const shop = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
const instances = [2, 3, 4].map((last) =>
  container({
    name: `api-${last}`,
    id: `${last}`.repeat(64),
    labels: shop,
    addresses: [{ network: 'shop', address: `10.1.0.${last}` }],
  }),
);
const published = container({
  declared: { limits: [], sysctls: {}, published: [{ proto: 'tcp', containerPort: 8080, hostPort: 80 }] },
});

/** A sample for each tick, with its number and how far it is, 0 to 1. */
function over(sample: (index: number, share: number) => PlainSample): Scene {
  return (ticks) =>
    series([
      spaceSeries(
        ticks.map((ms, index) => ({ atMs: START_MS + ms, ...sample(index, ms / Math.max(1, ticks.at(-1) ?? 0)) })),
        { containers: [published] },
      ),
    ]);
}

const uneven = [40, 3, 2].flatMap((count, index) => tcpSockets(count, { ...own, peer: `10.1.0.${index + 2}:8080` }));
const idle = tcpSockets(50, { ...own, info: { lastSentMs: 400_000, lastReceivedMs: 400_000 } });
const loopback = [listener(8080, { local: '127.0.0.1:8080' })];

const waiting = tcpSocket({ local: '10.1.0.9:8080', peer: '10.1.0.2:50000', inode: 0 });

const served = tcpSocket({
  local: '10.1.0.9:8080',
  peer: '10.1.0.2:50001',
  info: { bytesReceived: 30, bytesSent: 60, lastReceivedMs: 9000, lastSentMs: 8990 },
});

/** Lookups that get no answer. */
const lookups = [40_001, 40_002].map((port) =>
  tcpSocket({ ...own, proto: 'udp', cookie: port, inode: port, local: `10.0.0.2:${port}`, peer: '10.0.0.9:53' }),
);

/** Requests that have had no answer for a minute. */
const hanging = tcpSockets(3, {
  ...own,
  peer: '10.0.0.3:8080',
  info: { bytesSent: 80, bytesReceived: 0, dataSegmentsOut: 1, lastSentMs: 60_000, lastReceivedMs: 60_000 },
});

/** A pooler whose four clients wait for their answers while its connection to the server is idle, for minutes already. */
function pooler(share: number): PlainSample {
  const ofPooler = (local: string, peer: string, cookie: number, sentMs: number, receivedMs: number) =>
    tcpSocket({
      local,
      peer,
      cookie,
      inode: cookie,
      holders: [{ pid: 7, name: 'pgbouncer' }],
      info: {
        lastSentMs: sentMs + share * 1000,
        lastReceivedMs: receivedMs + share * 1000,
        bytesSent: 400,
        bytesReceived: 80,
        dataSegmentsIn: 3,
        dataSegmentsOut: 3,
      },
    });
  return {
    sockets: [
      listener(6432, { holders: [{ pid: 7, name: 'pgbouncer' }] }),
      ...[1, 2, 3, 4].map((at) => ofPooler('10.0.0.2:6432', `10.0.0.5:4000${at}`, at, 200_000, 150_000)),
      ofPooler('10.0.0.2:50000', '10.0.0.3:5432', 9, 300_030, 300_010),
    ],
  };
}

const SCENES: Record<string, Scene> = {
  ACCEPT_STUCK: over(() => ({ sockets: [listener(8080, { receiveQueue: 1 }), waiting] })),
  CONNECTION_CAP: over(() => ({ sockets: [listener(8080, { receiveQueue: 1 }), waiting, served] })),
  FD_LEAK_BY_TYPE: over((_, share) => ({
    processes: [processSample({ used: 500, kinds: { byKind: { pipe: 100 + Math.round(share * 1000) } } })],
    sockets: [],
  })),
  POOL_IDLE_CAP_ONLY: over((index) => ({
    sockets: Array.from({ length: index === 0 ? 200 : 50 }, (_, at) => tcpSocket({ ...own, cookie: at + 1 })),
    closed: [closedGroup(300)],
  })),
  CONN_CHURN: over(() => ({ sockets: tcpSockets(2, own), closed: [closedGroup(60)] })),
  CONNECT_REFUSED: over(() => ({ sockets: [], closed: [closedGroup(5, { outcome: 'refused' })] })),
  LOOPBACK_LISTENER: over(() => ({ sockets: loopback })),
  BACKEND_IMBALANCE: (ticks) => {
    const [netns] = over(() => ({ sockets: uneven }))(ticks).namespaces;
    return series(netns === undefined ? [] : [netns], { containers: instances });
  },
  POOL_IDLE_SURPLUS: over(() => ({ sockets: idle })),
  LEAK_RISING: over((index) => ({
    sockets: Array.from({ length: 2 + 2 * index }, (_, at) =>
      tcpSocket({ ...own, cookie: at + 1, info: { bytesSent: 100, bytesReceived: 100 } }),
    ),
  })),
  DNS_STORM: over(() => ({ sockets: [], closed: [closedGroup(2000, { proto: 'udp', peerPort: 53 })] })),
  DNS_UNANSWERED: over((_, share) => ({ sockets: share < 1 ? lookups : [] })),
  POOLER_STUCK: over((_, share) => pooler(share)),
  REQUESTS_UNANSWERED: over(() => ({ sockets: hanging })),
  RETRANS_HIGH: over((_, share) => ({
    sockets: [
      tcpSocket({
        cookie: 7,
        info: { bytesSent: share * 1e8, bytesRetransmitted: share * 1e7, totalRetrans: 1 + share * 7000 },
      }),
    ],
  })),
  SLOW_READER: over(() => ({
    sockets: [tcpSocket({ cookie: 5, receiveQueue: 100_000, receiveBufferBytes: 131_072 })],
  })),
  SEND_QUEUE_STUCK: over(() => ({ sockets: [tcpSocket({ cookie: 3, sendQueue: 4096, timer: 0 })] })),
  UDP_RCVBUF_DROPS: over((_, share) => ({
    counters: { UdpRcvbufErrors: share * 100, UdpInDatagrams: share * 100 },
    sockets: [],
  })),
  NAGLE_DELACK: over((index) => ({
    sockets: [
      tcpSocket({
        cookie: 2,
        timer: 1,
        sendQueue: 200,
        info: {
          bytesSent: index * 200,
          notSentBytes: 100,
          unackedSegments: 1,
          congestionWindowSegments: 10,
          rttUs: 60,
          atoUs: 40_000,
          pathMtuBytes: 1500,
        },
      }),
    ],
  })),
};

const needy = RULES.filter((rule) => {
  const settings = settingsOf(rule);
  return rule.needsMs(settings) > 0 || rule.needsSnapshots(settings) > 1;
});

/** Ticks as a run of `forMs` makes them: the first is late, all come early or late, the last ends a little before the time. */
function ticksOf(forMs: number, least: number): number[] {
  const intervalMs = Math.min(1000, forMs / Math.max(1, least - 1));
  const count = Math.max(least, Math.floor(forMs / intervalMs) + 1);
  const jitter = (index: number) => ((index * 7919) % 13) / 13 - 0.5;
  return Array.from({ length: count }, (_, index) => {
    if (index === count - 1) return forMs === 0 ? index * 1000 : forMs * 0.9995;
    return Math.max(0, Math.round((index + jitter(index) * 0.3) * intervalMs));
  });
}

function run(rule: Rule, seen: Series) {
  const { rules, findings } = examine(seen, {
    rules: [rule],
    settings: {},
    declared: { pools: [], serverLimits: [], replicas: [] },
    clock: () => 0,
  });
  return { judged: rules[0]?.judged, needsMs: rules[0]?.needsMs, names: findings.map(({ rule: name }) => name) };
}

test('each rule that needs time or snapshots has a scene here', () => {
  expect(needy.map(({ name }) => name).sort()).toEqual(Object.keys(SCENES).sort());
});

describe.each(needy)('$name', (rule) => {
  const scene = SCENES[rule.name] as Scene;
  const needsMs = rule.needsMs(settingsOf(rule));
  const least = rule.needsSnapshots(settingsOf(rule));

  test('fires in the time that it asks for', () => {
    const forMs = needsMs > 0 ? needsMs : (least - 1) * 1000;
    expect(run(rule, scene(ticksOf(forMs, least)))).toMatchObject({ judged: true, names: [rule.name] });
  });

  test('in less it is not listed as judged', () => {
    const quiet = series([spaceSeries([{ sockets: [] }])]);
    expect(run(rule, quiet)).toMatchObject({ judged: false, names: [] });
    expect(run(rule, quiet).needsMs).toBeGreaterThanOrEqual(needsMs);
  });
});

test('ten minutes of looking give 599.7 seconds: enough for windows of ten minutes', () => {
  expect(covers(599_700, 600_000)).toBe(true);
  expect(covers(540_000, 600_000)).toBe(false);
});

test('the forecast of open files in a run as long as its window', () => {
  const ticks = ticksOf(300_000, 2);
  const growing = over((_, share) => ({
    processes: [processSample({ used: 300 + Math.round(share * 200), softLimit: 1024 })],
    sockets: [],
  }));
  expect(judge(nofileNearLimit, growing(ticks))).toMatchObject([
    { severity: 'warning', summary: expect.stringContaining('reaches the limit in about') },
  ]);
});

test('evenly spaced: the nearest to each boundary, although every item is a little off', () => {
  const items = [0, 121, 239, 362, 480, 599].map((seconds) => ({ atMs: seconds * 1000 }));
  expect(evenlySpaced(items, 600_000, 5)).toEqual(items);
  expect(evenlySpaced(items.slice(1), 600_000, 5)).toBeUndefined();
  expect(evenlySpaced(items.slice(0, 5), 480_000, 5)).toBeUndefined();
});
