/** How many series there are, and what they cost: the promises of docs/metrics.md. */
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import {
  container,
  event,
  lane,
  MetricsScene,
  portOf,
  type SceneContainer,
  USUAL_COUNTERS,
  usualContainer,
} from './scene.ts';

const STATES = ['ESTABLISHED', 'LISTEN', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'CLOSE_WAIT', 'LAST_ACK'];

/** Everything that a container can have. */
function worst(): SceneContainer {
  const byState = Object.fromEntries([...STATES, 'CLOSING', 'CLOSE'].map((state) => [state, 1]));
  const clients = Object.fromEntries(
    Array.from({ length: 4000 }, (_, index) => [`10.1.${index >> 8}.${index & 255}`, 1]),
  );
  return {
    ...container('worst', {
      sockets: { open: 30, timeWait: 12, byState, udp: 1, raw: 1 },
      descriptors: { pid: 1, used: 70, limit: 1024 },
      ports: Array.from({ length: 40 }, (_, index) => portOf(8000 + index)),
      image: 'worst',
    }),
    lanes: [
      ...Array.from({ length: 1000 }, (_, index) =>
        lane('out', 1000 + index, { x: 3 }, `10.2.${index >> 8}.${index & 255}`),
      ),
      lane('in', 8000, clients),
    ],
    counters: USUAL_COUNTERS,
  };
}

function linesOf(scene: MetricsScene, name: string): number {
  const lines = (scene.metrics.text() ?? '').split('\n');
  return lines.filter((line) => !line.startsWith('#') && line.includes(`container="${name}"`)).length;
}

test('series: 26 of a usual container, 65 of the worst one', () => {
  const scene = new MetricsScene();
  const all = [usualContainer(0), worst()];
  scene.tick(all);
  const [first, second] = all as [SceneContainer, SceneContainer];
  for (const outcome of [
    'closed',
    'refused',
    'no-answer',
    'failed',
    'aborted',
    'reset',
    'timed-out',
    'never-accepted',
  ] as const)
    scene.metrics.event(scene.namespaceOf(second, 2), event({ outcome }));
  scene.metrics.event(scene.namespaceOf(first, 1), event({ outcome: 'closed' }));
  expect(linesOf(scene, 'shop-api-0')).toBeLessThanOrEqual(26);
  expect(linesOf(scene, 'worst')).toBeLessThanOrEqual(65);
});

test('100 containers are less than 40 kB gzipped, and no answer waits for more than arithmetic', () => {
  const scene = new MetricsScene();
  scene.tick(Array.from({ length: 100 }, (_, index) => usualContainer(index)));
  const text = scene.metrics.text() ?? '';
  expect(zlib.gzipSync(text, { level: 1 }).length).toBeLessThan(40_000);
});
