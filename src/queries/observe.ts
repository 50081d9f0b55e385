import type { StopSignal } from '../base/stop-signal.ts';
import type { WatchedNetns } from '../model/netns/netns.ts';
import type { Series } from '../model/sample/series.ts';
import { everySocket } from '../model/socket/socket-query.ts';
import { allTo, type SampleSource, type TickRequest } from '../sources/sample-source.ts';
import { SeriesBuilder } from '../sources/series/series-builder.ts';

/**
 * Collects all samples of a source until it ends.
 *
 * @param most number of sockets stored over all snapshots; undefined for all of them
 */
export async function observe(source: SampleSource, stop?: StopSignal, most?: number): Promise<Series> {
  const builder = new SeriesBuilder(source.eventSource, most);
  const request: TickRequest = {
    isForeground: () => true,
    mayRepeat: true,
    query: () => ({ ...everySocket(), tcpInfo: true }),
    processes: 'kinds',
    allCounters: true,
    events: allTo((namespace, event) => builder.event(namespace, event)),
    packets: (namespace, event) => builder.packet(namespace, event),
  };
  for (let tick = await source.next(request, stop); tick !== undefined; tick = await source.next(request, stop)) {
    builder.add(tick);
    for (const { namespace } of tick.namespaces) addSysctls(builder, source, namespace);
  }
  return builder.series(await source.details());
}

function addSysctls(builder: SeriesBuilder, source: SampleSource, namespace: WatchedNetns): void {
  if (builder.wantsSysctls(namespace)) builder.setSysctls(namespace, source.sysctls(namespace));
}
