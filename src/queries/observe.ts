import type { StopSignal } from '../base/stop-signal.ts';
import type { WatchedSpace } from '../model/netns/netns.ts';
import type { Series } from '../model/sample/series.ts';
import { everySocket } from '../model/socket/socket-query.ts';
import type { SampleSource, TickWish } from '../sources/sample-source.ts';
import { SeriesBuilder } from '../sources/series/series-builder.ts';

/**
 * Looks until the source ends, and keeps what was seen.
 *
 * @param most sockets that are kept over all looks; undefined for all of them
 */
export async function observe(source: SampleSource, stop?: StopSignal, most?: number): Promise<Series> {
  const builder = new SeriesBuilder(most);
  const wish: TickWish = {
    looksAt: () => true,
    query: () => ({ ...everySocket(), tcpInfo: true }),
    processes: 'kinds',
    allCounters: true,
    closed: (space, closed) => builder.closed(space, closed),
  };
  for (let tick = await source.next(wish, stop); tick !== undefined; tick = await source.next(wish, stop)) {
    builder.add(tick);
    for (const { space } of tick.spaces) tellSysctls(builder, source, space);
  }
  return builder.series(await source.details());
}

function tellSysctls(builder: SeriesBuilder, source: SampleSource, space: WatchedSpace): void {
  if (builder.wantsSysctls(space)) builder.setSysctls(space, source.sysctls(space));
}
