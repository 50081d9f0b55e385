import { describe, expect, it } from 'vitest';
import { writeTree } from '../../../src/filter/write-tree.ts';
import type { Budget } from '../../../src/guard/budget.ts';
import { parseBudget } from '../../../src/guard/parse-budget.ts';
import { shortBudgets } from '../../../src/guard/short-forms.ts';
import { Failure } from '../../../src/model/failure.ts';

/** A parsed budget, in one line. */
function written({ subject, scope, operator, bound }: Budget): string {
  const filter = 'filter' in subject ? subject.filter : undefined;
  const tree = filter?.filter.tree;
  const counts = [
    ...(filter === undefined ? [] : [tree === undefined ? 'all' : writeTree(tree)]),
    ...(filter?.timeWait && subject.kind !== 'rate' ? ['with TIME_WAIT'] : []),
    ...(filter?.unix ? ['unix'] : []),
  ].join(' ');
  const more =
    subject.kind === 'drain'
      ? ` ${subject.withinMs}ms`
      : subject.kind === 'rate'
        ? ` ${subject.of}`
        : subject.kind === 'descriptors'
          ? ` ${subject.as}`
          : subject.kind === 'findings'
            ? ` ${subject.severity ?? subject.rule}`
            : '';
  const right = bound.kind === 'number' ? bound.value : `baseline${bound.plus >= 0 ? '+' : ''}${bound.plus}`;
  return `${scope} ${subject.kind}${more} [${counts}] ${operator} ${right}`;
}

const read = (text: string) => written(parseBudget(text, '--budget'));

/** The message of a mistake, and the part of the text that the carets mark. */
function mistake(text: string): { message: string; marked: string } {
  try {
    parseBudget(text, '--budget');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.kind).toBe('usage');
    const [shown = '', mark = ''] = error.details;
    expect(shown).toBe(`  ${text}`);
    return { message: error.message, marked: shown.slice(mark.indexOf('^'), mark.length) };
  }
  throw new Error(`no mistake in: ${text}`);
}

