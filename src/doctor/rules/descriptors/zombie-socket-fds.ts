import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { DeadPeer } from '../../../model/sample/descriptor-kinds.ts';
import type { ProcessSample } from '../../../model/sample/sample.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { expireFix } from '../../fixes/pool-fixes.ts';
import { serverOf } from '../../peers/server-of.ts';
import { type ProcessTrack, perProcess } from '../../per-scope.ts';
import { databaseAt, serverAt } from '../../pools/servers.ts';
import { type ProcessSnapshot, processHolder } from '../../processes/process-tracks.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpAt } from '../../snapshots/snapshots.ts';
import { stackOf } from '../../stacks/stack-of.ts';
import { percent } from '../../texts.ts';

const settings = {
  count: { default: 5, unit: 'count', text: 'fewest sockets without a table that count: pools have 5 to 20' },
  share: { default: 0.2, unit: 'share', text: 'of all sockets of the process' },
  peerShare: {
    default: 0.5,
    unit: 'share',
    text: 'of its sockets with one peer, where the kernel tells the peers: a dead pool of a server with many clients',
  },
  scans: { default: 2, unit: 'count', text: 'consecutive scans that saw as many' },
  growth: { default: 0.1, unit: 'share', text: 'growth without a decrease, critical' },
} as const;

type Values = SettingValues<typeof settings>;

/** Descriptors of sockets that neither ss nor netstat shows: their connection is closed, or never was open. */
export const zombieSocketFds = rule({
  name: 'ZOMBIE_SOCKET_FDS',
  title: 'Descriptors of sockets that no table shows',
  settings,
  judge: perProcess(ofProcess),
});

function ofProcess({ netns, snapshots }: ProcessTrack, input: RuleInput, values: Values): Fault | undefined {
  const scans = snapshots.filter(({ process }) => process.kinds !== undefined);
  const process = scans.at(-1)?.process;
  if (process === undefined || scans.length < values.scans) return undefined;
  const seen = scans.map((scan) => zombiesOf(scan.process));
  if (!scans.slice(-values.scans).every((scan) => isMuch(netns, scan, values))) return undefined;
  const zombies = seen.at(-1) ?? 0;
  const [first = 0] = seen;
  const neverLess = seen.every((count, index) => index === 0 || count >= (seen[index - 1] ?? 0));
  const growing = neverLess && zombies > first && zombies - first >= Math.max(values.count, first * values.growth);
  const source = `/proc/${process.pid}/fd without every table of sockets`;
  const pool = growing ? undefined : deadPool(process);
  return {
    severity: growing ? 'critical' : 'warning',
    confidence: 'high',
    holder: processHolder(process),
    summary: `${process.name} (${process.pid}) holds ${zombies} sockets that no table shows (${percent(zombies / socketsOf(process))} of its sockets)${growing ? `, ${zombies - first} more than at the start` : ''}: ${pool === undefined ? 'their connections are closed, or never were open' : `${serverAt(input, netns, pool.peer, pool.port).text} ended connections that its pool still holds`}`,
    evidence: [
      { what: 'sockets that no table shows, in each scan', value: seen.join(' '), source },
      ...(process.kinds?.dead ?? []).map(deadEvidence),
      { what: 'open files', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
      { what: 'soft limit', value: process.softLimit ?? 'unlimited', source: `/proc/${process.pid}/limits` },
    ],
    fixes: pool === undefined ? [CLOSE] : [recycleFix(netns, input, process.pid, pool), CLOSE],
    byHand: (target) => `socklens limits ${target}`,
    ...(pool !== undefined && serverOf(input.series, netns, pool.peer, pool.port)),
  };
}

function zombiesOf({ kinds }: ProcessSample): number {
  return kinds?.byKind.zombie ?? 0;
}

/** TCP and UDP sockets, those without a table among them. */
function socketsOf(process: ProcessSample): number {
  const { tcp = 0, udp = 0 } = process.kinds?.byKind ?? {};
  return Math.max(1, tcp + udp + zombiesOf(process));
}

function isMuch(netns: NetnsSeries, { atMs, process }: ProcessSnapshot, values: Values): boolean {
  const zombies = zombiesOf(process);
  if (zombies < values.count) return false;
  if (zombies >= values.share * socketsOf(process)) return true;
  return (process.kinds?.dead ?? []).some(
    (dead) =>
      dead.count >= values.count && dead.count >= values.peerShare * (dead.count + alive(netns, atMs, process, dead)),
  );
}

/** Connections of a process with the peer of dead ones that tables show. */
function alive(netns: NetnsSeries, atMs: number, { pid }: ProcessSample, { peer, port }: DeadPeer): number {
  const { sockets = [] } = dumpAt(netns, atMs) ?? {};
  return sockets.filter(
    (socket) =>
      socket.proto === 'tcp' &&
      socket.peer?.plain === peer &&
      (port === undefined || socket.peerPort === port) &&
      socket.holders.some((holder) => holder.pid === pid),
  ).length;
}

/** Where connections went. */
interface Endpoint {
  peer: string;
  port: number;
}

/** The server whose idle connections most of them were: connections that were opened, so that their port is that of a service. */
function deadPool(process: ProcessSample): Endpoint | undefined {
  const most = process.kinds?.dead?.find(
    ({ peer, port, count }) => peer !== undefined && port !== undefined && count * 2 > zombiesOf(process),
  );
  if (most?.peer === undefined || most.port === undefined) return undefined;
  return { peer: most.peer, port: most.port };
}

const CLOSE: Fix = {
  where: 'the application',
  text: 'close() on the paths of errors too: after ECONNRESET, after a refused or timed-out connect, after the end of file; netstat and ss show none of these',
};

function recycleFix(netns: NetnsSeries, { series }: RuleInput, pid: number, { peer, port }: Endpoint): Fix {
  const database = databaseAt(series, netns, peer, port);
  const fix = expireFix({ stack: stackOf(series, { pid }), database }, 'N');
  return {
    ...fix,
    text: `the server, or a firewall, ends idle connections first (MySQL wait_timeout, PostgreSQL idle_session_timeout, Redis timeout). ${fix.text}`,
  };
}

function deadEvidence({ peer, port, count, fd }: DeadPeer): Evidence {
  const isIpv6 = peer?.includes(':');
  const address = isIpv6 && port !== undefined ? `[${peer}]` : peer;
  const endpoint = port === undefined ? address : `${address}:${port}`;
  const what = peer === undefined ? 'of these, without a peer' : `of these, whose peer was ${endpoint}`;
  return { what, value: count, unit: 'sockets', source: `eBPF task_file, such as descriptor ${fd}` };
}
