import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { obstacleOf } from '../../listeners/acceptance.ts';
import { backlogFix, somaxconnFixes, usualBacklog } from '../../listeners/backlog-fixes.ts';
import { cameThrough, isFull, type Listener, overflowsOf, tcpListeners } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpsOf, numberOf, riseOf } from '../../snapshots/snapshots.ts';

const settings = {
  small: { default: 128, unit: 'count', text: 'a backlog shorter than this is too short for a listener with traffic' },
} as const;

type Values = SettingValues<typeof settings>;

/** A backlog that is short because the application asked for no more, or because the namespace allows no more. */
export const backlogClamped = rule({
  name: 'BACKLOG_CLAMPED',
  title: 'A listen backlog that is shorter than the service needs',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const overflows = riseOf(netns, 'TcpExtListenOverflows')?.rise;
  const dumps = dumpsOf(netns);
  // Rules out listeners without connections early: there may be thousands of sockets and hundreds of listeners.
  const ports = new Set<number>();
  for (const { sockets } of dumps)
    for (const { localPort, peerPort } of sockets) if (peerPort > 0) ports.add(localPort);
  return tcpListeners(dumps).flatMap((listener) => {
    const { limit } = listener.last;
    if (limit === undefined) return [];
    const asked = usualBacklog(listener.socket.process?.name);
    const isSmall = limit < values.small && hasTraffic(listener, netns, ports);
    // Settings are read when they are asked for: only where it is known what the program asks for, or for a fault.
    if (!isSmall && asked === undefined) return [];
    const somaxconn = numberOf(netns, 'net.core.somaxconn');
    const clamped = somaxconn !== undefined && limit === somaxconn && asked !== undefined && asked > somaxconn;
    if (!clamped && !isSmall) return [];
    // What accepts nothing fills a backlog of any length: it is no cause then.
    if (obstacleOf(netns, listener) !== undefined) return [];
    // Then the backlog is not only short, it is why connections are lost.
    const cause = listener.snapshots.some(isFull) || (overflowsOf(listener, overflows) ?? 0) > 0;
    return [ofListener(series, netns, listener, { limit, somaxconn, asked: clamped ? asked : undefined, cause })];
  });
}

/** Connections in any snapshot, accepted or not, or closed ones. */
function hasTraffic({ socket, snapshots }: Listener, { samples }: NetnsSeries, ports: ReadonlySet<number>): boolean {
  return (
    snapshots.some(({ waiting }) => waiting > 0) ||
    (ports.has(socket.localPort) &&
      snapshots.some(({ dump }) => dump.sockets.some((other) => cameThrough(other, socket)))) ||
    samples.some(({ closed }) =>
      closed?.some(({ role, localPort }) => role === 'server' && localPort === socket.localPort),
    )
  );
}

interface Shortness {
  limit: number;
  somaxconn: number | undefined;
  /** What the program is known to ask for, where the namespace allows less. */
  asked: number | undefined;
  cause: boolean;
}

function ofListener(series: Series, netns: NetnsSeries, { socket }: Listener, short: Shortness): Fault {
  const { limit, somaxconn, asked, cause } = short;
  const { localPort: port, process } = socket;
  const byBound = somaxconn !== undefined && limit >= somaxconn;
  return {
    severity: cause ? 'critical' : 'info',
    confidence: asked === undefined && byBound ? 'medium' : 'high',
    holder: socket,
    summary: byBound
      ? `the listen backlog of port ${port} is ${limit}: net.core.somaxconn of this namespace is ${somaxconn}${
          asked === undefined ? '' : ` (${process?.name} asks for ${asked})`
        }`
      : `the listen backlog of port ${port} is ${limit}: the application asked for no more`,
    evidence: [
      { what: `listen backlog of port ${port}`, value: limit, source: 'sock_diag, send queue of the listener' },
      ...(somaxconn === undefined
        ? []
        : [{ what: 'maximum in this namespace', value: somaxconn, source: 'net.core.somaxconn' }]),
      ...(asked === undefined
        ? []
        : [
            {
              what: 'backlog that the program asks for by default',
              value: asked,
              source: `${process?.name}'s default`,
            },
          ]),
    ],
    fixes: byBound
      ? [...somaxconnFixes(netns.namespace, somaxconn), backlogFix(series, socket)]
      : [backlogFix(series, socket)],
    byHand: (target) => `socklens ls ${target} 'state listening and sport = ${port}'`,
    about: `port ${port}`,
  };
}
