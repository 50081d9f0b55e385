import { startContainerd } from '../test/support/runtimes/containerd.ts';
import { Pods } from '../test/support/runtimes/pods.ts';
import { alternate } from './alternate.ts';
import { BEFORE, SOCKLENS, text, timed } from './command.ts';
import type { Result } from './comparison.ts';

const ROUNDS = 25;
const WARM = 3;

/** Containers, their pods, and how many milliseconds more than by cgroups alone `ps` may take. */
const SIZES = [
  { pods: 2, containers: 5, bar: 30 },
  { pods: 40, containers: 100, bar: 80 },
] as const;

/**
 * What names, labels and addresses of pods cost: `ps` against that of a build from before CRI, which shows the same
 * containers by their ids.
 */
export async function overviewOfPods(): Promise<Result[]> {
  const title = 'ps of pods, more than by cgroups alone';
  const before = BEFORE;
  if (before === undefined) return [{ title, why: 'SOCKLENS_BENCH_BEFORE names no launcher of a build before CRI' }];
  const containerd = await startContainerd();
  if (typeof containerd === 'string') return [{ title, why: containerd }];
  const pods = new Pods(containerd);
  const results: Result[] = [];
  let [made, filled] = [0, 0];
  try {
    for (const size of SIZES) {
      for (; made < size.pods; made++) {
        const pod = await pods.run({ name: `shop-${made}`, namespace: 'bench', labels: { app: 'shop' } });
        // In the last one what is left: two or three in each.
        const until = Math.round(((made + 1) * size.containers) / size.pods);
        for (; filled < until; filled++) await pods.start(pod, { name: `c${filled}` });
      }
      const pair = await alternate(
        () => timed(SOCKLENS, ['ps']),
        () => timed(before, ['ps']),
        ROUNDS,
        WARM,
      );
      results.push({
        title: `${title}: ${size.containers} containers in ${size.pods} pods`,
        value: pair.ours.median - pair.theirs.median,
        unit: 'ms',
        bar: size.bar,
        remarks: [
          `medians ${pair.ours.median.toFixed(1)} and ${pair.theirs.median.toFixed(1)} ms, fastest ${pair.ours.min.toFixed(1)} and ${pair.theirs.min.toFixed(1)}`,
          `rows with a name of a pod: ${await named()}`,
        ],
      });
    }
    return results;
  } finally {
    await containerd.stop();
    pods.removeCgroups();
  }
}

async function named(): Promise<number> {
  return (await text(SOCKLENS, ['ps'])).split('\n').filter((line) => line.startsWith('bench/shop-')).length;
}
