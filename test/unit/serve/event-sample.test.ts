import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../../src/model/socket/connection-event.ts';
import { EventSample } from '../../../src/serve/events/event-sample.ts';

const event = (kind: string, atMs: number, outcome?: string) =>
  ({ kind, atMs, outcome, proto: 'tcp', role: 'server' }) as ConnectionEvent;

test('few events are all kept, by time, and counted by kind and by second', () => {
  const sample = new EventSample(10, ({ kind, atMs }) => `${kind} ${atMs}`);
  sample.add(event('closed', 2500, 'closed'));
  sample.add(event('opened', 1000));
  sample.add(event('failed', 1900, 'refused'));
  const { kept, counts, seconds } = sample.take();
  expect(kept).toEqual(['opened 1000', 'failed 1900', 'closed 2500']);
  expect(counts).toEqual({ opened: 1, established: 0, failed: 1, closed: 1 });
  expect(seconds).toEqual([
    { atMs: 1000, opened: 1, failed: 1, closed: 0 },
    { atMs: 2000, opened: 0, failed: 0, closed: 1 },
  ]);
  expect(sample.take()).toEqual({ kept: [], counts: { opened: 0, established: 0, failed: 0, closed: 0 }, seconds: [] });
});

test('of many events each is counted, as many are kept as wanted, and few bad ones are not lost among them', () => {
  const sample = new EventSample(50, (one) => one);
  for (let at = 0; at < 100_000; at++) sample.add(event('closed', at, at % 10_000 === 5 ? 'reset' : 'closed'));
  const { kept, counts } = sample.take();
  expect(counts.closed).toBe(100_000);
  expect(kept.filter(({ outcome }) => outcome === 'reset')).toHaveLength(10);
  expect(kept).toHaveLength(60);
  // By chance, not the first ones: all of them within the first half has a probability of 2^-50.
  expect(kept.some(({ atMs, outcome }) => outcome === 'closed' && atMs > 50_000)).toBe(true);
});

test('an attempt without a peer and a socket that was never connected are no trouble', () => {
  const sample = new EventSample(1, ({ atMs }) => atMs);
  for (let at = 0; at < 1000; at++) sample.add(event('closed', at, 'unconnected'));
  sample.add(event('failed', 1000, 'no-answer'));
  const { kept } = sample.take();
  expect(kept).toHaveLength(2);
  expect(kept.at(-1)).toBe(1000);
});

test('seconds count as the series do: TCP alone, and what came in is opened', () => {
  const sample = new EventSample(10, ({ atMs }) => atMs);
  sample.add(event('established', 1000));
  sample.add({ ...event('established', 1001), role: 'client' });
  sample.add({ ...event('closed', 1002, 'closed'), proto: 'udp' });
  const { counts, seconds } = sample.take();
  expect(counts).toMatchObject({ established: 2, closed: 1 });
  expect(seconds).toEqual([{ atMs: 1000, opened: 1, failed: 0, closed: 0 }]);
});
