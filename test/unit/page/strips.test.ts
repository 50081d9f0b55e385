import { expect, test } from 'vitest';
import type { Timeline } from '../../../src/page/charts/timeline.ts';
import { connectionStrips, withConnectionZeros } from '../../../src/page/pages/connection-strips.ts';
import { stripsOf } from '../../../src/page/pages/container-strips.ts';
import { withPast } from '../../../src/page/pages/past-peers.ts';
import { timeWaitStrip, withTimeWait } from '../../../src/page/pages/time-wait-strip.ts';
import { microsText } from '../../../src/page/text/numbers.ts';

function timelineWith(series: Readonly<Record<string, (number | null)[]>>): Timeline {
  const [first = []] = Object.values(series);
  return {
    times: first.map((_, index) => index * 1000),
    series: new Map(Object.entries(series).map(([name, mean]) => [name, { mean, max: mean }])),
    stepMs: 1000,
    gaps: [],
  };
}

const peer = (address: string, count: number) => ({ address, port: 3306, direction: 'out' as const, count });

test('TIME_WAIT is divided by peer where that is known; the layers are the number of all at every point', () => {
  const peers = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address, index) => peer(address, 9 - index));
  const timeline = withTimeWait(
    timelineWith({
      timeWait: [5, null, 10, 20],
      'timeWait.out 10.0.0.1:3306': [null, null, 9, 9],
      'timeWait.out 10.0.0.2:3306': [null, null, null, 4],
      'timeWait.out 10.0.0.4:3306': [null, null, null, 2],
    }),
    peers,
  );
  const { layers, ceilings } = timeWaitStrip({ timeWait: peers, localPorts: 28_232 }, timeline);
  const values = Object.fromEntries(layers.map(({ name, label }) => [label, timeline.series.get(name)?.mean]));
  // The fourth peer is one of the others.
  expect(values).toEqual({
    'all peers': [5, null, null, null],
    others: [null, null, 1, 7],
    'to 10.0.0.2:3306': [null, null, 0, 4],
    'to 10.0.0.1:3306': [null, null, 9, 9],
  });
  expect(ceilings).toEqual([{ value: 28_232, kind: 'set', what: 'ports to one peer' }]);
});

test('without peers TIME_WAIT is one layer', () => {
  const timeline = timelineWith({ timeWait: [5, 6] });
  const strip = timeWaitStrip({}, withTimeWait(timeline, undefined));
  expect(strip.layers.map(({ name }) => name)).toEqual(['timeWait']);
  expect(strip.ceilings).toEqual([]);
});

test('outcomes and errors that did not occur are none where ends were counted, and unknown elsewhere', () => {
  const timeline = withConnectionZeros(
    timelineWith({
      closed: [null, 4, 2],
      opened: [null, 4, 2],
      failed: [null, 0, 3],
      'outcome.closed': [null, 4, 2],
      'outcome.refused': [null, null, 3],
      'error.ECONNREFUSED': [null, null, 3],
    }),
  );
  expect(timeline.series.get('outcome.refused')?.mean).toEqual([null, 0, 3]);
  expect(timeline.series.get('error.ECONNREFUSED')?.mean).toEqual([null, 0, 3]);
  const strips = connectionStrips(timeline).map(({ title, layers }) => [title, layers.map(({ label }) => label)]);
  // Trouble is on top, where its edge is seen; no handshake was timed.
  expect(strips).toEqual([
    ['Failed connections', ['ECONNREFUSED']],
    ['How connections end', ['closed', 'refused']],
    ['Opened and closed', ['Closed', 'Opened']],
  ]);
});

test('times of handshakes have the unit that keeps them short', () => {
  expect([0, 42, 99.6, 450, 12_345, 998_000, 1_500_000].map(microsText)).toEqual([
    '0 µs',
    '42 µs',
    '100 µs',
    '0.45 ms',
    '12 ms',
    '998 ms',
    '1.5 s',
  ]);
});

test('pools and clients of the time shown have charts, also those without a connection now, by their highest value', () => {
  const lane = { proto: 'tcp', count: 1, peak: 2, byState: {} };
  const known = {
    lanes: [
      { ...lane, id: 'out tcp 10.0.0.1:3306', direction: 'out' as const, address: '10.0.0.1', name: 'db', port: 3306 },
      { ...lane, id: 'in tcp *:8080', direction: 'in' as const, port: 8080 },
    ],
    listeners: [],
  };
  const timeline = timelineWith({
    'peer.out 10.0.0.1:3306': [1, 2],
    'peer.in *:8080': [1, 1],
    'peer.in *:0': [5, 6],
    'peer.out cache:6379': [3, 0],
    'peer.out [fd00::7]:5432': [9, 0],
    'peer.out never:80': [0, 0],
    'peer.others': [7, 7],
  });
  const titles = stripsOf(withPast(known, timeline), timeline).map(({ title }) => title);
  expect(titles.filter((title) => /pool|clients/i.test(title))).toEqual([
    'Pool to [fd00::7]:5432',
    'Pool to cache:6379',
    'Pool to db:3306',
    'Clients of all ports',
    'Clients of 8080',
  ]);
});
