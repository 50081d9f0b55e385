import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import type { HeldDescriptors } from '../../collect/owners/held-descriptors.ts';

/** Maximum number of processes in a line. */
const MAX_PROCESSES = 3;

/**
 * What closing does not do: SOCK_DESTROY ends a connection, and the descriptor stays with its process
 * (net/ipv4/tcp.c, tcp_abort).
 *
 * @param isDone whether the sockets were closed; false before that
 * @returns undefined where no process holds one
 */
export function descriptorText(held: readonly HeldDescriptors[], isDone: boolean): string | undefined {
  const count = countOf(held);
  if (count === 0) return undefined;
  const processes = held
    .slice(0, MAX_PROCESSES)
    .map(({ pid, name, count: some }) => `${pid}/${safeText(name)}${held.length > 1 ? ` ${some}` : ''}`);
  const more =
    held.length > MAX_PROCESSES ? `, ${plural(held.length - MAX_PROCESSES, 'more process', 'more processes')}` : '';
  const text = count === 1 ? 'descriptor refers to them' : 'descriptors refer to them';
  const why = 'closing a socket from outside frees no descriptor, the application has to close it';
  return `${count} ${text}${isDone ? ' still' : ''}, in ${processes.join(', ')}${more}: ${why}`;
}

/** The number of descriptors in all processes. */
export function countOf(held: readonly HeldDescriptors[]): number {
  return held.reduce((total, { count }) => total + count, 0);
}
