import type { Evidence, Finding } from '../../../model/finding/finding.ts';
import { perEndpoint } from '../../per-scope.ts';
import { capFixes } from '../../pools/pool-stacks.ts';
import { filterOf } from '../../pools/pools.ts';
import { serverAt } from '../../pools/servers.ts';
import { heldByServer, recommendedCap, type SharedEndpoint } from '../../pools/shared-endpoints.ts';
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
  const [{ netns, peer, port, member }] = pools;
  const { text, database, declaredCap: cap, declaredLimit } = serverAt(input, netns.namespace, peer, port);
  const limit = declaredLimit ?? database?.stockLimit;
  if (limit === undefined) return [];
  // One container without a number from the user is POOL_OVERRUN's.
  if (cap === undefined && instances.length < 2) return [];
  const { processes } = endpoint;
  const demand = cap === undefined ? peak : processes * cap;
  const reserved = database?.reserved ?? 0;
  const available = limit - reserved;
  const needed = demand * values.deployFactor + limit * values.reserve;
  if (needed <= available) return [];
  const inUse = Math.max(peak, heldByServer(input.series, peer, port) ?? 0);
  // More in use than the default limit: the limit is another one.
  if (declaredLimit === undefined && inUse > limit) return [];
  const sharing = { limit, reserved, processes, deployFactor: values.deployFactor, reserveShare: values.reserve };
  const recommended = recommendedCap(sharing);
  const instancesText = `${instances.length} ${instances.length === 1 ? 'container' : 'containers'} with ${processes} ${processes === 1 ? 'process' : 'processes'}`;
  const evidence: Evidence[] = [
    { what: `containers with connections to ${text}`, value: instances.join(', '), source: 'sock_diag' },
    { what: 'processes with a pool to it', value: processes, source: 'sock_diag' },
    cap === undefined
      ? { what: 'connections held, the maximum of each', value: demand, source: 'sock_diag' }
      : { what: 'declared cap of each', value: cap, source: '--pool' },
    { what: `processes x cap${factorText(values)}`, value: demand * values.deployFactor, source: 'arithmetic' },
    declaredLimit === undefined
      ? {
          what: `assumed default ${database?.limitSetting} (not measured)`,
          value: limit,
          source: `manual of ${database?.name}`,
        }
      : { what: "the server's limit", value: limit, source: '--server-limit' },
    {
      what: 'of it reserved by the server, and kept for others',
      value: `${reserved} + ${Math.round(limit * values.reserve)}`,
      source: 'arithmetic',
    },
    { what: 'in use, maximum over the snapshots', value: inUse, source: 'sock_diag' },
    { what: 'cap with which all fit', value: recommended, source: 'arithmetic' },
  ];
  return [
    {
      severity: severityOf(declaredLimit, inUse >= values.fullShare * available),
      confidence: declaredLimit === undefined ? 'low' : 'high',
      ...(instances.length > 1 && { scope: { kind: 'host', name: text, target: instances.join(',') } as const }),
      summary:
        cap === undefined
          ? `${instancesText} hold up to ${demand} connections to ${text}, which accepts ${limit}${stockText(declaredLimit)}`
          : `${instancesText} may open ${demand * values.deployFactor} connections to ${text} (${cap} each${factorText(values)}), which accepts ${limit}${stockText(declaredLimit)}`,
      evidence,
      fixes: [
        ...capFixes({ program: member.process?.name, database }, recommended),
        {
          where: database?.name ?? 'the server',
          text: `raise ${database?.limitSetting ?? 'the limit'} when its memory allows it, or put a pooler between: ProxySQL, PgBouncer`,
        },
      ],
      byHand: `socklens ls ${instances.join(',')} '${filterOf({ peer, port })}' --by container,process`,
      about: `peer ${text}`,
    },
  ];
}

/** With a guessed limit it is a hint that asks for the number. */
function severityOf(declaredLimit: number | undefined, full: boolean): Finding['severity'] {
  if (declaredLimit === undefined) return 'info';
  return full ? 'critical' : 'warning';
}

function stockText(declaredLimit: number | undefined): string {
  return declaredLimit === undefined ? ' by default (assumed, not measured: declare it with --server-limit)' : '';
}

function factorText({ deployFactor }: Values): string {
  return deployFactor === 1 ? '' : `, x ${deployFactor} during a deployment`;
}
