import { describe, expect, test } from 'vitest';
import { alertOf } from '../../../../src/serve/alerts/alert.ts';
import { explainedBy } from '../../../../src/serve/alerts/explained.ts';
import { Told } from '../../../../src/serve/alerts/told.ts';
import { toldJson, toldOf } from '../../../../src/serve/alerts/told-state.ts';
import type { ServedProblem } from '../../../../src/serve/protocol.ts';
import { servedProblem } from './problem.ts';

const TIMING = { severity: 'warning', waitMs: 30_000, intervalMs: 300_000, repeatMs: 3_600_000 } as const;

/** A receiver whose clock the test sets; each message is `p1` for one that holds, `-p1` for one that is over. */
class Clock {
  told: Told;
  nowMs = 0;
  sent: string[] = [];

  constructor(told = new Told(TIMING, ({ rule }) => rule, new Map())) {
    this.told = told;
  }

  /** A judgement at a time, and what is sent then. */
  at(seconds: number, ...problems: ServedProblem[]): string[] {
    this.nowMs = seconds * 1000;
    const explained = explainedBy(problems);
    const context = { host: 'vm', pageUrl: '', incident: undefined };
    const judged = problems.map((problem) => ({
      problem,
      alert: alertOf(problem, context),
      explainedBy: explained.get(problem.id),
    }));
    this.told.judge(judged, this.nowMs);
    return this.send();
  }

  send(): string[] {
    const messages: string[] = [];
    for (let due = this.told.next(this.nowMs); due !== undefined; due = this.told.next(this.nowMs)) {
      messages.push(
        due.alerts.map(({ alert, endsAtMs }) => `${endsAtMs === undefined ? '' : '-'}${alert.id}`).join(' '),
      );
      due.sent(this.nowMs);
    }
    return messages;
  }
}

const p1 = servedProblem();
const over = (problem: ServedProblem, seconds: number) => ({ ...problem, resolvedAtMs: seconds * 1000 });

describe('a problem', () => {
  test('is told after it held for a while, repeated, and told when it is over', () => {
    const clock = new Clock();
    expect(clock.at(0, p1)).toEqual([]);
    expect(clock.at(29, p1)).toEqual([]);
    expect(clock.told.dueMs(29_000)).toBe(30_000);
    expect(clock.at(30, p1)).toEqual(['p1']);
    expect(clock.at(3629, p1)).toEqual([]);
    expect(clock.at(3630, p1)).toEqual(['p1']);
    expect(clock.at(3700, over(p1, 3640))).toEqual(['-p1']);
    expect(clock.at(9000)).toEqual([]);
  });

  test('that is over before it was told is never told', () => {
    const clock = new Clock();
    clock.at(0, p1);
    expect(clock.at(20, over(p1, 10))).toEqual([]);
    expect(clock.at(100)).toEqual([]);
  });

  test('that comes and goes is told once an interval', () => {
    const clock = new Clock();
    clock.at(0, p1);
    expect(clock.at(30, p1)).toEqual(['p1']);
    expect(clock.at(100, over(p1, 40))).toEqual(['-p1']);
    const again = { ...p1, id: 'p2' };
    expect(clock.at(120, again, over(p1, 40))).toEqual([]);
    expect(clock.at(200, over(again, 130), over(p1, 40))).toEqual([]);
    const third = { ...p1, id: 'p3' };
    expect(clock.at(380, third)).toEqual([]);
    expect(clock.at(410, third)).toEqual(['p3']);
  });

  test('that is found again before its end was told goes on as the same', () => {
    const clock = new Clock();
    const other = servedProblem({ id: 'q', name: 'web-2' });
    clock.at(0, p1, other);
    expect(clock.at(30, p1, other)).toEqual(['p1 q']);
    expect(clock.at(100, other, over(p1, 40))).toEqual([]);
    expect(clock.at(150, { ...p1, id: 'p2' }, other, over(p1, 40))).toEqual([]);
    expect(clock.at(330, { ...p1, id: 'p2' }, other)).toEqual([]);
  });

  test('that gets worse is told at once, and once', () => {
    const clock = new Clock();
    const mild = servedProblem({ severity: 'warning' });
    clock.at(0, mild);
    clock.at(30, mild);
    expect(clock.at(40, p1)).toEqual(['p1']);
    expect(clock.at(50, mild)).toEqual([]);
    expect(clock.at(60, p1)).toEqual([]);
  });

  test('milder than wanted is not told until it gets worse', () => {
    const clock = new Clock();
    const info = servedProblem({ severity: 'info' });
    clock.at(0, info);
    expect(clock.at(100, info)).toEqual([]);
    clock.at(110, p1);
    expect(clock.at(140, p1)).toEqual(['p1']);
  });

  test('a clock that is set back does not silence it', () => {
    const clock = new Clock();
    clock.at(100_000, p1);
    expect(clock.at(100_030, p1)).toEqual(['p1']);
    expect(clock.at(10, over(p1, 5))).toEqual(['-p1']);
  });
});

