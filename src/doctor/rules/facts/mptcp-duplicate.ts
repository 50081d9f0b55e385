import { DistinctSockets } from '../../../count/distinct-sockets.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { fact } from '../../facts.ts';
import { perNamespace } from '../../per-scope.ts';
import { rule } from '../../rule.ts';
import { lastDump } from '../../snapshots/snapshots.ts';

/** Connections that two tables have. */
export const mptcpDuplicate = rule({
  name: 'MPTCP_DUPLICATE',
  title: 'MPTCP sockets that the TCP table has as well',
  settings: {},
  judge: perNamespace(ofNamespace),
});

function ofNamespace(series: NetnsSeries) {
  const sockets = lastDump(series)?.sockets ?? [];
  const distinct = new DistinctSockets();
  const mptcp = sockets.filter((socket) => socket.proto === 'mptcp' && distinct.isNew(socket)).length;
  const subflows = sockets.filter((socket) => socket.proto === 'tcp' && !distinct.isNew(socket)).length;
  if (subflows === 0) return [];
  return [
    fact({
      summary: `${mptcp} MPTCP sockets are in the TCP table too, as ${subflows} subflows: each is counted once`,
      evidence: [
        { what: 'MPTCP sockets', value: mptcp, source: 'sock_diag, MPTCP' },
        { what: 'TCP rows of the same connections', value: subflows, source: 'sock_diag, TCP' },
      ],
      byHand: (target) => `socklens ls ${target} --by proto,local-port`,
    }),
  ];
}
