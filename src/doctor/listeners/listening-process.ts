import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import { lastDump, tcpIn } from '../snapshots/snapshots.ts';

/** The process that listens at an endpoint as seen from a namespace; undefined where it is not on this machine, or not watched. */
export function listeningProcess(series: Series, from: NetnsSeries, plain: string, port: number): Holder | undefined {
  const home = namespaceByAddress(series, from, plain);
  const dump = home && lastDump(home);
  if (dump === undefined) return undefined;
  const listeners = tcpIn(dump, TCP_STATE.LISTEN).filter(({ localPort }) => localPort === port);
  const own = listeners.find(({ local }) => local?.plain === plain) ?? listeners[0];
  return own?.process;
}
