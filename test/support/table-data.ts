/** What the golden tests of the tables print: twenty containers of long, similar names. */

import type { LimitsReport } from '../../src/model/report/limits-report.ts';
import type { Overview, OverviewRow } from '../../src/model/report/overview.ts';
import type { GroupReport } from '../../src/model/report/report.ts';
import type { Comparison } from '../../src/model/report/run-summary.ts';
import type { TopPeerRow, TopRow, TopSocketRow } from '../../src/model/report/top-rows.ts';
import type { WatchRow } from '../../src/model/report/watch-row.ts';
import type { ConnectionEventRow } from '../../src/model/socket/connection-event.ts';
import type { SocketSource } from '../../src/model/socket/socket-view.ts';
import { TCP_STATE } from '../../src/model/socket/tcp-state.ts';
import type { ClosedSummary } from '../../src/render/closed-output.ts';
import { storedSockets } from './plain-socket.ts';
import { listener, tcpSocket } from './series.ts';

/** Local time, as the tables print it. */
export const AT = new Date(2026, 0, 2, 3, 4, 5, 678);

/** Names that share start and end, or differ inside only. */
export const NAMES: readonly string[] = Array.from({ length: 20 }, (_, index) => {
  const hash = (0x7f2a + index * 0x1357).toString(16);
  if (index % 4 === 0) return `webhook-dispatcher-production-${hash}`;
  if (index % 4 === 1) return `shop_webhook-dispatcher_${index}_eu-west-1_live`;
  if (index % 4 === 2) return `webhook-${index}-dispatcher-production-worker`;
  return `k8s_webhook_webhook-dispatcher-${hash}_production_0`;
});

const complete = { complete: true, notes: [] };
const target = { kind: 'container', name: 'web', netns: 1 } as unknown as GroupReport['target'];

/** Counts of a container: the fifth is near its limit, the ninth leaks CLOSE_WAIT. */
function countsOf(index: number) {
  const byState = {
    ESTABLISHED: 12 + index * 37,
    LISTEN: 2,
    TIME_WAIT: index % 3 === 0 ? 12_345 : 0,
    CLOSE_WAIT: index === 8 ? 130 : index % 2,
    SYN_SENT: index % 5,
  };
  const tcp = Object.values(byState).reduce((sum, count) => sum + count, 0);
  const udp = index % 3;
  return { total: tcp + udp, tcp, udp, raw: 0, unix: 4 + index, byState };
}

function descriptorsOf(index: number) {
  const softLimit = index % 2 === 0 ? 1024 : 1_048_576;
  return { pid: 23_042 + index, used: index === 4 ? 990 : 63 + index * 7, softLimit, hardLimit: softLimit };
}

const rows = NAMES.map(
  (name, index): OverviewRow => ({
    name,
    runtime: 'docker',
    netns: 4_026_531_840 + index,
    sharedWith: index === 6 ? NAMES.slice(7, 10) : [],
    sockets: countsOf(index),
    descriptors: descriptorsOf(index),
    busiestPeer: {
      address: `10.100.200.${index}`,
      port: 5432,
      count: 9 + index,
      name: `db-primary-${index}`,
      service: 'postgresql',
    },
    coverage: complete,
  }),
);

/** Of `ps`. */
export const OVERVIEW: Overview = {
  takenAt: AT,
  rows,
  anyContainer: true,
  lookedFor: [],
  withoutContainers: undefined,
  coverage: complete,
};

/** Of `top`, the overview. */
export const TOP_ROWS: readonly TopRow[] = NAMES.map((name, index) => ({
  ...countsOf(index),
  id: name,
  name,
  runtime: 'docker',
  netns: 1,
  shared: false,
  descriptors: descriptorsOf(index),
  opensPerSecond: index * 3.5,
  snapshotAtMs: AT.getTime() - index * 700,
  history: [1, 2, 3, index],
}));

/** Of `top`, the peers. */
export const TOP_PEERS: readonly TopPeerRow[] = NAMES.map((_, index) => ({
  ...countsOf(index),
  id: String(index),
  peer: index % 2 === 0 ? `db-primary-${index}.internal.example` : `2001:db8:1234:5678:9abc:def0:1:${index}`,
  direction: index % 3 === 0 ? 'in' : 'out',
  service: index % 2 === 0 ? 'postgresql' : String(40_100 + index),
  history: [1, 2, 3, index],
}));

