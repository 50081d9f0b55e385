import { describe, expect, it } from 'vitest';
import { judgeBudget } from '../../../src/guard/judge.ts';
import { outcomeOf } from '../../../src/guard/outcome.ts';
import { parseBudget } from '../../../src/guard/parse-budget.ts';
import type { BudgetPoint, Phases } from '../../../src/guard/target-value.ts';
import { thinnedIndexes } from '../../../src/guard/thin.ts';
import type { Finding, Severity } from '../../../src/model/finding/finding.ts';

const AT = Date.UTC(2026, 0, 1);
/** The command runs from second 1 to second 9. */
const phases: Phases = { fromMs: AT, startedMs: AT + 1001, endedMs: AT + 9000, intervalMs: 1000, interrupted: false };

/** A value at each second from 0 on. */
function line(values: readonly number[], target = 'web', parts: Partial<BudgetPoint> = {}): BudgetPoint[] {
  return values.map((value, second) => ({ atMs: AT + second * 1000, target, value, ...parts }));
}

function judge(text: string, points: readonly BudgetPoint[], findings: readonly Finding[] = [], over = phases) {
  return judgeBudget(parseBudget(text, '--budget'), { phases: over, points, findings });
}

const finding = (rule: string, severity: Severity): Finding => ({
  rule,
  severity,
  confidence: 'high',
  scope: { kind: 'container', name: 'web', target: 'web' },
  summary: '',
  evidence: [],
  fixes: [],
  byHand: '',
});

