import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../../src/model/socket/connection-event.ts';
import { ConnectionCounter } from '../../../src/queries/rows/connection-counter.ts';

function event(parts: Partial<ConnectionEvent>): ConnectionEvent {
  return { proto: 'tcp', ...parts } as ConnectionEvent;
}

test('ends are rates of the last interval, by outcome and error, by owner', () => {
  const counter = new ConnectionCounter();
  expect(counter.endsOf('')).toBeUndefined();
  counter.tick(1000);
  for (let index = 0; index < 6; index++) counter.event(event({ kind: 'closed', outcome: 'closed' }), '');
  // 111 is ECONNREFUSED and 104 ECONNRESET, asm-generic/errno.h.
  for (let index = 0; index < 4; index++) counter.event(event({ kind: 'failed', outcome: 'refused', errno: 111 }), '');
  counter.event(event({ kind: 'closed', outcome: 'reset', errno: 104 }), 'other');
  counter.event(event({ kind: 'closed', outcome: 'unconnected' }), '');
  counter.event(event({ kind: 'closed', outcome: 'closed', proto: 'udp' }), '');
  counter.tick(3000);
  expect(counter.endsOf('')).toEqual({ outcomes: { closed: 3, refused: 2 }, errors: { ECONNREFUSED: 2 } });
  expect(counter.endsOf('other')).toEqual({ outcomes: { reset: 0.5 }, errors: { ECONNRESET: 0.5 } });
  counter.tick(4000);
  expect(counter.endsOf('')).toEqual({ outcomes: {}, errors: {} });
});

test('handshakes: median, 95th of a hundred and the longest, of those that the container opened', () => {
  const counter = new ConnectionCounter();
  counter.tick(1000);
  for (let us = 100; us >= 1; us--) counter.event(event({ kind: 'established', latencyUs: us * 10 }), '');
  counter.event(event({ kind: 'established' }), '');
  counter.tick(2000);
  expect(counter.endsOf('')?.handshake).toEqual({ perSecond: 100, medianUs: 500, p95Us: 950, maxUs: 1000 });
});

test('of very many handshakes the longest is never left out', () => {
  const counter = new ConnectionCounter();
  counter.tick(1000);
  counter.event(event({ kind: 'established', latencyUs: 90_000 }), '');
  for (let index = 0; index < 5000; index++) counter.event(event({ kind: 'established', latencyUs: 20 }), '');
  counter.tick(2000);
  expect(counter.endsOf('')?.handshake).toEqual({ perSecond: 5001, medianUs: 20, p95Us: 20, maxUs: 90_000 });
});

test('rates: attempts and connections that came in are opened, as the kernel counts; each end closes', () => {
  const counter = new ConnectionCounter();
  const add = (count: number, parts: Partial<ConnectionEvent>) => {
    for (let index = 0; index < count; index++) counter.event(event(parts), '');
  };
  add(1, { kind: 'opened' });
  expect(counter.ratesOf('')).toBeUndefined();
  counter.tick(1000);
  add(6, { kind: 'opened' });
  add(2, { kind: 'failed', outcome: 'refused' });
  add(4, { kind: 'established', role: 'client' });
  add(4, { kind: 'established', role: 'server' });
  add(6, { kind: 'closed', outcome: 'closed' });
  // Of an incident: one that stands for two.
  add(1, { kind: 'closed', outcome: 'closed', count: 2 });
  add(1, { kind: 'closed', outcome: 'unconnected', proto: 'udp' });
  counter.tick(3000);
  // A tick of a recording that is repeated has the same time.
  counter.tick(3000);
  expect(counter.ratesOf('')).toEqual({ opensPerSecond: 5, failuresPerSecond: 1, closesPerSecond: 4 });
  expect(counter.ratesOf('other')).toEqual({ opensPerSecond: 0, failuresPerSecond: 0, closesPerSecond: 0 });
});
