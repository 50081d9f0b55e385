import { sampleDistanceMs, stepOfAtLeast } from './fit-step.ts';
import { labelIs, promqlDuration, selector } from './promql.ts';
import type { StoreLabels } from './store-answer.ts';
import type { StoreClient } from './store-client.ts';

/** How this host is found in a store. */
export interface OwnIdentity {
  /** Its name, of `socklens_instance_info`. */
  host: string;
  /** Label `instance`, where it is configured. */
  instance: string | undefined;
  /** Where its page is: tells two hosts of one name apart. */
  url: string | undefined;
}

/** A host in a store. */
export interface StoredHost {
  /** What its series have in common. */
  matchers: readonly string[];
  instance: string;
  /** Distance of its samples, milliseconds. */
  distanceMs: number;
  /** Instances that may be this host too, and are not read. */
  others: readonly string[];
}

/** A store is asked for parts of this length whether it has samples, milliseconds. */
const PART_MS = 300_000;

/** Parts of a question at most. */
const MOST_PARTS = 200;

/**
 * Finds a host in a store, and how close its samples are.
 *
 * @returns undefined where the store has nothing of it in that time
 * @throws {StoreError}
 */
export async function findHost(
  client: Pick<StoreClient, 'queryRange' | 'samples'>,
  { host, instance, url }: OwnIdentity,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal?: AbortSignal,
): Promise<StoredHost | undefined> {
  const known = instance === undefined ? labelIs('host', host) : labelIs('instance', instance);
  const part = promqlDuration(PART_MS);
  const counted = `count_over_time(${selector('socklens_instance_info', [known])}[${part}])`;
  const stepMs = stepOfAtLeast(Math.max(PART_MS, (toMs - fromMs) / MOST_PARTS));
  // Each moment looks back: the last one is not before the end.
  const lastMs = fromMs + Math.ceil((toMs - fromMs) / stepMs) * stepMs;
  const { data } = await client.queryRange(
    `sum by (job, instance, url) (${counted})`,
    { fromMs, toMs: lastMs, stepMs },
    signal,
  );
  const found = data.map(({ labels, times, values }) => {
    const most = values.reduce((highest, value) => Math.max(highest, value), 0);
    return { labels, lastMs: times.at(-1) ?? 0, most, mostMs: times[values.lastIndexOf(most)] ?? toMs };
  });
  const own = found.filter(({ labels }) => labels.url === url);
  // Of several the one that was there last: a host gets another address, or is scraped and pushes.
  const [chosen] = (own.length > 0 ? own : found).sort(
    (a, b) => b.lastMs - a.lastMs || b.most - a.most || (nameOf(a.labels) < nameOf(b.labels) ? -1 : 1),
  );
  if (chosen === undefined) return undefined;
  const { labels } = chosen;
  const matchers = ['job', 'instance'].map((label) => labelIs(label, labels[label] ?? ''));
  const samples = await client.samples(
    `${selector('socklens_instance_info', matchers)}[${part}]`,
    chosen.mostMs,
    signal,
  );
  const others = new Set(found.map((one) => nameOf(one.labels)));
  others.delete(nameOf(labels));
  return {
    matchers,
    instance: nameOf(labels),
    distanceMs: sampleDistanceMs(samples.data.flatMap(({ times }) => times)),
    others: [...others],
  };
}

function nameOf({ instance = '', job = '' }: StoreLabels): string {
  return instance === '' ? job : instance;
}