describe('judging a budget', () => {
  it('peak: the highest while the command ran, neither before nor after', () => {
    const points = line([90, 3, 10, 63, 10, 5, 5, 5, 5, 5, 80]);
    expect(judge('peak(all) <= 63', points)).toMatchObject({
      verdict: 'held',
      bound: 63,
      worst: { value: 63, at: '2026-01-01T00:00:03.000Z', target: 'web' },
    });
    expect(judge('peak(all) < 63', points).verdict).toBe('broken');
    // The snapshot at second 1 was taken before the command started.
    expect(judge('peak(all) = 63', points).verdict).toBe('held');
    expect(judge('peak(all) >= 64', points).verdict).toBe('broken');
    expect(judge('peak(all) != 63', points).verdict).toBe('broken');
    expect(judge('peak(all) <= baseline + 59', points)).toMatchObject({ verdict: 'broken', bound: 62 });
    expect(judge('peak(all) <= baseline + 60', points)).toMatchObject({ verdict: 'held', bound: 63 });
  });

  it('steady: the median of the second half, so that one spike does not count', () => {
    expect(judge('steady(all) = 4', line([0, 0, 99, 99, 99, 4, 4, 70, 4, 4])).verdict).toBe('held');
    expect(judge('steady(all) = 4', line([0, 0, 4, 4, 4, 4, 70, 70, 70, 4])).worst?.value).toBe(70);
    // Of two in the middle the higher one: seconds 5 to 8 when it ended at 8.
    const even = { ...phases, endedMs: AT + 8000, startedMs: AT + 2000 };
    expect(judge('steady(all) <= 2', line([0, 0, 0, 0, 0, 1, 2, 3, 4]), [], even).worst?.value).toBe(3);
  });

  it('drain: the count at the first snapshot after the time', () => {
    const points = line([7, 7, 50, 50, 50, 50, 50, 50, 50, 50, 40, 12, 8]);
    expect(judge('drain(all, 2s) <= baseline + 5', points)).toMatchObject({ verdict: 'held', bound: 12 });
    expect(judge('drain(all, 1s) <= baseline + 5', points)).toMatchObject({ verdict: 'broken', worst: { value: 40 } });
    expect(judge('drain(all, 9s) <= 5', points)).toMatchObject({
      verdict: 'not judged',
      reason: expect.stringContaining('the target had stopped'),
    });
    expect(judge('drain(all, 9s) <= 5', points, [], { ...phases, interrupted: true }).reason).toContain(
      'interrupted less than',
    );
  });

  it('rate: every interval that overlaps the run', () => {
    const points = line([0, 500, 4, 4, 4, 4, 4, 4, 4, 4, 30, 900]).map((point) => ({
      ...point,
      sinceMs: point.atMs - 1000,
    }));
    const late = { ...phases, endedMs: AT + 9500 };
    // Second 1 ends where the command starts, and second 11 begins after it has ended.
    expect(judge('rate(opens) <= 30/s', points, [], late)).toMatchObject({
      verdict: 'held',
      unit: '/s',
      worst: { value: 30 },
    });
    expect(judge('rate(opens) <= 29/s', points, [], late).verdict).toBe('broken');
    const lossy = points.map((point) => ({ ...point, atLeast: true }));
    expect(judge('rate(opens) <= 30/s', lossy, [], late)).toMatchObject({
      verdict: 'held',
      reason: expect.stringContaining('lower bound'),
    });
    expect(judge('rate(opens) <= 30/s', [])).toMatchObject({ verdict: 'not judged' });
  });

  it('lost events: all of them together', () => {
    const points = line([0, 0, 1, 0, 2]).map((point) => ({ ...point, sinceMs: point.atMs - 1000 }));
    expect(judge('lost events = 0', points)).toMatchObject({ verdict: 'broken', worst: { value: 3 } });
    expect(judge('lost events <= 3', points).verdict).toBe('held');
    expect(judge('lost events = 0', []).verdict).toBe('not judged');
  });

  it('findings: at a severity or above, or of a rule', () => {
    const findings = [finding('A', 'critical'), finding('B', 'warning'), finding('CLOSE_WAIT_LEAK', 'info')];
    expect(judge('findings(critical) = 1', [], findings).verdict).toBe('held');
    expect(judge('findings(warning) = 2', [], findings).verdict).toBe('held');
    expect(judge('findings(info) < 3', [], findings).verdict).toBe('broken');
    expect(judge('findings(CLOSE_WAIT_LEAK) = 0', [], findings)).toMatchObject({
      verdict: 'broken',
      worst: { value: 1, who: [{ name: 'CLOSE_WAIT_LEAK web' }] },
    });
  });

  it('each target has to meet it, and the result has the worst', () => {
    const points = [...line([0, 0, 5], 'web-1'), ...line([0, 0, 9], 'web-2')];
    expect(judge('peak(all) <= 8', points)).toMatchObject({ verdict: 'broken', worst: { value: 9, target: 'web-2' } });
    // Of a lower bound the worst is the lowest.
    expect(judge('peak(all) >= 6', points)).toMatchObject({ verdict: 'broken', worst: { value: 5, target: 'web-1' } });
    // A target that started late has no baseline; the other one is still judged.
    const late = [...line([0, 0, 5], 'web-1'), ...line([0, 0, 9], 'web-2').slice(2)];
    expect(judge('peak(all) <= baseline + 8', late)).toMatchObject({
      verdict: 'not judged',
      reason: expect.stringContaining('no baseline'),
      worst: { value: 5, target: 'web-1' },
    });
  });

  it('a command shorter than the interval: not judged, with advice', () => {
    const short = { ...phases, endedMs: AT + 1300 };
    expect(judge('peak(all) <= 8', line([0, 0, 0]), [], short)).toMatchObject({
      verdict: 'not judged',
      reason: expect.stringContaining('--interval'),
    });
  });
});

describe('the outcome of a run', () => {
  const results = (...verdicts: ('held' | 'broken' | 'not judged')[]) =>
    verdicts.map((verdict) => ({ verdict, budget: '', origin: '', operator: '', lines: [] }));
  it.each([
    [['held'], false, 0],
    [['held', 'broken'], false, 1],
    [['broken'], true, 1],
    [['held'], true, 6],
    [['held', 'not judged'], true, 6],
    [['held', 'not judged'], false, 1],
  ] as const)('%j, the command failed: %s', (verdicts, failed, status) => {
    expect(outcomeOf(results(...verdicts), { failed }).exitStatus).toBe(status);
  });
});

describe('thinning a line', () => {
  it('selects the highest of each section', () => {
    expect(thinnedIndexes([1, 2, 3], 3)).toEqual([0, 1, 2]);
    expect(thinnedIndexes([1, 9, 2, 2, 8, 1, 1, 1], 4)).toEqual([1, 2, 4, 6]);
  });
});
