import { describe, expect, it } from 'vitest';
import { comparisonText } from '../../../src/commands/compare/comparison-text.ts';
import { compareRuns } from '../../../src/guard/compare/compare-runs.ts';
import { summarizeSeries } from '../../../src/guard/compare/summarize-series.ts';
import type { RunMeasure, RunSummary } from '../../../src/model/report/run-summary.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { series, spaceSeries, tcpSockets } from '../../support/series.ts';

const run = (measures: RunMeasure[], findings: RunSummary['findings'] = []): RunSummary => ({
  name: 'run.json',
  seconds: 10,
  measures,
  findings,
});
const measure = (value: number, parts: Partial<RunMeasure> = {}): RunMeasure => ({
  name: 'm',
  value,
  better: 'lower',
  ...parts,
});

describe('two runs side by side', () => {
  it.each([
    [measure(100), measure(50), 'better'],
    [measure(100), measure(150), 'worse'],
    [measure(100), measure(104), 'same'],
    [measure(0), measure(1), 'same'],
    [measure(0), measure(2), 'worse'],
    [measure(10, { better: 'higher' }), measure(20, { better: 'higher' }), 'better'],
    [measure(10, { better: 'none' }), measure(20, { better: 'none' }), 'changed'],
    [measure(50, { held: true }), measure(51, { held: false }), 'worse'],
    [measure(51, { held: false }), measure(50, { held: true }), 'better'],
  ])('%j and %j', (before, after, change) => {
    expect(compareRuns(run([before]), run([after])).measures).toMatchObject([{ change }]);
  });

  it('reports what only one run has, and compares findings by rule and scope without PID', () => {
    const leak = { rule: 'CLOSE_WAIT_LEAK', severity: 'critical', scope: 'web 42/node', summary: 'x' } as const;
    const comparison = compareRuns(
      run([measure(1, { name: 'old' })], [leak, { ...leak, rule: 'CONN_CHURN' }]),
      run(
        [measure(1, { name: 'new' })],
        [
          { ...leak, scope: 'web 77/node' },
          { ...leak, rule: 'POOL_OVERRUN' },
        ],
      ),
    );
    expect(comparison.measures.map(({ name, change }) => `${name} ${change}`)).toEqual([
      'new only after',
      'old only before',
    ]);
    expect(comparison.gone.map(({ rule }) => rule)).toEqual(['CONN_CHURN']);
    expect(comparison.new.map(({ rule }) => rule)).toEqual(['POOL_OVERRUN']);
    expect(comparison.stayed.map(({ rule }) => rule)).toEqual(['CLOSE_WAIT_LEAK']);
    expect(comparisonText(comparison, {})).toContain('worse   new finding  critical POOL_OVERRUN');
  });

  it('a hostile name does not reach the terminal', () => {
    const name = 'web\u001b[2J: ESTABLISHED';
    const text = comparisonText(compareRuns(run([measure(1, { name })]), run([measure(9, { name })])), {});
    expect(text).not.toContain('\u001b');
    expect(text).toContain('web\\x1b[2J');
  });

  it('summarises a series, such as a recording', () => {
    const summary = summarizeSeries(
      'before.slrec',
      series([
        spaceSeries([
          { sockets: tcpSockets(3), counters: { TcpActiveOpens: 10, TcpPassiveOpens: 0 } },
          {
            sockets: [...tcpSockets(5), ...tcpSockets(2, { state: TCP_STATE.CLOSE_WAIT })],
            counters: { TcpActiveOpens: 30, TcpPassiveOpens: 2 },
            processes: [{ pid: 1, name: 'a', startTicks: 1, used: 512, softLimit: 1024, hardLimit: 1024 }],
          },
          { sockets: tcpSockets(4) },
        ]),
      ]),
      [],
    );
    expect(summary.seconds).toBe(2);
    expect(Object.fromEntries(summary.measures.map(({ name, value }) => [name, value]))).toEqual({
      'web: ESTABLISHED at most': 5,
      'web: ESTABLISHED at last': 4,
      'web: CLOSE_WAIT at most': 2,
      'web: CLOSE_WAIT at last': 0,
      'web: descriptors of the soft limit': 50,
      'web: connections made': 22,
    });
  });
});