/** Of `top`, the sockets. */
export const TOP_SOCKETS: readonly TopSocketRow[] = NAMES.map((_, index) => ({
  id: String(index),
  proto: index % 2 === 0 ? 'tcp' : 'tcp6',
  local: index % 2 === 0 ? `172.17.200.12:${40_100 + index}` : `[2001:db8:1234:5678::ab${index}]:${40_100 + index}`,
  peer: index % 2 === 0 ? `db-primary-${index}.internal.example:postgresql` : `[2001:db8:1234:5678::cd${index}]:5432`,
  state: index === 7 ? 'CLOSE_WAIT' : 'ESTABLISHED',
  receiveQueue: index,
  sendQueue: 0,
  process: `${23_042 + index}/node-worker-${index}`,
  roundTripUs: 31 * (index + 1),
  idleMs: 1200 * index,
  seenForMs: 61_000,
}));

/** Of `ls`: a listener with a full queue, and a connection of each container. */
export const SOCKETS: SocketSource = storedSockets([
  listener(8080, { receiveQueue: 129, sendQueue: 128 }),
  ...NAMES.map((_, index) =>
    tcpSocket({
      local: `172.17.200.12:${40_100 + index}`,
      peer: `10.100.200.${index}:5432`,
      inode: index + 1,
      state: index === 7 ? TCP_STATE.CLOSE_WAIT : TCP_STATE.ESTABLISHED,
    }),
  ),
]);

/** Of `ls -x`. */
export const UNIX_SOCKETS: SocketSource = storedSockets(
  NAMES.map((name, index) =>
    tcpSocket({
      proto: 'unix',
      state: TCP_STATE.ESTABLISHED,
      inode: 90_001 + index,
      peerInode: 90_101 + index,
      socketType: 1,
      path: `/run/containerd/s/${name}/shim.sock`,
    }),
  ),
);

/** The lookups of {@link SOCKETS}, with the options `-p` and a shared namespace. */
export const SOCKET_OPTIONS = {
  processes: true,
  names: {
    host: (address: string) =>
      address.startsWith('10.100') ? `db-primary-${address.split('.')[3]}.internal` : undefined,
    service: (port: number) => (port === 5432 ? 'postgresql' : undefined),
    user: () => undefined,
  },
  processesOf: (inode: number) => {
    const named = { pid: 23_041 + (inode % 90_000), name: 'node-worker' };
    return inode % 5 === 0 ? [named, { ...named, pid: named.pid + 500 }] : [named];
  },
  containerOf: ({ inode }: { inode: number }) => NAMES[(inode % 90_000) - 1],
};

/** Of `ls --by peer,process`. */
export const GROUPS: GroupReport = {
  target,
  takenAt: AT,
  source: 'sock_diag',
  sources: {},
  coverage: complete,
  keys: ['peer', 'process', 'container'],
  groups: NAMES.map((name, index) => ({
    key: { peer: `10.100.200.${index}:5432`, process: `${23_042 + index}/node-worker`, container: name },
    names: { peer: `db-primary-${index}.internal:postgresql` },
    count: 500 - index,
  })),
  total: { sockets: 12_345, groups: 26 },
} as unknown as GroupReport;

/** Of `events`. */
export const CLOSED: readonly ConnectionEventRow[] = NAMES.map((name, index) => ({
  event: 'closed',
  source: 'tracepoint',
  at: AT,
  target: name,
  proto: 'tcp',
  family: 'inet',
  role: 'client',
  local: { address: '172.17.200.12', port: 40_100 + index },
  peer: { address: `10.100.200.${index}`, port: 5432, name: `db-primary-${index}.internal`, service: 'postgresql' },
  ...(index % 3 > 0 && { processes: [{ pid: 23_042 + index, name: 'node-worker' }] }),
  container: name,
  lifetime: { atLeastMs: 1200 + index, atMostMs: 2300 + index },
  bytesSent: 19_500,
  bytesReceived: 1,
  rttUs: 39,
  retransmits: index,
  outcome: index === 3 ? 'never-accepted' : 'closed',
  cookie: String(index),
}));

