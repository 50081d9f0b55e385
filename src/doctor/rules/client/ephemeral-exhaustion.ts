import type { Fix } from '../../../model/finding/finding.ts';
import type { WatchedNetns } from '../../../model/netns/netns.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { type PortRange, type PortUse, portRangeOf, portUse, REUSE } from '../../clients/port-use.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
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
  const range = portRangeOf(netns.sysctls);
  return [...fullest(netns, range, values)].map((use) => {
    const { source, peer, port, used, waiting, member } = use;
    const share = used / range.size;
    const text = endpointText(series.names, { plain: peer }, port);
    return {
      severity: share >= values.critical ? 'critical' : 'warning',
      confidence: 'high',
      holder: member,
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
      fixes: fixesFor(netns.namespace, range, waiting * 2 > used),
      byHand: (target) => `socklens ls ${target} 'state all and src ${source} and ${filterOf(use)}' --by state`,
      about: `peer ${text}`,
    };
  });
}

/** Each destination at the snapshot that had most of its ports taken. */
function fullest(netns: NetnsSeries, range: PortRange, { warning }: Values): Iterable<PortUse> {
  const most = new Map<string, PortUse>();
  for (const dump of dumpsOf(netns)) {
    for (const use of portUse(netns, dump)) {
      if (use.used / range.size < warning) continue;
      const key = `${use.source} ${use.peer} ${use.port}`;
      if (use.used > (most.get(key)?.used ?? 0)) most.set(key, use);
    }
  }
  return most.values();
}

function fixesFor(namespace: WatchedNetns, range: PortRange, mostlyWaiting: boolean): Fix[] {
  const keep: Fix = {
    where: 'the application',
    text: mostlyWaiting
      ? 'most of the ports wait in TIME_WAIT for 60 s: reuse connections instead of opening one for each request'
      : 'use fewer connections: a pool with a cap, or several requests over one connection',
  };
  const wider = range.first > WIDE.first || range.last < WIDE.last;
  const key = 'net.ipv4.ip_local_port_range';
  return [
    keep,
    ...(wider ? namespaceSysctlFixes(namespace, key, `${WIDE.first} ${WIDE.last}`, 'a wider range of ports') : []),
    ...namespaceSysctlFixes(namespace, 'net.ipv4.tcp_tw_reuse', '1', REUSE),
    {
      where: 'the network',
      text: 'more source addresses, or more addresses of the destination: each pair has the whole range',
    },
  ];
}

/** Above the ports that services usually listen on. */
const WIDE = { first: 10_240, last: 65_000 } as const;
