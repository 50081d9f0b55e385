import type { NetnsSeries } from '../../../model/sample/series.ts';
import { fact } from '../../facts.ts';
import { isEmbeddedDns } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { rule } from '../../rule.ts';
import { lastDump } from '../../snapshots/snapshots.ts';

/** Docker's own DNS server inside the namespace of a container. */
export const embeddedDnsListener = rule({
  name: 'EMBEDDED_DNS_LISTENER',
  title: "Docker's DNS server inside the container's namespace",
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace(series: NetnsSeries) {
  const { namespace } = series;
  const sockets = lastDump(series)?.sockets.filter((socket) => isEmbeddedDns(socket) && socket.peerPort === 0) ?? [];
  // Outside a container that address may be anybody's.
  if (sockets.length === 0 || namespace.containers.length === 0) return [];
  return [
    fact({
      summary: `dockerd answers DNS on 127.0.0.11 in this namespace: ${sockets.length} of its sockets are not counted as the container's`,
      evidence: sockets.map(({ proto, localPort }) => ({
        what: `${proto} listener`,
        value: `127.0.0.11:${localPort}`,
        source: 'sock_diag',
      })),
      byHand: (target) => `socklens ls ${target} 'src 127.0.0.11'`,
    }),
  ];
}
