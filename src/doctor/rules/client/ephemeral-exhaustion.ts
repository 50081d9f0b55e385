import type { Fix } from '../../../model/finding/finding.ts';
import type { WatchedNetns } from '../../../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { closerOf } from '../../clients/closers.ts';
import { isReusable, type PortRange, type PortUse, portRangeOf, portUse, REUSE } from '../../clients/port-use.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { reuseFixesTo } from '../../fixes/reuse-to.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { isProxy } from '../../pools/proxies.ts';
import { type Fault, type RuleInput, rule, type SettingValues, type SocketHolder } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { dumpsOf } from '../../snapshots/snapshots.ts';

const settings = {
  warning: { default: 0.7, unit: 'share', text: 'of the ports for one destination' },
  critical: { default: 0.9, unit: 'share', text: 'of the ports for one destination' },
} as const;

type Values = SettingValues<typeof settings>;

/** Connections to one destination that leave few local ports for more. */
export const ephemeralExhaustion = rule({
  name: 'EPHEMERAL_EXHAUSTION',
  title: 'Local ports for one destination run out',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  if (!dumpsOf(netns).some((dump) => portUse(netns, dump).length > 0)) return [];
  const range = portRangeOf(netns.sysctls);
  return [...fullest(netns, range, values)].map((use) => {
    const { source, peer, port, used, waiting, member } = use;
    const holder = member.process === undefined ? closerOf(netns, use) : member;
    const share = used / range.size;
    const text = endpointText(series.names, { plain: peer }, port);
    return {
      severity: share >= values.critical ? 'critical' : 'warning',
      confidence: 'high',
      holder,
      summary: `${used} of the ${range.size} local ports from ${source} to ${text} are in use; without a free one connect() fails with EADDRNOTAVAIL`,
      evidence: [
        { what: `local ports in use from ${source} to ${text}`, value: used, source: 'sock_diag' },
        { what: 'of them held only by TIME_WAIT', value: waiting, source: 'sock_diag' },
        {
          what: `ephemeral ports in ${range.first}-${range.last}`,
          value: range.size,
          source: 'net.ipv4.ip_local_port_range, net.ipv4.ip_local_reserved_ports',
        },
        { what: 'share in use', value: Math.round(share * 100), unit: '%', source: 'sock_diag' },
      ],
      fixes: fixesFor(
        netns.namespace,
        range,
        waiting * 2 > used ? reuse(series, netns, use, holder) : undefined,
        holder,
      ),
      byHand: (target) => `socklens ls ${target} 'state all and src ${source} and ${filterOf(use)}' --by state`,
      about: `peer ${text}`,
    };
  });
}

/** Each destination at the snapshot that had most of its ports taken. */
function fullest(netns: NetnsSeries, range: PortRange, { warning }: Values): Iterable<PortUse> {
  const most = new Map<string, PortUse>();
  for (const dump of dumpsOf(netns)) {
    for (const found of portUse(netns, dump)) {
      if (found.used / range.size < warning) continue;
      // A port that can be used again is not in use.
      const use = isReusable(netns, found) ? { ...found, used: found.used - found.waiting, waiting: 0 } : found;
      if (use.used / range.size < warning) continue;
      const key = `${use.source} ${use.peer} ${use.port}`;
      if (use.used > (most.get(key)?.used ?? 0)) most.set(key, use);
    }
  }
  return most.values();
}

/** Where most ports are held by connections that are open. */
const FEWER: Fix = {
  where: 'the application',
  text: 'use fewer connections: a pool with a cap, or several requests over one connection',
};

const MORE_ADDRESSES: Fix = {
  where: 'the network',
  text: 'more source addresses, or more addresses of the destination: each pair has the whole range',
};

/** How a proxy that has an open connection for each of its clients gets more ports. */
const OF_PROXIES: readonly (Fix & { programs: RegExp })[] = [
  {
    programs: /^nginx/,
    where: 'nginx',
    text: 'each open client (a WebSocket, a download) takes a port of its own to the one address of the backend: give the upstream several addresses or ports of it, or the proxy several source addresses (proxy_bind), each of which has the whole range',
    snippet: 'upstream app { server HOST:PORT1; server HOST:PORT2; }',
  },
  {
    programs: /^haproxy/,
    where: 'haproxy.cfg',
    text: 'each open client takes a port of its own to the one address of the backend: give it several server lines with other addresses or ports, or other source addresses, each of which has the whole range',
    snippet: 'server one HOST:PORT1\nserver two HOST:PORT2 source ADDRESS',
  },
];

function ofOpen({ process }: SocketHolder): Fix[] {
  const known = OF_PROXIES.find(({ programs }) => programs.test(process?.name ?? ''));
  if (known !== undefined) return [{ where: known.where, text: known.text, snippet: known.snippet ?? '' }];
  return isProxy(process?.name) ? [MORE_ADDRESSES] : [FEWER];
}

/** Where most ports wait: as {@link reuseFixesTo}. */
function reuse(series: Series, netns: NetnsSeries, use: PortUse, { process }: SocketHolder): Fix[] {
  const [first, ...others] = reuseFixesTo(series, netns, use, process).fixes;
  if (first === undefined) return [];
  return [{ ...first, text: `most of the ports wait in TIME_WAIT for 60 s: ${first.text}` }, ...others];
}

/** @param waiting how connections are kept, where most ports only wait; undefined where they are open */
function fixesFor(
  namespace: WatchedNetns,
  range: PortRange,
  waiting: readonly Fix[] | undefined,
  holder: SocketHolder,
): Fix[] {
  const wider = range.first > WIDE.first || range.last < WIDE.last;
  const key = 'net.ipv4.ip_local_port_range';
  const fixes = [
    ...(waiting ?? ofOpen(holder)),
    ...(wider ? namespaceSysctlFixes(namespace, key, `${WIDE.first} ${WIDE.last}`, 'a wider range of ports') : []),
    // Reuse is of ports that wait: it helps nothing where they are open.
    ...(waiting === undefined ? [] : namespaceSysctlFixes(namespace, 'net.ipv4.tcp_tw_reuse', '1', REUSE)),
  ];
  return fixes.includes(MORE_ADDRESSES) ? fixes : [...fixes, MORE_ADDRESSES];
}

/** Above the ports that services usually listen on. */
const WIDE = { first: 10_240, last: 65_000 } as const;
