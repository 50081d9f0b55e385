import { expect, test } from 'vitest';
import type { ClosedGroup } from '../../../src/model/sample/closed-group.ts';
import type { NetnsSample } from '../../../src/model/sample/sample.ts';
import type { Series } from '../../../src/model/sample/series.ts';
import { LoginRefusals } from '../../../src/serve/doctor/login-refusals.ts';
import type { NetnsTick } from '../../../src/sources/sample-source.ts';

const NETNS = { netns: 7, name: 'web', host: false, containers: [] };
const namespaces = [{ namespace: NETNS }] as unknown as NetnsTick[];
const series = { containers: [], namespaces: [{ namespace: NETNS, samples: [], sysctls: {} }] } as unknown as Series;

function closed(more: Partial<ClosedGroup> = {}): ClosedGroup {
  return {
    ...{ proto: 'tcp', role: 'client', outcome: 'closed', peerAddress: '10.0.0.3', peerPort: 3306, localPort: 0 },
    ...{ count: 12, shortLived: 12, greetedOnly: 10, silent: 8, bytesSent: 0, bytesReceived: 0, retransmits: 0 },
    ...more,
  };
}

function refusedOf(port: number, ...groups: ClosedGroup[]): number {
  const refusals = new LoginRefusals();
  refusals.take(1000, namespaces, [], series);
  refusals.take(3000, namespaces, [{ atMs: 3000, closed: groups } as unknown as NetnsSample], series);
  return refusals.of({ netns: 7, owner: '', address: '10.0.0.3', port });
}

test('a second of what a database took and refused: of MySQL, who speaks first, clients that said nothing', () => {
  expect(refusedOf(3306, closed())).toBe(4);
  expect(refusedOf(5432, closed({ peerPort: 5432 }))).toBe(5);
  expect(refusedOf(3306, closed(), closed({ outcome: 'reset', silent: 2 }))).toBe(5);
});

test('what the client ended itself, what another server ended, and attempts that failed are no refusals', () => {
  expect(refusedOf(3306, closed({ endedHere: 12 }))).toBe(0);
  expect(refusedOf(8080, closed({ peerPort: 8080 }))).toBe(0);
  expect(refusedOf(3306, closed({ outcome: 'refused' }))).toBe(0);
  expect(refusedOf(3306, closed({ role: 'server' }))).toBe(0);
});

test('nothing is said of the first tick, and before the doctor has judged', () => {
  const refusals = new LoginRefusals();
  const samples = [{ atMs: 1000, closed: [closed()] } as unknown as NetnsSample];
  refusals.take(1000, namespaces, samples, series);
  expect(refusals.isEmpty).toBe(true);
  refusals.take(2000, namespaces, samples, undefined);
  expect(refusals.isEmpty).toBe(true);
  refusals.take(3000, namespaces, samples, series);
  expect(refusals.isEmpty).toBe(false);
  refusals.take(4000, namespaces, [], series);
  expect(refusals.isEmpty).toBe(true);
});
