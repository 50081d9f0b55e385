import { expect, test } from 'vitest';
import type { Evidence, Finding, Severity } from '../../../src/model/finding/finding.ts';
import type { Problem } from '../../../src/model/finding/problem.ts';
import { ProblemRegister } from '../../../src/serve/doctor/problem-register.ts';

const SECOND = 1000;

function judged(
  ...found: { rule: string; target: string; severity?: Severity; since?: string; numbers?: Evidence[] }[]
) {
  const findings = found.map(
    ({ rule, target }) => ({ rule, scope: { kind: 'container', name: target, target, container: target } }) as Finding,
  );
  const problems = found.map(
    ({ rule, target, severity = 'warning', since, numbers = [] }, index) =>
      ({
        rule,
        severity,
        numbers,
        places: [{ name: target, targets: [target] }],
        causes: [index],
        symptoms: [],
        ...(since !== undefined && { since }),
      }) as unknown as Problem,
  );
  return { problems, findings };
}

/** Judgements that find nothing, every ten seconds. @returns what was resolved, each with when that was */
function nothingFound(register: ProblemRegister, fromMs: number, toMs: number) {
  const resolved: { atMs: number; id: string; resolvedAtMs: number | undefined }[] = [];
  for (let atMs = fromMs; atMs <= toMs; atMs += 10 * SECOND) {
    for (const { id, resolvedAtMs } of register.take(judged(), atMs).resolved)
      resolved.push({ atMs, id, resolvedAtMs });
  }
  return resolved;
}

test('a warning opens when it is found twice, a critical problem at once', () => {
  const register = new ProblemRegister();
  const leak = { rule: 'LEAK', target: 'web' };
  expect(register.take(judged(leak), 10 * SECOND).opened).toEqual([]);
  expect(register.problems).toEqual([]);
  expect(register.take(judged(leak), 20 * SECOND).opened).toMatchObject([{ rule: 'LEAK', openedAtMs: 10 * SECOND }]);
  const full = { rule: 'FULL', target: 'db', severity: 'critical' } as const;
  expect(register.take(judged(leak, full), 30 * SECOND).opened).toMatchObject([{ rule: 'FULL' }]);
  expect(register.problems.map(({ rule }) => rule)).toEqual(['FULL', 'LEAK']);
  expect([register.numbersOf('web'), register.numbersOf('db')]).toEqual([{ warning: 1 }, { critical: 1 }]);
});

test('a warning that is found once in a while never opens', () => {
  const register = new ProblemRegister();
  for (let round = 0; round < 10; round++) {
    const found = round % 2 === 0 ? judged({ rule: 'LEAK', target: 'web' }) : judged();
    expect(register.take(found, round * 10 * SECOND).opened).toEqual([]);
  }
});

test('a problem that pauses for less than a minute stays the same, a longer pause resolves it', () => {
  const register = new ProblemRegister();
  const full = judged({ rule: 'FULL', target: 'db', severity: 'critical' });
  const id = register.take(full, 0).opened[0]?.id;
  expect(register.take(judged(), 50 * SECOND).resolved).toEqual([]);
  expect(register.take(full, 55 * SECOND)).toMatchObject({ opened: [], held: [{ id, openedAtMs: 0 }] });
  expect(nothingFound(register, 65 * SECOND, 125 * SECOND)).toEqual([
    { atMs: 115 * SECOND, id, resolvedAtMs: 55 * SECOND },
  ]);
  expect(register.problems).toMatchObject([{ id, resolvedAtMs: 55 * SECOND }]);
  expect(register.numbersOf('db')).toEqual({});
  expect(register.take(full, 130 * SECOND).opened[0]?.id).not.toBe(id);
});

test('a clock that is set, or a machine that slept, neither resolves a problem nor keeps one', () => {
  const HOUR = 3600 * SECOND;
  const full = judged({ rule: 'FULL', target: 'db', severity: 'critical' });
  const register = new ProblemRegister();
  const id = register.take(full, 10 * HOUR).opened[0]?.id;
  // Forward: the first judgement has no samples yet.
  expect(register.take(judged(), 11 * HOUR).resolved).toEqual([]);
  expect(register.take(full, 11 * HOUR + 10 * SECOND)).toMatchObject({ opened: [], held: [{ id }] });
  // Back, and it does not hold any more: a minute later it is over, at a time that was.
  const resolved = nothingFound(register, 9 * HOUR, 9 * HOUR + 80 * SECOND);
  expect(resolved).toEqual([{ atMs: 9 * HOUR + 60 * SECOND, id, resolvedAtMs: 9 * HOUR + 60 * SECOND }]);
});

test('a problem keeps its id when another place joins it, and is not taken for one elsewhere', () => {
  const register = new ProblemRegister();
  const id = register.take(judged({ rule: 'FULL', target: 'a', severity: 'critical' }), 0).opened[0]?.id;
  const both = judged({ rule: 'FULL', target: 'a', severity: 'critical' });
  (both.problems[0] as { places: unknown }).places = [{ name: 'service', targets: ['a', 'b'] }];
  expect(register.take(both, SECOND)).toMatchObject({ opened: [], held: [{ id }] });
  expect(register.take(judged({ rule: 'FULL', target: 'c', severity: 'critical' }), 2 * SECOND).opened).toHaveLength(1);
});

test('since is as old as the kernel tells', () => {
  const register = new ProblemRegister();
  const since = new Date(5 * SECOND).toISOString();
  const { opened } = register.take(judged({ rule: 'FULL', target: 'a', severity: 'critical', since }), 60 * SECOND);
  expect(opened[0]?.openedAtMs).toBe(5 * SECOND);
});

test('the findings of a problem are its own, and its indexes refer to them', () => {
  const register = new ProblemRegister();
  const { opened } = register.take(
    judged({ rule: 'A', target: 'a', severity: 'critical' }, { rule: 'B', target: 'b', severity: 'critical' }),
    0,
  );
  expect(opened.map(({ causes, findings }) => findings[causes[0] ?? -1]?.rule)).toEqual(['A', 'B']);
});

test('the numbers of a problem are known over its time, of several places the highest, and over a restart', () => {
  const register = new ProblemRegister();
  const leak = (value: number | string) => ({
    ...{ rule: 'LEAK', target: 'web' },
    numbers: [{ what: 'in CLOSE_WAIT', value, unit: 'connections', source: 'sock_diag' }],
  });
  register.take(judged(leak(4)), 10 * SECOND);
  const [{ id } = { id: '' }] = register.take(judged(leak('5 to 9')), 20 * SECOND).opened;
  const numbers = [{ what: 'in CLOSE_WAIT', unit: 'connections', values: [4, 9] }];
  expect(register.find(id)?.course).toEqual({ times: [10 * SECOND, 20 * SECOND], numbers });
  const after = new ProblemRegister();
  const kept = register.find(id);
  if (kept !== undefined) after.adopt(kept, 30 * SECOND);
  after.take(judged(leak(3)), 40 * SECOND);
  nothingFound(after, 50 * SECOND, 120 * SECOND);
  expect(after.find(id)).toMatchObject({
    problem: { resolvedAtMs: 40 * SECOND },
    course: { numbers: [{ values: [4, 9, 3] }] },
  });
  expect(after.find('another')).toBeUndefined();
});
