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
  const inodes = new Set(
    sockets.filter(({ proto, inode }) => proto === 'mptcp' && inode !== 0).map(({ inode }) => inode),
  );
  const subflows = sockets.filter(({ proto, inode }) => proto === 'tcp' && inodes.has(inode)).length;
  if (subflows === 0) return [];
  return [
    fact({
      summary: `${inodes.size} MPTCP sockets are in the TCP table too, as ${subflows} subflows: each is counted once`,
      evidence: [
        { what: 'MPTCP sockets', value: inodes.size, source: 'sock_diag, MPTCP' },
        { what: 'TCP rows with the same inodes', value: subflows, source: 'sock_diag, TCP' },
      ],
      byHand: (target) => `socklens ls ${target} --by proto,local-port`,
    }),
  ];
}
