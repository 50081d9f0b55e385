import { plural } from '../../base/plural.ts';
import { DESCRIPTOR_KINDS, type DescriptorCounts, type DescriptorKind } from '../../model/sample/descriptor-kinds.ts';

/** Singular and plural. */
const WORDS: Readonly<Record<DescriptorKind, readonly [one: string, several: string]>> = {
  tcp: ['TCP', 'TCP'],
  udp: ['UDP', 'UDP'],
  unix: ['UNIX', 'UNIX'],
  otherSocket: ['other socket', 'other sockets'],
  zombie: ['socket that no table shows', 'sockets that no table shows'],
  pipe: ['pipe', 'pipes'],
  file: ['file', 'files'],
  deleted: ['deleted file', 'deleted files'],
  device: ['device', 'devices'],
  memory: ['memory file', 'memory files'],
  eventpoll: ['eventpoll', 'eventpoll'],
  eventfd: ['eventfd', 'eventfd'],
  timerfd: ['timerfd', 'timerfd'],
  signalfd: ['signalfd', 'signalfd'],
  inotify: ['inotify', 'inotify'],
  ioUring: ['io_uring', 'io_uring'],
  pidfd: ['pidfd', 'pidfd'],
  other: ['other', 'other'],
};

/** `40 TCP, 2 UNIX, 12 sockets that no table shows (TCP 12)`; empty for none. */
export function descriptorKindsText(counts: DescriptorCounts, zombies: Readonly<Record<string, number>> = {}): string {
  const protocols = Object.entries(zombies).map(([protocol, count]) => `${protocol} ${count}`);
  return entries(counts)
    .map(([kind, count]) => {
      const text = plural(count, ...WORDS[kind]);
      return kind === 'zombie' && protocols.length > 0 ? `${text} (${protocols.join(', ')})` : text;
    })
    .join(', ');
}

/** `+30 TCP, -1 pipes`; empty for no change. */
export function descriptorChangeText(change: DescriptorCounts): string {
  return entries(change)
    .map(([kind, count]) => `${count > 0 ? '+' : ''}${count} ${WORDS[kind][1]}`)
    .join(', ');
}

function entries(counts: DescriptorCounts): [DescriptorKind, number][] {
  return DESCRIPTOR_KINDS.flatMap((kind): [DescriptorKind, number][] => {
    const count = counts[kind] ?? 0;
    return count === 0 ? [] : [[kind, count]];
  });
}
