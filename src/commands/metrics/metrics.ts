import os from 'node:os';
import manifest from '../../../package.json' with { type: 'json' };
import { COLLECTOR_ALONE, Collector } from '../../serve/collector/collector.ts';
import { Metrics } from '../../serve/metrics/metrics.ts';
import type { OverviewAnswer } from '../../serve/protocol.ts';
import { openSource } from '../../sources/open-source.ts';
import type { CommandContext } from '../context.ts';

/** Which rows are printed. */
export interface MetricsCommandOptions {
  /** As typed; undefined for every container. */
  target: string | undefined;
  /** Whether namespaces without a container are listed too. */
  all: boolean;
  wholeNetns: boolean;
  /** Whether peers without a name are called by their addresses. */
  peerAddresses: boolean;
}

/** Between two ticks, milliseconds: there is a second one where the first has not read every namespace. */
const INTERVAL_MS = 200;

/** What was not read until then is left out, milliseconds. */
const MOST_MS = 10_000;

/** `socklens metrics`: samples until every namespace was read, and prints. */
export async function metrics(context: CommandContext, options: MetricsCommandOptions): Promise<void> {
  const { target, all, wholeNetns, peerAddresses } = options;
  const source = await openSource(context.machine, {
    target,
    overview: { all },
    wholeNetns,
    intervalMs: INTERVAL_MS,
    forMs: MOST_MS,
    events: false,
    numeric: false,
    host: true,
    // It is over soon: nothing is put off.
    backgroundShare: 1,
  });
  try {
    const done = new AbortController();
    const made: Metrics = new Metrics({
      latest: () => collector.latest,
      lanesOf: (name) => collector.lanesOf(name),
      eventSource: undefined,
      problems: () => [],
      history: () => undefined,
      url: () => undefined,
      id: undefined,
      naming: { addresses: peerAddresses, externalAddresses: 'keep' },
      histograms: false,
      isWatched: () => false,
      isServed: false,
    });
    const collector: Collector = new Collector(
      source,
      [
        made,
        {
          tick: () => {
            if (isRead(collector.latest)) done.abort();
          },
        },
      ],
      {
        host: { name: os.hostname(), kernel: os.release() },
        version: manifest.version,
        ...COLLECTOR_ALONE,
      },
    );
    await collector.run(AbortSignal.any([done.signal, context.stopSignal?.() ?? done.signal]));
    context.out.write(made.text() ?? '');
  } finally {
    source.close();
  }
}

function isRead(latest: OverviewAnswer | undefined): boolean {
  return latest?.rows.every(({ sockets }) => sockets !== undefined) ?? false;
}