describe('several problems', () => {
  test('of one rule are one message, of several rules several', () => {
    const clock = new Clock();
    const second = servedProblem({ id: 'p2', name: 'web-2' });
    const other = servedProblem({ id: 'q', rule: 'CLOSE_WAIT_LEAK' });
    clock.at(0, p1);
    clock.at(20, p1, second, other);
    expect(clock.at(50, p1, second, other)).toEqual(['p1 p2', 'q']);
    const third = servedProblem({ id: 'p3', name: 'web-3' });
    expect(clock.at(90, p1, second, other, third)).toEqual([]);
    expect(clock.at(350, p1, second, other, third)).toEqual(['p1 p2 p3']);
    expect(clock.at(400, p1, third, other, over(second, 390))).toEqual([]);
    expect(clock.at(650, p1, third, other, over(second, 390))).toEqual(['p1 p3 -p2']);
  });

  test('a cause hides its symptoms, and one that was told before is over as explained', () => {
    const [finding] = p1.findings;
    if (finding === undefined) throw new Error('no finding');
    const symptom = servedProblem({ id: 's', rule: 'REFUSED_BY_SERVER' });
    const cause = servedProblem({
      symptoms: [{ rule: 'REFUSED_BY_SERVER', title: 'Refused', severity: 'warning', findings: [1] }],
      findings: [finding, { ...finding, rule: 'REFUSED_BY_SERVER', causedBy: 0 }],
    });
    const late = new Clock();
    late.at(0, symptom);
    expect(late.at(20, cause, symptom)).toEqual([]);
    expect(late.at(50, cause, symptom)).toEqual(['p1']);
    const early = new Clock();
    early.at(0, symptom);
    expect(early.at(30, symptom)).toEqual(['s']);
    early.at(40, cause, symptom);
    early.nowMs = 100_000;
    early.told.judge(
      [cause, over(symptom, 40)].map((problem) => ({
        problem,
        alert: alertOf(problem, { host: 'vm', pageUrl: '', incident: undefined }),
        explainedBy: explainedBy([cause, over(symptom, 40)]).get(problem.id),
      })),
      early.nowMs,
    );
    const messages = [];
    for (let due = early.told.next(early.nowMs); due !== undefined; due = early.told.next(early.nowMs)) {
      messages.push(...due.alerts);
      due.sent(early.nowMs);
    }
    expect(messages.map(({ alert, explainedBy: title }) => [alert.id, title])).toEqual([
      ['s', 'Pool over its cap'],
      ['p1', undefined],
    ]);
  });
});

describe('a restart', () => {
  /** Another process with what was kept. */
  function restarted({ told }: Clock): Clock {
    const kept: unknown = JSON.parse(JSON.stringify(toldJson(told.state)));
    return new Clock(new Told(TIMING, ({ rule }) => rule, toldOf(kept)));
  }

  test('tells nothing twice, and the end once', () => {
    const before = new Clock();
    before.at(0, p1);
    before.at(30, p1);
    const after = restarted(before);
    expect(after.at(100, p1)).toEqual([]);
    expect(after.at(200, over(p1, 140))).toEqual(['-p1']);
    expect(restarted(after).at(210, over(p1, 140))).toEqual([]);
  });

  test('is no end of a problem that is not found at once, nor another one with another id', () => {
    const before = new Clock();
    before.at(0, p1);
    before.at(30, p1);
    const after = restarted(before);
    expect(after.at(100)).toEqual([]);
    expect(after.at(150, { ...p1, id: 'other' })).toEqual([]);
    expect(after.at(1000, { ...p1, id: 'other' })).toEqual([]);
    const lost = restarted(before);
    expect(lost.at(100)).toEqual([]);
    expect(lost.at(189)).toEqual([]);
    expect(lost.at(190)).toEqual(['-p1']);
  });

  test.each([undefined, {}, 'x', [1, null, { key: 'k' }, { key: 'k', members: [{ alert: 3 }] }]])(
    'a damaged file is as none: %j',
    (kept) => {
      const clock = new Clock(new Told(TIMING, ({ rule }) => rule, toldOf(kept)));
      clock.at(0, p1);
      expect(clock.at(30, p1)).toEqual(['p1']);
    },
  );
});
