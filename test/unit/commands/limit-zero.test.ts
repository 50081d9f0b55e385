import { expect, test } from 'vitest';
import { descriptorBar } from '../../../src/commands/top/view/bars.ts';
import { WatchLines } from '../../../src/commands/watch/watch-lines.ts';
import { fullest } from '../../../src/count/fullest-process.ts';
import { limitMismatch } from '../../../src/doctor/rules/descriptors/limit-mismatch.ts';
import { summarizeSeries } from '../../../src/guard/compare/summarize-series.ts';
import { parseBudget } from '../../../src/guard/parse-budget.ts';
import { targetGone } from '../../../src/guard/target-gone.ts';
import type { OverviewRow } from '../../../src/model/report/overview.ts';
import { groupLimits } from '../../../src/platform/group-limits.ts';
import { BudgetMeter } from '../../../src/queries/budget-meter.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { renderOverview } from '../../../src/render/overview-table.ts';
import { processSample } from '../../support/process-sample.ts';
import { judge, series, spaceSeries } from '../../support/series.ts';

// A soft limit of 0 lets a process open nothing more: it is used up, whatever is open still.
const use = { pid: 1, used: 3, softLimit: 0, hardLimit: 0 };
const process = processSample({ used: 3, softLimit: 0, hardLimit: 0 });

test('ps', () => {
  const row = {
    name: 'web',
    runtime: 'docker',
    sharedWith: [],
    source: 'sock_diag',
    descriptors: use,
    sockets: { total: 0, udp: 0, unix: 0, byState: {} },
  } as unknown as OverviewRow;
  const out = new ByteWriter();
  renderOverview(out, { takenAt: new Date(), rows: [row] } as never);
  expect(new TextDecoder().decode(out.bytes())).toContain('3/0 (100%)');
});

test('watch', () => {
  const lines = new WatchLines({ output: { columns: undefined }, targets: false, byState: true, intervalMs: 1000 });
  const row = { at: new Date(0), target: 'web', total: 0, groups: [], lost: 0, notes: [], descriptors: use };
  expect(lines.lines([row])).toContain(' 3/0 100%');
});

test('watch and top show the process that can open nothing before one that has a limit', () => {
  const other = processSample({ pid: 2, used: 900, softLimit: 1024 });
  expect(fullest([other, process])?.pid).toBe(process.pid);
  const bar = descriptorBar(use, 12);
  expect(bar.map(({ text }) => text).join('')).toBe('[|||||||3/0]');
  expect(bar.some(({ style }) => style === 'bad')).toBe(true);
});

test('limits, as JSON', () => {
  const limits = { nofile: { soft: 0, hard: Number.POSITIVE_INFINITY } };
  const [group] = groupLimits([{ pid: 1, realUid: 0, limits, used: 3 }], {}, new Map());
  expect(JSON.parse(JSON.stringify(group?.limits))).toMatchObject([
    { name: 'nofile', soft: 0, hard: null, used: 3, sharePercent: 100 },
  ]);
});

test('doctor, guard and compare, as JSON', () => {
  const namespace = spaceSeries([{ processes: [process] }]);
  const findings = judge(limitMismatch, series([namespace]));
  expect(JSON.stringify(findings)).toContain('(100 %)');
  const budget = parseBudget('descriptors <= 80%', '--budget');
  const metered = new BudgetMeter(budget, undefined, { eventSource: undefined }).measure({
    tick: { processes: [process] } as never,
    atMs: 0,
    beforeMs: undefined,
    names: undefined as never,
  });
  expect(JSON.parse(JSON.stringify(metered))).toMatchObject({ value: 100 });
  expect(JSON.parse(JSON.stringify(summarizeSeries('run', series([namespace]), []).measures))).toContainEqual(
    expect.objectContaining({ value: 100, unit: '%' }),
  );
  const gone = targetGone({ name: 'web', lastSeenMs: 0, startedAgain: false }, namespace);
  expect(gone.evidence.map(({ value }) => value)).toContain('3 of 0');
});
