import type { Evidence } from '../../../model/finding/finding.ts';
import { isNeverCapped, stackEvidence } from '../../fixes/pool-fixes.ts';
import { perPool } from '../../per-scope.ts';
import { capAdvice, capFixesOf } from '../../pools/cap-advice.ts';
import { mostHeld } from '../../pools/held.ts';
import { filterOf, type Pool, peakOf } from '../../pools/pools.ts';
import { refusalPoint } from '../../pools/refusal-point.ts';
import { isProved, limitText } from '../../pools/server-limit.ts';
import { serverAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  limitShare: { default: 0.5, unit: 'share', text: "of the server's proved limit in use, warning" },
  deployFactor: { default: 1, unit: 'share', text: 'instances during a deployment, as a multiple (recommended caps)' },
  reserve: { default: 0.1, unit: 'share', text: "of the server's limit kept for others (recommended caps)" },
} as const;

type Values = SettingValues<typeof settings>;

/** A pool whose program has no code that caps it: proven by what the linker left out, without any load. */
export const poolNeverCapped = rule({
  name: 'POOL_NEVER_CAPPED',
  title: 'A pool that its program never caps',
  settings,
  judge: perPool(ofPool),
});

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, member, peer, port } = pool;
  const { series } = input;
  const server = serverAt(input, netns, peer, port);
  const { text, database, declaredCap } = server;
  const stack = stackOf(series, member.process);
  const owner = { stack, database };
  if (!isNeverCapped(owner)) return undefined;
  const advice = capAdvice(input, pool, server, values);
  const { limit } = advice;
  const end = { series, from: netns, plain: peer, port, database };
  const used = mostHeld(end);
  const isRefused = refusalPoint(end) !== undefined;
  const inReach = isRefused || (isProved(limit) && used >= values.limitShare * limit.connections);
  const path = stack?.path ?? 'the program';
  const reach =
    inReach && isProved(limit) ? `; ${used} of the ${limitText(limit)} that the server accepts are in use` : '';
  return {
    severity: inReach ? 'warning' : 'info',
    confidence: 'high',
    summary: `unlimited pool to ${text}: SetMaxOpenConns is never called in ${path}${isRefused ? '; the server already refuses connections' : reach}`,
    evidence: [
      ...stackEvidence(owner),
      {
        what: 'database/sql.(*DB).SetMaxOpenConns, which the linker keeps where anything calls it',
        value: 'not in the program',
        source: `function names of ${path}`,
      },
      { what: `connections to ${text}, maximum over the snapshots`, value: peakOf(pool), source: 'sock_diag' },
      ...(limit === undefined ? [] : [limit.evidence]),
      ...(declaredCap === undefined
        ? []
        : [{ what: 'declared cap', value: declaredCap, source: '--pool' } satisfies Evidence]),
    ],
    fixes: capFixesOf(input, pool, server, advice, advice.cap ?? declaredCap),
    byHand: (target) => `socklens ls ${target} '${filterOf(pool)}' --by process,state`,
    about: `peer ${text}`,
  };
}
