import zlib from 'node:zlib';
import { METRIC_FAMILIES } from '../src/serve/metrics/families/families.ts';
import { MetricsExport } from '../src/serve/otlp/metrics-export.ts';
import { otlpResource } from '../src/serve/otlp/resource.ts';
import { PushEncoder } from '../src/serve/push/push-encoder.ts';
import { MetricsScene, type SceneContainer, usualContainer } from '../test/unit/serve/metrics/scene.ts';
import type { Result } from './comparison.ts';
import { summarise } from './statistics.ts';

/** Rounds before those that are measured, in which V8 compiles, and measured ones. */
const ROUNDS = { before: 20, measured: 30 };

/** Limits in milliseconds of CPU: counting at each tick, and one answer, push and export. */
const LIMITS = [
  { containers: 100, tick: 1, text: 5, push: 10, otlp: 10 },
  { containers: 1000, tick: 10, text: 50, push: 100, otlp: 100 },
] as const;

/** What metrics cost: what is counted at each tick, whoever asks, and each way to have them. */
export async function metricsOfContainers(): Promise<Result[]> {
  return LIMITS.flatMap(({ containers, ...limits }): Result[] => {
    const all = Array.from({ length: containers }, (_, index) => usualContainer(index));
    const scene = new MetricsScene();
    const { metrics } = scene;
    let tickMs = 0;
    // Without what the scene makes for it.
    const take = metrics.tick.bind(metrics);
    metrics.tick = (...args) => {
      tickMs = cpuMs(() => take(...args)).ms;
    };
    const exporter = new MetricsExport(otlpResource('vm', '1.2.3', {}), Date.now());
    const push = new PushEncoder([['host', 'vm']]);
    const families = METRIC_FAMILIES.filter(({ optIn }) => optIn === undefined);
    let atMs = Date.now();
    let bytes = { text: 0, push: 0, otlp: 0 };
    const times: Record<keyof typeof limits, number[]> = { tick: [], text: [], push: [], otlp: [] };
    for (let round = 0; round < ROUNDS.before + ROUNDS.measured; round++) {
      const now = all.map((one) => moved(one, round));
      atMs += 1000;
      scene.tick(now, atMs);
      const tick = tickMs;
      const view = metrics.view();
      if (view === undefined) throw new Error('no tick');
      const text = cpuMs(() => metrics.text() ?? '');
      const pushed = cpuMs(() => push.round(families, view, atMs));
      const otlp = cpuMs(() => zlib.gzipSync(exporter.request(families, view), { level: 1 }));
      bytes = {
        text: zlib.gzipSync(text.result).length,
        push: pushed.result.reduce((sum, batch) => sum + batch.bytes.length, 0),
        otlp: otlp.result.length,
      };
      if (round < ROUNDS.before) continue;
      for (const [what, ms] of Object.entries({ tick, text: text.ms, push: pushed.ms, otlp: otlp.ms }))
        times[what as keyof typeof limits].push(ms);
    }
    const result = (what: keyof typeof limits, title: string, size?: number): Result => ({
      title: `metrics of ${containers} containers: ${title}`,
      value: summarise(times[what]).median,
      unit: 'ms of CPU',
      bar: limits[what],
      remarks: size === undefined ? [] : [`${(size / 1000).toFixed(0)} kB compressed`],
    });
    return [
      result('tick', 'counted at a tick'),
      result('text', '/metrics', bytes.text),
      result('push', 'a round of remote write', bytes.push),
      result('otlp', 'an export by OTLP, compressed', bytes.otlp),
    ];
  });
}

/** The container a while later: its numbers are others, its series the same. */
function moved(one: SceneContainer, round: number): SceneContainer {
  const { row, counters = {} } = one;
  const { sockets, descriptors } = row;
  return {
    ...one,
    row: {
      ...row,
      ...(sockets && { sockets: { ...sockets, open: sockets.open + round, timeWait: sockets.timeWait + round } }),
      ...(descriptors && { descriptors: { ...descriptors, used: descriptors.used + (round % 7) } }),
    },
    counters: Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, count + round * 10])),
  };
}

function cpuMs<T>(work: () => T): { ms: number; result: T } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, result };
}
