import { expect, test } from 'vitest';
import { IDLE_FLOOR } from '../../../src/model/finding/evidence-words.ts';
import { isReached, scaleOf } from '../../../src/page/charts/scale.ts';
import type { StripSpec } from '../../../src/page/charts/strip-spec.ts';
import type { Timeline } from '../../../src/page/charts/timeline.ts';
import { completed, stripsOf } from '../../../src/page/pages/container-strips.ts';
import { idleCapsOf } from '../../../src/page/pages/idle-caps.ts';
import { withPast } from '../../../src/page/pages/past-peers.ts';
import type { PoolLane } from '../../../src/serve/protocol/container.ts';
import type { ServedProblem } from '../../../src/serve/protocol.ts';

function timelineWith(series: Readonly<Record<string, (number | null)[]>>): Timeline {
  const [first = []] = Object.values(series);
  return {
    times: first.map((_, index) => index * 1000),
    series: new Map(Object.entries(series).map(([name, mean]) => [name, { mean, max: mean }])),
    stepMs: 1000,
    gaps: [],
  };
}

const DB: PoolLane = {
  ...{ id: 'out tcp 10.0.0.3:3306', proto: 'tcp', direction: 'out', address: '10.0.0.3', port: 3306 },
  ...{ name: 'db', service: 'mysql', count: 60, peak: 192, byState: {} },
  ceiling: { count: 151, kind: 'observed', what: 'refuses more' },
};

const idleProblem = (container: string, about: string, floor: number) => {
  const scope = { kind: 'container', name: container, target: container, container };
  const evidence = [
    { what: 'peak', value: 192, source: '' },
    { what: IDLE_FLOOR, value: floor, source: '' },
  ];
  return { findings: [{ scope, about, evidence }] } as unknown as ServedProblem;
};

test('a pool has what it holds, its idle cap beside its ceiling, and what the server refused in a chart of its own', () => {
  const timeline = timelineWith({
    'peer.out 10.0.0.3:3306': [50, 140, 151, 50],
    'idle.peer.out 10.0.0.3:3306': [50, 10, 8, 50],
    'refused.peer.out 10.0.0.3:3306': [null, null, 41, null],
  });
  const known = { lanes: [DB], listeners: [], idleCaps: idleCapsOf([idleProblem('web', 'peer db:mysql', 50)], 'web') };
  const complete = completed(timeline, known);
  const strips = stripsOf(known, complete);
  const strip = strips.find(({ title }) => title === 'Pool to db:mysql');
  const values = strip?.layers.map(({ name, label }) => [label, complete.series.get(name)?.mean]);
  expect(values).toEqual([
    ['In use', [0, 130, 143, 0]],
    ['Idle', [50, 10, 8, 50]],
  ]);
  const next = strips[strips.indexOf(strip as StripSpec) + 1];
  expect(next).toMatchObject({ title: 'Refused by db:mysql', quantity: 'rate', layers: [{ label: 'Refused' }] });
  expect(next?.layers.map(({ name }) => complete.series.get(name)?.mean)).toEqual([[0, 0, 41, 0]]);
  expect(strip?.ceilings).toEqual([
    { value: 151, kind: 'observed', what: 'refuses more' },
    { value: 50, kind: 'observed', what: 'idle cap', isIdleCap: true },
  ]);
  expect(strip?.ceilings.map((ceiling) => isReached(192, ceiling))).toEqual([true, false]);
  expect(scaleOf(192, strip?.ceilings ?? []).lines).toHaveLength(2);
});

test('an idle cap is that of the pool of this container alone', () => {
  const problems = [idleProblem('web-2', 'peer db:mysql', 38), idleProblem('web', 'peer db:mysql', 50)];
  expect(idleCapsOf(problems, 'web')(DB)).toBe(50);
  expect(idleCapsOf(problems, 'web-2')(DB)).toBe(38);
  expect(idleCapsOf(problems, 'web-3')(DB)).toBeUndefined();
  expect(idleCapsOf(problems, 'web')({ ...DB, service: 'other' })).toBeUndefined();
  const { name: _, service: __, ...nameless } = { ...DB, address: 'fd00::3' };
  expect(idleCapsOf([idleProblem('web', 'peer [fd00::3]:3306', 7)], 'web')(nameless)).toBe(7);
});

test('peers that are not there any more are drawn over the time that they were', () => {
  const timeline = timelineWith({
    'peer.out 10.0.0.3:3306': [5, 5],
    'peer.out fd00::9:443': [9, null],
    'peer.in *:8080': [3, 3],
    'peer.others': [1, 1],
    timeWait: [4, 9],
    'timeWait.out 10.0.0.3:3306': [4, 0],
    'timeWait.out 10.0.0.8:80': [null, 9],
  });
  const known = withPast({ lanes: [DB], listeners: [], timeWait: [] }, timeline);
  const strips = stripsOf(known, completed(timeline, known));
  expect(strips.map(({ title }) => title).filter((title) => /^Pool|^Clients/.test(title))).toEqual([
    'Pool to fd00::9:443',
    'Pool to db:mysql',
    'Clients of 8080',
  ]);
  expect(known.timeWait.map(({ address }) => address)).toEqual(['10.0.0.8', '10.0.0.3']);
});
