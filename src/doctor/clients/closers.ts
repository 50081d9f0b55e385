import type { NetnsSeries } from '../../model/sample/series.ts';
import { poolsOf } from '../pools/pools.ts';
import type { SocketHolder } from '../rule.ts';
import { closedClients, mainHolder } from './closed-connections.ts';

/**
 * Who opened and closed the connections to an endpoint, which leave TIME_WAIT entries without a process: by the events,
 * those of failed attempts among them, else the only process that has connections to it.
 */
export function closerOf(netns: NetnsSeries, { peer, port }: { peer: string; port: number }): SocketHolder {
  const byEvents = mainHolder(closedClients(netns).get(`${peer} ${port}`) ?? []);
  if (byEvents.process !== undefined) return byEvents;
  const [pool, ...others] = poolsOf(netns).filter((known) => known.peer === peer && known.port === port);
  return pool === undefined || others.length > 0 ? byEvents : pool.member;
}