describe('parsing a budget', () => {
  it.each([
    ['peak(dst db:3306 and state established) <= 50', 'target peak [dst db:3306 and state established] <= 50'],
    ['steady(state close-wait) = 0', 'target steady [state close-wait] = 0'],
    ['drain(all, 10s) <= baseline + 5', 'target drain 10000ms [all] <= baseline+5'],
    ['drain(dport 80,443, 500ms) < baseline - 2', 'target drain 500ms [dport = 80,443] < baseline-2'],
    ['drain(state close-wait,1m)==baseline', 'target drain 60000ms [state close-wait] = baseline+0'],
    ['rate(opens to db:3306) <= 20/s', 'target rate opens [dst db:3306] <= 20'],
    ['rate(opens) < 0.5/s', 'target rate opens [all] < 0.5'],
    ['rate(closes dport 3306) >= 1/s', 'target rate closes [dport = 3306] >= 1'],
    ['descriptors <= 80%', 'target descriptors % [] <= 80'],
    ['descriptors < 1000', 'target descriptors count [] < 1000'],
    ['lost events = 0', 'target lost-events [] = 0'],
    ['findings(critical) = 0', 'target findings critical [] = 0'],
    ['findings(CLOSE_WAIT_LEAK) = 0', 'target findings CLOSE_WAIT_LEAK [] = 0'],
    ['state close-wait <= 5', 'target peak [state close-wait] <= 5'],
    ['idle > 30s <= 5', 'target peak [idle > 30s] <= 5'],
    ['dport = 3306 != 7', 'target peak [dport = 3306] != 7'],
    ['(dport 80 or dport 443) and role server > 3', 'target peak [(dport = 80 or dport = 443) and role server] > 3'],
    ['not (dport 80) <= 1', 'target peak [not dport = 80] <= 1'],
    ['all <= 100', 'target peak [all] <= 100'],
    ['total peak(dst db:3306) <= 151', 'total peak [dst db:3306] <= 151'],
    ['each process peak(dst db:3306) <= 50', 'process peak [dst db:3306] <= 50'],
    ['process "a<=b" <= 5', 'target peak [process a<=b] <= 5'],
    ['peak(path "/run/(a)") <= 5', 'target peak [path /run/(a) unix] <= 5'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ['state time-wait <= 9', true],
    ['state TIME_WAIT,established <= 9', true],
    ['state bucket <= 9', true],
    ['timer timewait <= 9', true],
    ['all <= 9', false],
    ['dport 80 <= 9', false],
    ['exclude close-wait <= 9', false],
    ['process "state time-wait" <= 9', false],
  ])('TIME_WAIT counts only where it is named: %s', (text, counts) => {
    const { subject } = parseBudget(text, '--budget');
    expect('filter' in subject && subject.filter.timeWait).toBe(counts);
  });

  it.each([
    ['peak(dst db:3306 and state establshed) <= 50', 'establshed', 'did you mean established'],
    ['steady(state close-wait or ) = 0', ')', 'ends where a condition is expected'],
    ['drain(al, 10s) <= 5', 'al', 'unknown condition "al"'],
    ['drain(all) <= 5', ')', 'a time after the command is missing'],
    ['drain(all, soon) <= 5', 'soon', '"soon" is not a duration'],
    ['rate(open to db:3306) <= 5/s', 'open', 'did you mean opens'],
    ['rate(opens to db:3306) <= 5', '5', 'has no unit'],
    ['rate(opens to 80) <= 5/s', '80', 'is ambiguous'],
    ['rate(opens) <= baseline + 5', 'baseline + 5', 'only counts of sockets have a baseline'],
    ['peek(all) <= 5', 'peek', 'did you mean peak'],
    ['peak all <= 5', 'all', 'expected "(" after "peak"'],
    ['peak(all) x <= 5', 'x', 'expected a comparison, found "x"'],
    ['peak(all <= 5', '(', 'this parenthesis is not closed'],
    ['peak() <= 5', ')', 'a filter is missing'],
    ['peak(all)', '', 'a bound is missing'],
    ['peak(all) <=', '', 'a bound is missing'],
    ['peak(all) <= 80%', '80%', 'unit "%" does not apply here'],
    ['peak(all) <= many', 'many', '"many" is not a bound'],
    ['descriptors used <= 80%', 'used', 'expected a comparison, found "used"'],
    ['lost packets = 0', 'packets', 'expected "events" after "lost"'],
    ['findings(fatal) = 0', 'fatal', 'neither a severity nor a rule'],
    ['each thread all <= 5', 'thread', 'expected "process" after "each"'],
    ['total descriptors <= 80%', 'total descriptors ', 'only apply to counts of sockets'],
    ['<= 5', '<=', 'expected what to measure'],
    ['', '', 'a bound is missing'],
  ])('a mistake: %s', (text, marked, message) => {
    const found = mistake(text);
    expect(found.message).toContain(message);
    expect(found.message).toMatch(/^budget: /);
    expect(found.marked.trimEnd()).toBe(marked.trimEnd());
  });

  it('short forms are budgets', () => {
    const budgets = shortBudgets({ pools: ['db:3306=50', '[::1]:80=2'], descriptors: '80%', noLeaks: true });
    expect(budgets.map(({ text, origin }) => `${origin} ${text}`)).toEqual([
      '--pool each process peak(dst db:3306 and state established) <= 50',
      '--pool each process peak(dst [::1]:80 and state established) <= 2',
      '--descriptors descriptors <= 80%',
      '--no-leaks drain((state close-wait or state fin-wait-2) and not orphan, 10s) <= baseline',
    ]);
    expect(() => shortBudgets({ pools: ['db'], noLeaks: false })).toThrow('HOST:PORT=NUMBER');
    expect(() => shortBudgets({ pools: [], descriptors: 'most', noLeaks: false })).toThrow('80% of the limit');
  });
});
