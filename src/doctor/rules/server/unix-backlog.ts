import { plural } from '../../../base/plural.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { workerFix } from '../../fixes/worker-fixes.ts';
import { isFull, type Listener, peakOf, unixListeners } from '../../listeners/listeners.ts';
import { datagramsWaiting, type WaitingDatagrams } from '../../listeners/unix-datagrams.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { dumpsOf, numberOf } from '../../snapshots/snapshots.ts';
import { backlogSetting, limitSettings, settingEvidence, stackOf } from '../../stacks/stack-of.ts';

const settings = {
  warning: { default: 0.7, unit: 'share', text: 'of the accept queue in use' },
  looks: { default: 2, unit: 'count', text: 'last snapshots that must each show it, or all where there are fewer' },
} as const;

type Values = SettingValues<typeof settings>;

/** A UNIX socket whose server does not keep up with its clients. */
export const unixBacklog = rule({
  name: 'UNIX_BACKLOG',
  title: 'A UNIX socket whose queue is full',
  settings,
  judge: perNamespace(ofListeners, ofDatagrams),
});

function ofListeners(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  return unixListeners(dumpsOf(netns)).flatMap((listener) => {
    const full = listener.snapshots.some(isFull);
    const near = inARow(
      listener.snapshots,
      values,
      ({ waiting, limit }) => waiting > 0 && waiting >= (limit ?? 0) * values.warning,
    );
    return full || near ? [ofListener(series, listener, full)] : [];
  });
}

function inARow<T>(snapshots: readonly T[], values: Values, test: (snapshot: T) => boolean): boolean {
  const last = snapshots.slice(-values.looks);
  return last.length > 0 && last.every(test);
}

function ofListener(series: Series, listener: Listener, full: boolean): Fault {
  const { socket, last } = listener;
  const { waiting, limit } = peakOf(listener);
  const name = socket.path ?? `inode ${socket.inode}`;
  return {
    severity: full ? 'critical' : 'warning',
    confidence: 'high',
    holder: socket,
    summary: `${plural(waiting, 'connection')} ${waiting === 1 ? 'waits' : 'wait'} in the accept queue of ${name} (limit ${limit}): ${
      full ? 'further clients wait, or get EAGAIN' : 'after one more burst clients wait, or get EAGAIN'
    }`,
    evidence: [
      { what: `accept queue of ${name}, last snapshot`, value: last.waiting, source: QUEUE },
      { what: 'accept queue, maximum over the snapshots', value: waiting, source: QUEUE },
      { what: 'limit of the accept queue', value: limit ?? 0, source: QUEUE },
      ...[...limitSettings(series, socket.holders), backlogSetting(series, socket.process, 0)].flatMap((setting) =>
        setting === undefined ? [] : [settingEvidence(setting)],
      ),
    ],
    fixes: [workerFix(socket.process?.name, stackOf(series, socket.process))],
    byHand: (target) => `socklens ls ${target} -x 'state listening'`,
    about: `unix ${name}`,
  };
}

const QUEUE = 'unix_diag, queues of the listener';

function ofDatagrams(netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const snapshots = dumpsOf(netns).map(datagramsWaiting);
  const limit = snapshots.some(({ size }) => size > 0) ? numberOf(netns, 'net.unix.max_dgram_qlen') : undefined;
  if (limit === undefined) return [];
  return [...(snapshots.at(-1)?.values() ?? [])]
    .filter(({ receiver }) =>
      inARow(snapshots, values, (snapshot) => (snapshot.get(receiver.inode)?.waiting ?? 0) >= limit),
    )
    .map((found) => ofReceiver(netns, found, limit));
}

function ofReceiver(netns: NetnsSeries, { receiver, senders, waiting, bytes }: WaitingDatagrams, limit: number): Fault {
  const name = receiver.path ?? `inode ${receiver.inode}`;
  return {
    severity: 'warning',
    // The kernel reports the memory of what was sent and the size of the first datagram, not their number.
    confidence: 'medium',
    holder: receiver,
    summary: `about ${plural(waiting, 'datagram')} ${waiting === 1 ? 'waits' : 'wait'} to be read at ${name} (limit ${limit}): senders wait, or get EAGAIN`,
    evidence: [
      {
        what: `datagrams waiting at ${name}, from their memory`,
        value: waiting,
        source: 'unix_diag, send queues of its senders',
      },
      { what: 'memory of what was sent and not read', value: bytes, unit: 'bytes', source: 'unix_diag' },
      { what: 'senders that hold it', value: senders, source: 'unix_diag' },
      { what: 'limit of the queue, in datagrams', value: limit, source: 'net.unix.max_dgram_qlen' },
    ],
    fixes: [
      { where: 'the application', text: 'read faster: the reader is stuck or slow (for /dev/log, the logging daemon)' },
      ...namespaceSysctlFixes(
        netns.namespace,
        'net.unix.max_dgram_qlen',
        '512',
        'longer queues, for sockets created from then on',
      ),
    ],
    byHand: (target) => `socklens ls ${target} -x 'sendq > 0'`,
    about: `unix ${name}`,
  };
}
