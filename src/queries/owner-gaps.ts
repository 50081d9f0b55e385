import type { Coverage } from '../model/sample/coverage.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import type { SocketOwners } from '../sources/snapshot.ts';

/** Adds a note to a coverage for each reason why holders of sockets are not known, and marks it incomplete. */
export function addGaps(coverage: Coverage, owners: SocketOwners, sockets: SocketSource): void {
  const gaps: string[] = [];
  if (owners.deniedNote !== undefined) gaps.push(owners.deniedNote);
  const gap = owners.gapIn?.(sockets);
  if (gap !== undefined) gaps.push(gap);
  if (gaps.length === 0) return;
  coverage.complete = false;
  coverage.notes.push(...gaps.filter((note) => !coverage.notes.includes(note)));
}
