import type { Coverage } from '../model/sample/coverage.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import type { SocketOwners } from '../sources/snapshot.ts';

/**
 * Adds a note to a coverage for each reason why holders of sockets are not known, and marks it incomplete.
 *
 * @param then what follows where descriptors of other processes may not be listed
 */
export function addGaps(
  coverage: Coverage,
  owners: SocketOwners,
  sockets: SocketSource,
  then = 'their sockets have no process here',
): void {
  const gaps: string[] = [];
  if (owners.denied > 0) {
    const processes = owners.denied === 1 ? '1 process' : `${owners.denied} processes`;
    gaps.push(`the descriptors of ${processes} may not be listed (it needs CAP_SYS_PTRACE): ${then}`);
  }
  const gap = owners.gapIn?.(sockets);
  if (gap !== undefined && !coverage.notes.includes(gap)) gaps.push(gap);
  if (gaps.length === 0) return;
  coverage.complete = false;
  coverage.notes.push(...gaps);
}
