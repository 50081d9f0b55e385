import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { History } from '../../../src/history/history.ts';
import { openHistory } from '../../../src/history/stored-history.ts';
import { HistoryFeed } from '../../../src/serve/kept/history-feed.ts';
import { problemOf, problemsWithin } from '../../../src/serve/kept/stored-problems.ts';
import type { ProblemAnswer, ProblemsAnswer, ServedProblem } from '../../../src/serve/protocol.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 30, 12);

let folder: string;
let history: History;
let feed: HistoryFeed;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-history-'));
  history = openHistory(folder, { keepMs: 86_400_000, maxBytes: 500e6 });
  feed = new HistoryFeed(history, { lanesOf: () => undefined, externalAddresses: 'keep' });
});
afterEach(() => {
  history.close();
  fs.rmSync(folder, { recursive: true });
});

function problem(id: string, fromMin: number, toMin?: number): ServedProblem {
  return {
    ...{ id, rule: 'LEAK', title: id, severity: 'warning', confidence: 'high', places: [], numbers: [], verify: '' },
    ...{ causes: [], symptoms: [], findings: [], containers: ['web'], openedAtMs: START + fromMin * MINUTE },
    ...(toMin !== undefined && { resolvedAtMs: START + toMin * MINUTE }),
  } as ServedProblem;
}

function answerWith(...problems: ServedProblem[]): ProblemsAnswer {
  const rules = { rules: [], windowMs: MINUTE, everyMs: 10_000, ignored: [], configFile: 'socklens.toml' };
  return { atMs: START, problems, ...rules };
}

const within = (answer: ProblemsAnswer, fromMin: number, toMin: number) =>
  problemsWithin(answer, history, { fromMs: START + fromMin * MINUTE, toMs: START + toMin * MINUTE });

test('problems of a time: those of the history, and those that the doctor knows as they are now', () => {
  feed.problem(problem('old', 0, 10));
  feed.problem(problem('now', 5));
  const known = answerWith({ ...problem('now', 5), title: 'worse' }, problem('new', 50));
  const ids = (from: number, to: number) => within(known, from, to).problems.map(({ title }) => title);
  expect(ids(0, 60)).toEqual(['worse', 'new', 'old']);
  expect(ids(11, 20)).toEqual(['worse']);
  expect(ids(-10, 0)).toEqual([]);
});

test('an answer says that it has not all of them', () => {
  for (let index = 0; index < 501; index++) feed.problem(problem(`p${index}`, 0, 10));
  const answer = within(answerWith(), 0, 60);
  expect(answer.problems).toHaveLength(500);
  expect(answer.isCut).toBe(true);
  history.problems({ fromMs: 0, toMs: 1, limit: 1 });
});

test('one problem has its numbers over time: of the doctor, else of the history', () => {
  const course = { times: [START], numbers: [{ what: 'a', values: [7] }] };
  feed.problem(problem('p1', 0, 10), course);
  const nobody = { answer: answerWith(), problem: () => undefined };
  expect(problemOf(nobody, history, 'p1')).toEqual({ problem: problem('p1', 0, 10), course });
  expect(problemOf(nobody, history, 'p2')).toBeUndefined();
  expect(problemOf(nobody, undefined, 'p1')).toBeUndefined();
  const live: ProblemAnswer = { problem: problem('p1', 0), course: { times: [], numbers: [] } };
  expect(problemOf({ ...nobody, problem: () => live }, history, 'p1')).toBe(live);
});
