import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { type Listener, tcpListeners } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpsOf } from '../../snapshots/snapshots.ts';

const settings = {
  times: { default: 5, unit: 'count', text: "multiple of the median of the others' queues" },
  warning: { default: 10, unit: 'count', text: 'fewest connections in the one queue' },
} as const;

type Values = SettingValues<typeof settings>;

/** Of several listeners on one port one does not accept: its share of the clients waits. */
export const reuseportImbalance = rule({
  name: 'REUSEPORT_IMBALANCE',
  title: 'One of several listeners on a port that does not accept',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const groups = grouped(
    tcpListeners(dumpsOf(netns)),
    ({ socket }) => `${socket.local?.text} ${socket.localPort} ${socket.interfaceIndex}`,
  );
  const findings: Fault[] = [];
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    for (const listener of group) {
      const others = group.filter((other) => other !== listener);
      const usual = median(others.map(({ last }) => last.waiting));
      const { waiting } = listener.last;
      if (waiting < values.warning || waiting < usual * values.times || isDraining(listener)) continue;
      findings.push(ofListener(listener, others.length + 1, usual));
    }
  }
  return findings;
}

/** Fewer than at the snapshot before: a burst that is being worked off. */
function isDraining({ snapshots, last }: Listener): boolean {
  return (snapshots.at(-2)?.waiting ?? 0) > last.waiting;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function ofListener({ socket, snapshots, last }: Listener, count: number, usual: number): Fault {
  const port = socket.localPort;
  return {
    severity: 'warning',
    confidence: snapshots.length > 1 ? 'high' : 'medium',
    holder: socket,
    summary: `one of ${count} listeners on port ${port} does not accept: ${plural(last.waiting, 'connection')} in its accept queue, ${usual} in those of the others`,
    evidence: [
      {
        what: `accept queue of the one listener on port ${port}`,
        value: last.waiting,
        source: 'sock_diag, queues of the listener',
      },
      { what: "median of the others' queues", value: usual, source: 'sock_diag, queues of the listener' },
      { what: 'count in each snapshot', value: snapshots.map(({ waiting }) => waiting).join(' '), source: 'sock_diag' },
      { what: 'inode of the listener', value: socket.inode, source: 'sock_diag' },
    ],
    fixes: [
      {
        where: 'the application',
        text: 'restart the stuck worker, and find what blocks it: the kernel assigns each listener its share of clients whether it accepts or not',
      },
      {
        where: 'the application',
        text: 'use one listener that all workers accept from, or let the master watch its workers',
      },
    ],
    byHand: (target) => `socklens ls ${target} 'state listening and sport = ${port}'`,
    about: `port ${port}`,
  };
}
