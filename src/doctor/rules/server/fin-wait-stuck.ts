import { groupedBySize } from '../../../base/lists.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump, numberOf, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  warning: { default: 100, unit: 'count', text: 'such connections in a namespace' },
  share: { default: 0.05, unit: 'share', text: 'of its established connections, where they have many peers' },
  mostly: { default: 0.5, unit: 'share', text: 'of them that must have one peer for the peer to be named' },
} as const;

/** Connections that the process closed and whose peer does not acknowledge that. */
export const finWaitStuck = rule({
  name: 'FIN_WAIT_STUCK',
  title: 'Closed connections whose peer no longer acknowledges',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const last = lastDump(netns);
  const stuck = last?.sockets.filter(isStuck) ?? [];
  if (stuck.length < values.warning) return [];
  const peers = groupedBySize(stuck, ({ peer }) => peer?.plain);
  const most = peers[0]?.[1];
  const of = (sockets: readonly StoredSocket[] | undefined) =>
    endpointText(series.names, sockets?.[0]?.peer, commonPort(sockets ?? []));
  const one = most !== undefined && most.length >= stuck.length * values.mostly;
  // Of thousands of clients from everywhere some are always lost without a word.
  const established = last === undefined ? 0 : tcpIn(last, TCP_STATE.ESTABLISHED).length;
  if (!one && stuck.length < established * values.share) return [];
  const retries = numberOf(netns, 'net.ipv4.tcp_orphan_retries');
  const unsent = stuck.reduce((sum, { sendQueue }) => sum + (sendQueue ?? 0), 0);
  return [
    {
      severity: 'warning',
      confidence: 'high',
      summary: `${stuck.length} closed connections still wait for their peer to acknowledge${one ? `, ${most.length} of them for ${of(most)}` : ''}`,
      evidence: [
        {
          what: 'FIN_WAIT1, LAST_ACK and CLOSING without a process, retransmitting',
          value: stuck.length,
          source: 'sock_diag',
        },
        ...peers
          .slice(0, 3)
          .map(([, sockets]) => ({ what: `of them with ${of(sockets)}`, value: sockets.length, source: 'sock_diag' })),
        { what: 'not acknowledged by the peers', value: unsent, unit: 'bytes', source: 'sock_diag, send queue' },
        ...(retries === undefined
          ? []
          : [
              {
                what: 'retries before the kernel gives up (0 means 8)',
                value: retries,
                source: 'net.ipv4.tcp_orphan_retries',
              },
            ]),
      ],
      fixes: [
        {
          where: 'the network',
          text: 'the peer is unreachable: find out whether it is gone or what drops its packets',
        },
        ...namespaceSysctlFixes(netns.namespace, 'net.ipv4.tcp_orphan_retries', '3', SOONER),
      ],
      byHand: (target) => `socklens ls ${target} 'orphan' --by state,peer`,
      ...(one && { about: `peer ${of(most)}` }),
    },
  ];
}

const SOONER = 'give up sooner: they hold kernel memory, but no descriptor';

/** FIN_WAIT2 is not among them: the peer has acknowledged, and tcp_fin_timeout ends it. */
const STATES: readonly number[] = [TCP_STATE.FIN_WAIT1, TCP_STATE.LAST_ACK, TCP_STATE.CLOSING];

function isStuck({ proto, state, inode, retransmits = 0 }: StoredSocket): boolean {
  return proto === 'tcp' && STATES.includes(state) && inode === 0 && retransmits > 0;
}

/** The peer's port where all of them have the same one, a server's; a server's clients have many: 0. */
function commonPort(sockets: readonly StoredSocket[]): number {
  const [first] = sockets;
  return first !== undefined && sockets.every(({ peerPort }) => peerPort === first.peerPort) ? first.peerPort : 0;
}
