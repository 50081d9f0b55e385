import type { Evidence, Finding } from '../../../model/finding/finding.ts';
import { clientsText } from '../../listeners/held-by.ts';
import { perEndpoint } from '../../per-scope.ts';
import { capAdvice, reservedOf, sharersEvidence } from '../../pools/cap-advice.ts';
import { mostHeld } from '../../pools/held.ts';
import { mainPool, namingOwner, pooledClients } from '../../pools/main-pool.ts';
import { filterOf } from '../../pools/pools.ts';
import { poolersFor } from '../../pools/server-fix.ts';
import { isProved, limitText } from '../../pools/server-limit.ts';
import { serverAt } from '../../pools/servers.ts';
import type { SharedEndpoint } from '../../pools/shared-endpoints.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';

const settings = {
  deployFactor: {
    default: 1,
    unit: 'share',
    text: 'instances during a deployment, as a multiple (2 where all new ones start first)',
  },
  reserve: { default: 0.1, unit: 'share', text: "of the server's limit kept for migrations, jobs and people" },
  fullShare: { default: 0.95, unit: 'share', text: "of the server's limit in use, critical" },
} as const;

type Values = SettingValues<typeof settings>;

/** Pools that, each filled to its cap, are more than the server takes. */
export const poolArithmetic = rule({
  name: 'POOL_ARITHMETIC',
  title: 'Containers x processes x cap is more than the database accepts',
  settings,
  judge: perEndpoint(ofEndpoint),
});

function ofEndpoint(endpoint: SharedEndpoint, input: RuleInput, values: Values): Fault[] {
  const { pools, instances, peak } = endpoint;
  const main = mainPool(endpoint);
  const pool = main?.pool ?? pools[0];
  const { netns, peer, port } = pool;
  const server = serverAt(input, netns, peer, port);
  const { text, database, declaredCap: cap } = server;
  const poolers = poolersFor(database);
  const { limit, sharers, cap: recommended, fixes } = capAdvice(input, pool, server, values);
  if (limit === undefined) return [];
  const { processes } = sharers;
  // One container without a number from the user is POOL_OVERRUN's.
  if (cap === undefined && instances.length < 2) return [];
  // What replicas elsewhere hold is not seen: as much as those here, each.
  const demand = cap === undefined ? Math.ceil((peak * processes) / endpoint.processes) : processes * cap;
  const { connections } = limit;
  const reserved = reservedOf(limit, server);
  const available = connections - reserved;
  const needed = demand * values.deployFactor + connections * values.reserve;
  if (needed <= available) return [];
  const inUse = mostHeld({ series: input.series, from: netns, plain: peer, port, database });
  const proved = isProved(limit);
  const instancesText = `${instances.length} ${instances.length === 1 ? 'container' : 'containers'} with ${processes} ${processes === 1 ? 'process' : 'processes'}`;
  const evidence: Evidence[] = [
    { what: `containers with connections to ${text}`, value: instances.join(', '), source: 'sock_diag' },
    sharersEvidence(sharers),
    cap === undefined
      ? { what: 'connections held, the maximum of each', value: demand, source: 'sock_diag' }
      : { what: 'declared cap of each', value: cap, source: '--pool' },
    { what: 'who holds them', value: clientsText(pooledClients(endpoint)), source: 'sock_diag' },
    { what: `processes x cap${factorText(values)}`, value: demand * values.deployFactor, source: 'arithmetic' },
    limit.evidence,
    { what: 'in use, maximum over the snapshots', value: inUse, source: 'sock_diag' },
  ];
  if (proved) {
    evidence.push({
      what: 'of it reserved by the server, and kept for others',
      value: `${reserved} + ${Math.round(connections * values.reserve)}`,
      source: 'arithmetic',
    });
  }
  if (recommended !== undefined) {
    evidence.push({ what: 'cap with which all fit', value: recommended, source: 'arithmetic' });
  }
  return [
    {
      severity: severityOf(proved, inUse >= values.fullShare * available),
      confidence: proved ? 'high' : 'low',
      ...(instances.length > 1 && { scope: { kind: 'host', name: text, target: instances.join(',') } as const }),
      summary:
        cap === undefined
          ? `${instancesText} hold up to ${demand} connections to ${text}, which accepts ${limitText(limit)}${assumedText(proved)}`
          : `${instancesText} may open ${demand * values.deployFactor} connections to ${text} (${cap} each${factorText(values)}), which accepts ${limitText(limit)}${assumedText(proved)}`,
      evidence,
      fixes: [
        ...namingOwner(fixes, main?.owner),
        {
          where: database?.name ?? 'the server',
          text: `raise ${database?.limitSetting ?? 'the limit'} when its memory allows it${poolers === undefined ? '' : `, or put a pooler between: ${poolers}`}`,
        },
      ],
      byHand: `socklens ls ${instances.join(',')} '${filterOf({ peer, port })}' --by container,process`,
      about: `peer ${text}`,
    },
  ];
}

/** With a guessed limit it is a hint that asks for the number. */
function severityOf(proved: boolean, full: boolean): Finding['severity'] {
  if (!proved) return 'info';
  return full ? 'critical' : 'warning';
}

function assumedText(proved: boolean): string {
  return proved ? '' : ' by default (assumed, not measured: declare it with --server-limit)';
}

function factorText({ deployFactor }: Values): string {
  return deployFactor === 1 ? '' : `, x ${deployFactor} during a deployment`;
}