/** The summary of `events`. */
export const CLOSED_SUMMARY: ClosedSummary = {
  from: AT,
  to: new Date(AT.getTime() + 60_000),
  connections: 12_345,
  events: { failed: 0, closed: 100 },
  lostEvents: 0,
  gaps: 0,
  peers: NAMES.map((_, index) => ({
    role: index % 5 === 0 ? 'server' : 'client',
    peer: index % 2 === 0 ? `10.100.200.${index}:5432` : `[2001:db8:1234:5678:9abc:def0:1:${index}]:5432`,
    name: `db-primary-${index}.internal.example:postgresql`,
    connections: 100 + index,
    outcomes: { closed: 90, refused: index, 'never-accepted': 10 },
    bytesSent: 123_456 * index,
    bytesReceived: 654_321,
    retransmits: index,
  })),
};

/** Of `watch`, two ticks. */
export const WATCH_TICKS: readonly (readonly WatchRow[])[] = [0, 1].map((tick) =>
  NAMES.map((name, index) => {
    const { total, byState } = countsOf(index);
    return {
      at: new Date(AT.getTime() + tick * 1000),
      target: name,
      total,
      ...(tick > 0 && { change: index - 3, opensPerSecond: index * 3.5, closesPerSecond: 3 }),
      groups: Object.entries(byState).map(([state, count]) => ({
        key: { state },
        count,
        ...(tick > 0 && state === 'ESTABLISHED' && { change: index - 3 }),
      })),
      descriptors: descriptorsOf(index),
      lost: 0,
      notes: [],
    };
  }),
);

/** Descriptors of a process of each container against its limit; the fifth is near it. */
export const LIMITS: readonly LimitsReport[] = NAMES.map((name, index) => {
  const { pid, used, softLimit, hardLimit } = descriptorsOf(index);
  const sharePercent = Math.round((used / softLimit) * 100);
  const program = { name: 'node', raisesSoftLimit: undefined, how: undefined };
  return {
    target: { name, runtime: 'docker', netns: 1 },
    takenAt: AT,
    coverage: complete,
    platform: { kind: 'docker', name, hostNetwork: false },
    mainPid: pid,
    groups: [
      {
        main: true,
        pids: [pid],
        limits: [
          { name: 'nofile', title: 'open files', flag: '-n', unit: 'descriptors', soft: softLimit, hard: hardLimit },
        ],
      },
    ],
    processes: [{ pid, name: 'webhook-worker', threads: 1, program, descriptors: { used, softLimit, sharePercent } }],
    related: [],
    remarks: [],
    fixes: [{ where: 'docker run', text: `raise it for ${name}`, snippet: '--ulimit nofile=65536:65536' }],
  };
});

/** Packet, netlink and vsock sockets of twenty programs. */
export const OTHER_SOCKETS: SocketSource = storedSockets(
  NAMES.map((name, index) => {
    const isPacket = index % 2 === 0;
    const { local, peer, ...rest } = tcpSocket({ inode: 500_000 + index, state: TCP_STATE.CLOSE });
    void local;
    void peer;
    return {
      ...rest,
      proto: isPacket ? 'packet' : 'netlink',
      family: isPacket ? 'packet' : 'netlink',
      localPort: isPacket ? 0 : 23_042 + index,
      peerPort: 0,
      protocol: isPacket ? 3 : 0,
      socketType: 3,
      interfaceIndex: isPacket ? index + 1 : 0,
      container: name,
    };
  }),
);

/** Two runs of a load test, in which half of the measures got worse. */
export const COMPARISON: Comparison = {
  schema: 1,
  type: 'compare',
  worse: true,
  before: { name: 'before-the-change.json', seconds: 61 },
  after: { name: 'after-the-change-with-a-longer-name.json', seconds: 59.4 },
  measures: NAMES.map((name, index) => ({
    name: `peak of connections of ${name}`,
    change: index % 2 === 0 ? 'worse' : 'better',
    before: 50 + index,
    after: index % 2 === 0 ? 257 + index : 12 + index,
    ...(index % 3 === 0 && { heldBefore: true, heldAfter: index % 2 !== 0 }),
  })),
  gone: [],
  new: [],
  stayed: [],
} as unknown as Comparison;
