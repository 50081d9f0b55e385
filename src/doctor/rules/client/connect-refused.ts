import { bracketed } from '../../../base/endpoint-text.ts';
import { grouped } from '../../../base/lists.ts';
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
import { NOT_THERE, START_ORDER, whyRefused } from '../../clients/why-refused.ts';
import { resetsFrom } from '../../packets/packet-evidence.ts';
import { namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText, netnsScope } from '../../scopes.ts';
import { riseOf } from '../../snapshots/snapshots.ts';
import { spanOf } from '../../snapshots/windows.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 60_000, unit: 'ms', text: 'longest window that is judged; a shorter run is one' },
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

/** Where the events name so many of the failures, the counters add nothing. */
const NAMED = 0.5;

/** A server that restarts refuses for some seconds: a shorter run says nothing. */
const MINIMUM_MS = 8_000;

/** Connection attempts that are answered with a reset: nothing listens at that address. */
export const connectRefused = rule({
  name: 'CONNECT_REFUSED',
  title: 'Attempts to connect that are refused by the network: nothing listens at that address and port',
  settings,
  needsMs: ({ windowMs }) => Math.min(windowMs, MINIMUM_MS),
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, input: RuleInput, given: Values): Fault[] {
  const toMs = netns.samples.at(-1)?.atMs ?? 0;
  // A shorter run is judged in the same way: refused in most of its parts, however long each is.
  const windowMs = Math.min(given.windowMs, Math.max(MINIMUM_MS, spanOf(netns.samples)));
  const values = { ...given, windowMs };
  const fromMs = toMs - windowMs;
  const recent = { ...netns, samples: netns.samples.filter(({ atMs }) => atMs >= fromMs) };
  const opens = riseOf(recent, 'TcpActiveOpens')?.rise;
  const refused = refusedIn(recent, fromMs, riseOf(recent, 'TcpAttemptFails')?.rise);
  const findings = [...grouped(refused, ({ group }) => `${group.peerAddress} ${group.peerPort}`).values()].flatMap(
    (closed) => {
      const amounts = closed.map(({ atMs, group }) => ({ atMs, amount: group.count }));
      return isTooMuch(amounts, opens, toMs, values) ? ofPeer(netns, recent, closed, opens, input, values) : [];
    },
  );
  if (findings.length > 0) return findings;
  return ofCounters(
    recent,
    opens,
    toMs,
    sumOf(refused, ({ count }) => count),
    values,
  );
}

/**
 * @param failures attempts that the namespace sent and that failed; undefined where the counter was not read
 */
function refusedIn({ samples }: NetnsSeries, fromMs: number, failures: number | undefined): ClosedAt[] {
  const found = samples.flatMap(({ atMs, closed }) =>
    atMs <= fromMs ? [] : (closed ?? []).filter(isRefused).map((group) => ({ atMs, group })),
  );
  const unsure = found.filter(({ group: { outcome } }) => outcome === 'failed');
  const sure = found.filter(({ group: { outcome } }) => outcome === 'refused');
  const answered = (failures ?? Number.POSITIVE_INFINITY) - sumOf(sure, ({ count }) => count);
  // What fails before anything is sent is no failed attempt for the kernel: no free port (EADDRNOTAVAIL), no route.
  return sumOf(unsure, ({ count }) => count) > 2 * Math.max(0, answered) ? sure : found;
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
  netns: NetnsSeries,
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
  // After a blocking connect() the destroy event has no port: attempts to several may be among them.
  const text =
    peerPort === 0
      ? (series.names.host(peerAddress) ?? peerAddress)
      : endpointText(series.names, { plain: peerAddress }, peerPort);
  const server = namespaceByAddress(series, netns, peerAddress);
  const resets = server === undefined ? undefined : riseOf(server === netns ? recent : server, 'TcpOutRsts')?.rise;
  const why = whyRefused(series, netns, peerAddress, peerPort);
  return [
    {
      severity: why.isHarmless === true ? 'info' : 'warning',
      confidence: sure ? 'high' : 'medium',
      holder: mainHolder(closed),
      summary: `${count} attempts to connect to ${text} were refused within ${duration(values.windowMs)}: ${why.because}`,
      evidence: [
        { what: `attempts refused by ${text}`, value: count, source: 'destroy events' },
        { what: 'a second', value: perSecond(count, values.windowMs), unit: 'per second', source: 'destroy events' },
        ...(opens === undefined ? [] : [{ what: 'attempts of the namespace', value: opens, source: 'TcpActiveOpens' }]),
        ...(resets === undefined
          ? []
          : [{ what: 'resets that the other side sent', value: resets, source: 'TcpOutRsts of its namespace' }]),
        ...resetsFrom(series, recent, peerAddress, peerPort),
        ...why.evidence,
      ],
      fixes: [...why.fixes],
      byHand: (target) => `socklens events ${target} 'dst ${bracketed(peerAddress)}' --for 10s`,
      about: `peer ${text}`,
      ...(server !== undefined &&
        peerPort !== 0 && {
          server: { target: netnsScope(server.namespace).target, port: peerPort },
        }),
    },
  ];
}

/**
 * Without events that name an endpoint: the counters of the namespace.
 *
 * @param named refusals of which the endpoint is known, which was judged
 */
function ofCounters(
  recent: NetnsSeries,
  opens: number | undefined,
  toMs: number,
  named: number,
  values: Values,
): Fault[] {
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
  if (named >= (count - unanswered) * NAMED) return [];
  if (!isTooMuch(amounts, opens, toMs, values)) return [];
  return [
    {
      severity: 'warning',
      confidence: 'medium',
      summary: `${count} of ${opens} attempts to connect failed within ${duration(values.windowMs)}`,
      evidence: [
        { what: 'attempts that failed', value: count, source: 'TcpAttemptFails' },
        { what: 'attempts', value: opens, source: 'TcpActiveOpens' },
      ],
      fixes: [START_ORDER, NOT_THERE],
      byHand: (target) => `socklens events ${target} --for 10s`,
    },
  ];
}
