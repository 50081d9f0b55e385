import { timeLeftMs } from '../../../base/slope.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { type PoolOwner, stackEvidence } from '../../fixes/pool-fixes.ts';
import { heldFixes } from '../../fixes/transaction-fixes.ts';
import { quietMs } from '../../listeners/requests.ts';
import { type ProcessTrack, perPool, perProcess } from '../../per-scope.ts';
import { heldBeyondIdleCap } from '../../pools/beyond-idle-cap.ts';
import { LEAK_MS, LEAK_PARTS, leakOf } from '../../pools/leak.ts';
import { countsText, filterOf, type Pool } from '../../pools/pools.ts';
import { isProved, serverLimitOf } from '../../pools/server-limit.ts';
import { serverAt } from '../../pools/servers.ts';
import { descriptorClass } from '../../processes/descriptor-classes.ts';
import { processHolder } from '../../processes/process-tracks.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { lastProcess } from '../../snapshots/snapshots.ts';
import { covers, evenlySpaced, spanOf } from '../../snapshots/windows.ts';
import { stackOf } from '../../stacks/stack-of.ts';
import { duration } from '../../texts.ts';

const settings = {
  rise: { default: 6, unit: 'count', text: 'fewest connections, or descriptors of one kind, that became more' },
  warningMs: { default: 60_000, unit: 'ms', text: 'a leak that has gone on for so long, with' },
  warning: { default: 30, unit: 'count', text: 'so many connections, is a warning' },
} as const;

type Values = SettingValues<typeof settings>;

/** Kinds of descriptors that no load of connections explains; connections are judged by their peers. */
const KINDS = [
  ...['udp', 'unix', 'pipe', 'file', 'deleted', 'device', 'memory', 'eventpoll', 'eventfd', 'timerfd', 'inotify'],
  ...['ioUring', 'pidfd'],
];

/** Connections to one peer, or descriptors of one kind, that only become more. */
export const leakRising = rule({
  name: 'LEAK_RISING',
  title: 'Connections to one peer, or descriptors of one kind, that only become more',
  settings,
  needsMs: () => LEAK_MS,
  needsSnapshots: () => LEAK_PARTS + 1,
  judge: [perPool(ofPool), perProcess(ofProcess)],
});

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const leak = leakOf(pool);
  const { netns, member, peer, port } = pool;
  const server = serverAt(input, netns, peer, port);
  const { text, database } = server;
  const stack = stackOf(input.series, member.process);
  const held = heldBeyondIdleCap(pool, stack, database);
  const isHeld = held.length >= values.rise;
  if (leak === undefined || leak.to - leak.from < values.rise) {
    return held.length < values.warning ? undefined : heldFault(pool, text, { stack, database }, held);
  }
  const { from, to, seenMs, forMs, unused, earlier } = leak;
  const perMinute = ((to - from) * 60_000) / seenMs;
  const evidence: Evidence[] = [
    { what: `connections to ${text}, in each snapshot`, value: countsText(leak.counts), source: 'sock_diag' },
    { what: 'more a minute', value: Math.round(perMinute), unit: 'connections a minute', source: 'sock_diag' },
    { what: 'closed meanwhile', value: 0, source: 'destroy events, sock_diag' },
    {
      what: `without data since the middle of the run, of ${earlier} that there were then`,
      value: unused,
      source: 'tcp_info, bytes sent and received',
    },
  ];
  if (isHeld) evidence.push(...heldEvidence({ stack, database }, held));
  if (forMs > seenMs) {
    evidence.push({ what: 'it has gone on for', value: Math.round(forMs / 1000), unit: 's', source: 'tcp_info, ages' });
  }
  const process = lastProcess(netns, member.process?.pid);
  const toLimit = process && timeLeftMs(process.used, process.softLimit ?? Number.POSITIVE_INFINITY, perMinute);
  if (process !== undefined && toLimit !== undefined) {
    const source = `/proc/${process.pid}/limits`;
    evidence.push({ what: 'until its limit of open files', value: Math.round(toLimit / 1000), unit: 's', source });
  }
  const limit = serverLimitOf(input, netns, peer, port, server);
  const toServer = isProved(limit) ? timeLeftMs(to, limit.connections, perMinute) : undefined;
  if (isProved(limit) && toServer !== undefined) {
    evidence.push(limit.evidence);
    evidence.push({ what: 'until that limit', value: Math.round(toServer / 1000), unit: 's', source: 'arithmetic' });
  }
  return {
    severity: isHeld || (forMs >= values.warningMs && to >= values.warning) ? 'warning' : 'info',
    confidence: isHeld || forMs >= values.warningMs ? 'high' : 'medium',
    ...(isHeld && { title: HELD }),
    summary: `connections to ${text} only become more: ${from} to ${to} in ${duration(seenMs)}, none is closed, and ${unused} of ${earlier} earlier ones are not used any more`,
    evidence,
    fixes: isHeld ? heldFixes(stack?.stack, false) : [LEAK],
    byHand: (target) => `socklens watch ${target} '${filterOf(pool)}' --by process`,
    about: `peer ${text}`,
  };
}

