import { expect } from 'vitest';
import type { LabPhaseResult } from '../../src/model/report/lab-phase.ts';

const MAX_CONNECTIONS = 151;
/** floor(151 × 0.9 / 4) */
const CAP = 33;
/** Limit of idle connections in a pool that has no limit of open ones. */
const MAX_IDLE = 50;

/** Checks the three phases of the lab: the incident, the pool fixed, and both limits fixed. */
export function expectStory(phases: readonly LabPhaseResult[]): void {
  const [incident, capped, raised] = phases;
  if (incident === undefined || capped === undefined || raised === undefined) throw new Error('a phase is missing');
  expectIncident(incident);
  expect(capped.load.errors.tooManyConnections).toBeUndefined();
  expect(most(capped)).toBeLessThanOrEqual(CAP);
  // The second fix removes this finding.
  expect(worst(capped).map(({ rule }) => rule)).toContain('NOFILE_NEAR_LIMIT');
  expectFixed(raised, incident);
}

function expectIncident(incident: LabPhaseResult): void {
  const { load, firsts, diagnosis } = incident;
  expect(load.errors.tooManyConnections).toBeGreaterThan(20);
  expect(most(incident)).toBeGreaterThan(MAX_IDLE);
  expect(firsts.poolNamed?.rule).toMatch(/^POOL_/);
  expect(firsts.limitNamed?.rule).toMatch(/^(NOFILE_NEAR_LIMIT|LIMIT_MISMATCH)$/);
  const failed = firsts.descriptors ?? Number.POSITIVE_INFINITY;
  expect(firsts.poolNamed?.ms).toBeLessThan(failed);
  expect(firsts.limitNamed?.ms).toBeLessThan(failed);
  const rules = diagnosis.findings.map(({ rule }) => rule);
  expect(rules).toEqual(expect.arrayContaining(['NOFILE_NEAR_LIMIT']));
  expect(rules.some((rule) => rule.startsWith('POOL_'))).toBe(true);
  expectTwoProblems(diagnosis);
}

/** One problem for the pools of all instances and one for the limit, whatever was seen of them. */
function expectTwoProblems({ problems }: LabPhaseResult['diagnosis']): void {
  const found = problems.filter(({ severity }) => severity !== 'info');
  const pools = found.filter(({ rule }) => rule.startsWith('POOL_'));
  const limits = found.filter(({ rule }) => /^(NOFILE_NEAR_LIMIT|LIMIT_MISMATCH)$/.test(rule));
  expect([pools.length, limits.length, found.map(({ rule }) => rule)]).toEqual([1, 1, expect.anything()]);
  for (const { places, numbers, fix, verify } of [...pools, ...limits]) {
    expect(places).toHaveLength(1);
    expect(numbers.length).toBeGreaterThanOrEqual(2);
    expect(fix).toBeDefined();
    expect(verify).toMatch(/^socklens doctor /);
  }
}

function expectFixed(raised: LabPhaseResult, incident: LabPhaseResult): void {
  expect(worst(raised)).toEqual([]);
  expect(raised.load.errors).toEqual({});
  expect(raised.load.goal).toBe(incident.load.goal);
  expect(raised.load.servedAtGoal).toBeGreaterThan(incident.load.servedAtGoal);
  expect(most(raised)).toBeLessThanOrEqual(CAP);
  expect(Math.max(...raised.moments.map(({ toDatabaseAll }) => toDatabaseAll))).toBeLessThan(MAX_CONNECTIONS);
  expect(raised.budgets).toHaveLength(5);
  expect(raised.budgets.filter(({ verdict }) => verdict !== 'held')).toEqual([]);
}

const most = ({ moments }: LabPhaseResult) => Math.max(...moments.map(({ toDatabase }) => toDatabase));

const worst = ({ diagnosis }: LabPhaseResult) => diagnosis.findings.filter(({ severity }) => severity !== 'info');
