import { byName } from '../../../base/by-name.ts';
import { plural } from '../../../base/plural.ts';
import { EMBEDDED_DNS_ADDRESS } from '../../../model/container/embedded-dns.ts';
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
  const sockets = (lastDump(series)?.sockets ?? [])
    .filter((socket) => isEmbeddedDns(socket) && socket.peerPort === 0)
    .sort((a, b) => a.localPort - b.localPort || byName(a.proto, b.proto));
  // Outside a container that address may be anybody's.
  if (sockets.length === 0 || namespace.containers.length === 0) return [];
  return [
    fact({
      summary: `dockerd answers DNS on ${EMBEDDED_DNS_ADDRESS} in this namespace: ${plural(sockets.length, 'socket')} of it ${sockets.length === 1 ? 'is' : 'are'} listed with the container's`,
      evidence: sockets.map(({ proto, localPort }) => ({
        what: `${proto} listener`,
        value: `${EMBEDDED_DNS_ADDRESS}:${localPort}`,
        source: 'sock_diag',
      })),
      byHand: (target) => `socklens ls ${target} 'src ${EMBEDDED_DNS_ADDRESS}'`,
    }),
  ];
}