const HELD = 'Connections that were taken from a pool and are not given back';

/** A pool that does not grow any more: its server refuses further ones, or nothing asks for them. */
function heldFault(pool: Pool, text: string, owner: PoolOwner, held: readonly StoredSocket[]): Fault {
  return {
    severity: 'warning',
    confidence: 'high',
    title: HELD,
    summary: `${held.length} connections to ${text} have been idle for ${duration(Math.min(...held.map(quietMs)))} or longer, and its program lets two of them be free: the others were taken and are not given back`,
    evidence: heldEvidence(owner, held),
    fixes: heldFixes(owner.stack?.stack, false),
    byHand: (target) => `socklens ls ${target} -t -i '${filterOf(pool)}'`,
    about: `peer ${text}`,
  };
}

function heldEvidence(owner: PoolOwner, held: readonly StoredSocket[]): Evidence[] {
  return [
    { what: 'idle connections, of which two at most can be free', value: held.length, source: 'tcp_info' },
    {
      what: 'database/sql.(*DB).SetMaxIdleConns, without which a pool keeps two free connections',
      value: 'not in the program',
      source: `function names of ${owner.stack?.path ?? 'the program'}`,
    },
    ...stackEvidence(owner),
  ];
}

const LEAK: Fix = {
  where: 'the application',
  text: 'a connection is opened for each piece of work and neither closed nor given back: make one client or pool and share it; close rows, statements, transactions and the bodies of responses on every path, that of errors too',
};

function ofProcess({ netns, snapshots }: ProcessTrack, _input: RuleInput, values: Values): Fault[] {
  const scans = snapshots.filter(({ process }) => process.kinds !== undefined);
  const seenMs = spanOf(scans);
  if (!covers(seenMs, LEAK_MS)) return [];
  const countsOf = (kind: string, of: typeof scans) => of.map(({ process }) => process.kinds?.byKind[kind] ?? 0);
  const steps = evenlySpaced(scans, seenMs, LEAK_PARTS);
  if (steps === undefined) return [];
  const rises = (kind: string) => {
    const counts = countsOf(kind, steps);
    return counts.every((count, index) => index === 0 || count > (counts[index - 1] ?? 0));
  };
  // With its clients, what a server opens for each of them becomes more too.
  if (rises('tcp')) return [];
  const last = scans.at(-1)?.process;
  if (last === undefined) return [];
  return KINDS.flatMap((kind): Fault[] => {
    const { noun, advice } = descriptorClass(kind);
    const counts = countsOf(kind, scans);
    const [first = 0] = counts;
    const now = counts.at(-1) ?? 0;
    const neverLess = counts.every((count, index) => count >= (counts[index - 1] ?? 0));
    if (!rises(kind) || !neverLess || now - first < values.rise) return [];
    return [
      {
        severity: 'info',
        confidence: 'low',
        holder: processHolder(last),
        summary: `${noun} of ${last.name} (${last.pid}) only become more: ${first} to ${now} in ${duration(seenMs)}`,
        evidence: [
          { what: `${noun} in each scan`, value: countsText(counts), source: `/proc/${last.pid}/fd` },
          { what: 'open files', value: last.used, unit: 'descriptors', source: `/proc/${last.pid}/fd` },
          { what: 'soft limit', value: last.softLimit ?? 'unlimited', source: `/proc/${last.pid}/limits` },
        ],
        fixes: [
          {
            where: 'the application',
            text: `if it goes on, ${advice}; a longer run tells a leak from a start: FD_LEAK_BY_TYPE judges ten minutes`,
            snippet: `socklens doctor ${netns.namespace.targets[0] ?? netns.namespace.name} --rule FD_LEAK_BY_TYPE --for 10m`,
          },
        ],
        byHand: (target) => `socklens limits ${target} --for 30s`,
      },
    ];
  });
}
