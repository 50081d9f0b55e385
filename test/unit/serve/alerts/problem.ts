import type { ServedProblem } from '../../../../src/serve/protocol.ts';

/** A problem of one container, with a cause and numbers. */
export function servedProblem(parts: Partial<ServedProblem> & { name?: string } = {}): ServedProblem {
  const { name = 'web-1', ...more } = parts;
  const rule = more.rule ?? 'POOL_OVERRUN';
  return {
    id: 'p1',
    rule,
    title: 'Pool grows past its size',
    severity: 'critical',
    confidence: 'high',
    about: 'peer db:3306',
    places: [{ name, targets: [name] }],
    numbers: [
      { what: `connections of ${name}`, value: 63, source: 'sock_diag' },
      { what: 'pool', value: 50, unit: 'connections', source: 'configuration' },
    ],
    fix: { where: 'Go database/sql', text: `call SetMaxOpenConns in ${name}` },
    verify: 'socklens doctor web-1',
    causes: [0],
    symptoms: [],
    findings: [
      {
        ...{ rule, severity: 'critical', confidence: 'high', about: 'peer db:3306' },
        scope: { kind: 'container', name, target: name, container: name },
        ...{ summary: `${name} holds 63 connections, its pool is 50`, evidence: [], fixes: [], byHand: 'ss -tn' },
      },
    ],
    containers: [name],
    openedAtMs: 1_000_000,
    ...more,
  };
}
