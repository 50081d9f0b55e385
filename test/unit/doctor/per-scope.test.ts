/** The frames of rules: what they iterate over, and the name and the scope that they add. */
import { expect, test } from 'vitest';
import * as frames from '../../../src/doctor/per-scope.ts';
import { type Fault, type Judge, rule } from '../../../src/doctor/rule.ts';
import { container, judge, series, spaceSeries, tcpSocket } from '../../support/series.ts';

const FAULT: Fault = {
  severity: 'warning',
  confidence: 'high',
  summary: '',
  evidence: [],
  fixes: [],
  byHand: (target) => `socklens ls ${target}`,
};

const ruleOf = (given: Judge<object> | readonly Judge<object>[]) =>
  rule({ name: 'RULE', title: '', settings: {}, judge: given });

const owned = tcpSocket({ process: { pid: 7, name: 'node' }, container: 'web' });

test('a finding has the name of its rule, and its fields in the order of the JSON schema', () => {
  const [finding] = judge(ruleOf(frames.perHost(() => ({ ...FAULT, about: 'port 80' }))), series([]));
  expect(Object.keys(finding ?? {})).toEqual([
    'rule',
    'severity',
    'confidence',
    'scope',
    'summary',
    'evidence',
    'fixes',
    'byHand',
    'about',
  ]);
  expect(finding).toMatchObject({ rule: 'RULE', scope: { kind: 'host' }, byHand: 'socklens ls host' });
});

test('a namespace: its only container is the scope, else the namespace, else the holder that a fault names', () => {
  const two = { name: 'pod', targets: ['pod:shop'], containers: [container(), container({ name: 'sidecar' })] };
  const seen = series([spaceSeries([{}]), spaceSeries([{}], two)]);
  expect(judge(ruleOf(frames.perNamespace(() => FAULT)), seen)).toMatchObject([
    { scope: { kind: 'container', name: 'web' }, byHand: 'socklens ls web' },
    { scope: { kind: 'namespace', name: 'pod' }, byHand: 'socklens ls pod:shop' },
  ]);
  expect(judge(ruleOf(frames.perNamespace(() => ({ ...FAULT, holder: owned }))), seen)[1]).toMatchObject({
    scope: { kind: 'process', name: 'web 7/node', container: 'web', pid: 7 },
    byHand: 'socklens ls web',
  });
});

test('the parts of a rule are asked namespace by namespace, several judges one after the other', () => {
  const summaries = (given: Judge<object> | readonly Judge<object>[]) =>
    judge(ruleOf(given), series([spaceSeries([{}]), spaceSeries([{}], { name: 'other', containers: [] })])).map(
      ({ summary, scope }) => `${summary} ${scope.name}`,
    );
  const [a, b] = [() => ({ ...FAULT, summary: 'a' }), () => ({ ...FAULT, summary: 'b' })];
  expect(summaries(frames.perNamespace(a, b))).toEqual(['a web', 'b web', 'a other', 'b other']);
  expect(summaries([frames.perNamespace(a), frames.perNamespace(b)])).toEqual(['a web', 'a other', 'b web', 'b other']);
  expect(summaries(frames.perNamespace(() => undefined))).toEqual([]);
});

test('a process: one fault for each, the reused PID apart', () => {
  const process = (startTicks: number) => ({ pid: 7, name: 'node', startTicks, used: 1, softLimit: 9, hardLimit: 9 });
  const seen = series([
    spaceSeries([{ processes: [process(1)] }, { processes: [process(1)] }, { processes: [process(2)] }]),
  ]);
  const counts: number[] = [];
  const found = judge(
    ruleOf(
      frames.perProcess(({ snapshots }) => {
        counts.push(snapshots.length);
        return FAULT;
      }),
    ),
    seen,
  );
  expect(counts).toEqual([2, 1]);
  expect(found).toMatchObject([{ scope: { kind: 'process', pid: 7 } }, { scope: { kind: 'process', pid: 7 } }]);
});

test('a pool: the process that holds it; an endpoint: the namespace of its first pool', () => {
  const seen = series([spaceSeries([{ sockets: [owned, tcpSocket({ peer: '10.0.0.4:5432' })] }])]);
  expect(judge(ruleOf(frames.perPool(({ peer }) => ({ ...FAULT, summary: peer }))), seen)).toMatchObject([
    { summary: '10.0.0.3', scope: { kind: 'process', pid: 7 } },
    { summary: '10.0.0.4', scope: { kind: 'container' } },
  ]);
  expect(judge(ruleOf(frames.perEndpoint(({ key }) => ({ ...FAULT, summary: key }))), seen)).toMatchObject([
    { summary: '10.0.0.3:3306', scope: { kind: 'container', name: 'web' } },
    { summary: '10.0.0.4:5432' },
  ]);
});

test('a container: each of a namespace by its name', () => {
  const containers = [container(), container({ name: 'sidecar' })];
  const seen = series([spaceSeries([{}], { containers })]);
  expect(judge(ruleOf(frames.perContainer(() => FAULT)), seen).map(({ scope }) => scope.target)).toEqual([
    'web',
    'sidecar',
  ]);
});

test('connections with a common other end are one fault of their process; without a dump there is nothing', () => {
  const again = tcpSocket({ process: { pid: 7, name: 'node' }, container: 'web', local: '10.0.0.2:40001' });
  const all = frames.perNamespace(
    frames.peersOf(
      (_dumps, { sockets }) => sockets.map((socket) => ({ socket })),
      ({ with: end, members }) => ({ ...FAULT, summary: `${members.length} ${end}` }),
    ),
  );
  expect(judge(ruleOf(all), series([spaceSeries([{ sockets: [owned, again] }])]))).toMatchObject([
    { summary: '2 with 10.0.0.3:3306', about: 'peer 10.0.0.3:3306', scope: { kind: 'process', pid: 7 } },
  ]);
  expect(judge(ruleOf(all), series([spaceSeries([{}])]))).toEqual([]);
});
