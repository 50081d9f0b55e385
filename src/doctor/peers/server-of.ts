import type { Finding } from '../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { isEmbeddedDns } from '../listeners/listeners.ts';
import { holderScope, netnsScope } from '../scopes.ts';
import { lastDump, tcpIn } from '../snapshots/snapshots.ts';
import { namespaceByAddress } from './namespace-by-address.ts';

/**
 * The server that clients of a namespace talk to, as `Finding.server` has it: the owner of the listener, which may be
 * a container of another namespace than the port; else the namespace. Empty for a server of another machine.
 */
export function serverOf(series: Series, from: NetnsSeries, plain: string, port: number): Pick<Finding, 'server'> {
  const home = namespaceByAddress(series, from, plain);
  if (home === undefined) return {};
  const dump = lastDump(home);
  const listener =
    dump && tcpIn(dump, TCP_STATE.LISTEN).find((socket) => socket.localPort === port && !isEmbeddedDns(socket));
  const { target } = listener === undefined ? netnsScope(home.namespace) : holderScope(home.namespace, listener);
  return { server: { target, port } };
}
