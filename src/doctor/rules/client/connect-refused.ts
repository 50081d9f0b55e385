import { bracketed } from '../../../base/endpoint-text.ts';
import { grouped } from '../../../base/lists.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { ClosedGroup } from '../../../model/sample/closed-group.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import {
  type AmountAt,
  type ClosedAt,
  mainHolder,
  partsOf,
  perSecond,
  sumOf,
} from '../../clients/closed-connections.ts';
import { isLoopback } from '../../peers/endpoints.ts';
import { namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { riseOf } from '../../snapshots/snapshots.ts';

const settings = {
  windowMs: { default: 60_000, unit: 'ms', text: 'window that is judged' },
  perSecond: { default: 1, unit: 'per-second', text: 'attempts refused' },
  share: { default: 0.1, unit: 'share', text: 'of all attempts refused' },
  minimum: { default: 10, unit: 'count', text: 'fewest refusals that count' },
  parts: { default: 6, unit: 'count', text: 'parts of the window' },
  sustained: {
    default: 4,
    unit: 'count',
    text: 'parts of the window that must each have a refusal (a restart is over sooner)',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** Connection attempts that are answered with a reset: nothing listens there. */
export const connectRefused = rule({
  name: 'CONNECT_REFUSED',
  title: 'Attempts to connect that are refused by the network: nothing listens',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  const toMs = netns.samples.at(-1)?.atMs ?? 0;
  const fromMs = toMs - values.windowMs;
  const recent = { ...netns, samples: netns.samples.filter(({ atMs }) => atMs >= fromMs) };
  const opens = riseOf(recent, 'TcpActiveOpens')?.rise;
  const refused = refusedIn(recent, fromMs);
  const findings = [...grouped(refused, ({ group }) => `${group.peerAddress} ${group.peerPort}`).values()].flatMap(
    (closed) => {
      const amounts = closed.map(({ atMs, group }) => ({ atMs, amount: group.count }));
      return isTooMuch(amounts, opens, toMs, values) ? ofPeer(recent, closed, opens, input, values) : [];
    },
  );
  if (findings.length > 0) return findings;
  return ofCounters(recent, opens, toMs, values);
}

function refusedIn({ samples }: NetnsSeries, fromMs: number): ClosedAt[] {
  return samples.flatMap(({ atMs, closed }) =>
    atMs <= fromMs ? [] : (closed ?? []).filter(isRefused).map((group) => ({ atMs, group })),
  );
}

/** The event of a failed blocking connect() has no reason; SYN_SENT_STUCK reports a timeout while it lasts. */
function isRefused({ proto, outcome }: ClosedGroup): boolean {
  return proto === 'tcp' && (outcome === 'refused' || outcome === 'failed');
}

function isTooMuch(amounts: readonly AmountAt[], opens: number | undefined, toMs: number, values: Values): boolean {
  const parts = partsOf(amounts, toMs, values.windowMs, values.parts);
  const count = parts.reduce((sum, part) => sum + part, 0);
  if (count < values.minimum || parts.filter((part) => part > 0).length < values.sustained) return false;
  if ((count * 1000) / values.windowMs > values.perSecond) return true;
  return opens !== undefined && count > values.share * opens;
}

function ofPeer(
  recent: NetnsSeries,
  closed: readonly ClosedAt[],
  opens: number | undefined,
  { series }: RuleInput,
  values: Values,
): Fault[] {
  const [first] = closed;
  if (first === undefined) return [];
  const { peerAddress, peerPort } = first.group;
  const count = sumOf(closed, (group) => group.count);
  const sure = closed.every(({ group }) => group.outcome === 'refused');
  const text = endpointText(series.names, { plain: peerAddress }, peerPort);
  const server = namespaceByAddress(series, recent, peerAddress);
  const resets = server === undefined ? undefined : riseOf(server, 'TcpOutRsts')?.rise;
  return [
    {
      severity: 'warning',
      confidence: sure ? 'high' : 'medium',
      holder: mainHolder(closed),
      summary: `${count} attempts to connect to ${text} were refused within ${values.windowMs / 1000} s: nothing listens there`,
      evidence: [
        { what: `attempts refused by ${text}`, value: count, source: 'destroy events' },
        { what: 'a second', value: perSecond(count, values.windowMs), unit: 'per second', source: 'destroy events' },
        ...(opens === undefined ? [] : [{ what: 'attempts of the namespace', value: opens, source: 'TcpActiveOpens' }]),
        ...(resets === undefined
          ? []
          : [{ what: 'resets that the other side sent', value: resets, source: 'TcpOutRsts of its namespace' }]),
      ],
      fixes: fixesFor(peerAddress),
      byHand: (target) => `socklens events ${target} 'dst ${bracketed(peerAddress)}' --for 10s`,
      about: `peer ${text}`,
    },
  ];
}

/** Without events that name an endpoint: the counters of the namespace. */
function ofCounters(recent: NetnsSeries, opens: number | undefined, toMs: number, values: Values): Fault[] {
  const amounts: AmountAt[] = [];
  let before: number | undefined;
  let unanswered = 0;
  for (const { atMs, counters, closed } of recent.samples) {
    for (const { outcome, count } of closed ?? []) if (outcome === 'no-answer') unanswered += count;
    const now = counters?.TcpAttemptFails;
    if (now === undefined) continue;
    if (before !== undefined) amounts.push({ atMs, amount: now - before });
    before = now;
  }
  const count = amounts.reduce((sum, { amount }) => sum + amount, 0);
  // What is half open counts too when it is reset: without attempts of its own the failures are a server's.
  if (opens === undefined || count - unanswered < values.minimum || opens < count) return [];
  if (!isTooMuch(amounts, opens, toMs, values)) return [];
  return [
    {
      severity: 'warning',
      confidence: 'medium',
      summary: `${count} of ${opens} attempts to connect failed within ${values.windowMs / 1000} s`,
      evidence: [
        { what: 'attempts that failed', value: count, source: 'TcpAttemptFails' },
        { what: 'attempts', value: opens, source: 'TcpActiveOpens' },
      ],
      fixes: fixesFor(undefined),
      byHand: (target) => `socklens events ${target} --for 10s`,
    },
  ];
}

function fixesFor(peer: string | undefined): Fix[] {
  const order: Fix = {
    where: 'the deployment',
    text: 'start the server first, and wait until it listens (depends_on with condition service_healthy, a readiness probe)',
  };
  const port: Fix = {
    where: 'the application',
    text: 'the address or the port is wrong, or the server died: check what listens there',
  };
  if (peer === undefined || !isLoopback(peer)) return [order, port];
  const loopback: Fix = {
    where: 'the application',
    text: '"localhost" inside a container is the container itself: give the name of the other container or host instead',
  };
  return [loopback, port, order];
}
