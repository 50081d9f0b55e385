import { grouped, groupedBySize } from '../../../base/lists.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { peerAbout, peerLabel } from '../../peers/peer-label.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';
import { type Dump, dumpsOf, tcpIn } from '../../snapshots/snapshots.ts';
import { TimeInState } from '../../snapshots/time-in-state.ts';

const settings = {
  minAgeMs: {
    default: 120_000,
    unit: 'ms',
    text: 'how long a connection that was shut down for writing must have received nothing',
  },
  warning: { default: 20, unit: 'count', text: 'connections held for at least that long' },
} as const;

/** Connections that a process shut for writing and never closed. */
export const halfClosedHeld = rule({
  name: 'HALF_CLOSED_HELD',
  title: 'Connections that were shut down for writing and never closed',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const dumps = dumpsOf(netns);
  const timeInState = new TimeInState(dumps, netns, heldIn);
  const last = dumps.at(-1);
  const held = last === undefined ? [] : heldIn(last);
  const findings: Fault[] = [];
  for (const sockets of grouped(held, holderKey).values()) {
    const old = sockets.filter((socket) => silentMs(socket, timeInState) >= values.minAgeMs);
    const [first] = old;
    if (first === undefined || old.length < values.warning) continue;
    const most = groupedBySize(old, (socket) => peerAbout(netns, series.names, socket))[0]?.[1] ?? old;
    const one = most[0] ?? first;
    const peer = peerLabel(netns, series.names, one);
    findings.push({
      severity: 'warning',
      confidence: 'high',
      holder: first,
      summary: `${old.length} connections were shut down for writing, and neither the peer nor the application closed them for ${values.minAgeMs / 1000} s`,
      evidence: [
        { what: 'FIN_WAIT2 connections that a descriptor refers to', value: sockets.length, source: 'sock_diag' },
        {
          what: `of them silent for ${values.minAgeMs / 1000} s`,
          value: old.length,
          source: 'sock_diag, last acknowledgement',
        },
        { what: `of them with ${peer}`, value: most.length, source: 'sock_diag' },
      ],
      fixes: [
        {
          where: 'the application',
          text: 'after shutdown(SHUT_WR) read to the end of file with a timeout, then close: tcp_fin_timeout does not apply while a descriptor is open',
        },
        { where: 'the peer', text: 'it has not closed its side either: it may leak connections in CLOSE_WAIT' },
      ],
      byHand: (target) => `socklens ls ${target} 'state fin-wait-2 and not timer timewait' --by process,peer`,
      sinceMs: timeInState.sinceMs(old),
      about: peerAbout(netns, series.names, one),
    });
  }
  return findings;
}

/** Without an inode, or with the countdown of a mini-socket, its owner has closed it and the kernel ends it. */
function heldIn(dump: Dump): StoredSocket[] {
  return tcpIn(dump, TCP_STATE.FIN_WAIT2).filter(({ inode, timer }) => inode !== 0 && timer !== TIMER_TIME_WAIT);
}

/** Of SocketView.timer. */
const TIMER_TIME_WAIT = 3;

/** A long answer may still come after the own side was shut: that is what half-closing is for. */
function silentMs(socket: StoredSocket, timeInState: TimeInState): number {
  return Math.min(timeInState.of(socket), socket.tcpInfoNumber('lastReceivedMs') ?? Number.POSITIVE_INFINITY);
}
