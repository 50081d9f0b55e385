import { byName } from '../../base/by-name.ts';
import type { ContainerRow } from '../../serve/protocol.ts';

/** How bad the problems of a row are: 3 critical, 2 warning, 1 not read, 0 calm. */
export function troubleOf({ problems, status }: ContainerRow): number {
  if ((problems.critical ?? 0) > 0) return 3;
  if ((problems.warning ?? 0) > 0) return 2;
  return status === 'not-read' ? 1 : 0;
}

/** Used part of the limit of open files; 0 where there is no limit or it is not known. */
export function descriptorShare({ descriptors }: ContainerRow): number {
  return descriptors === undefined || descriptors.limit === null ? 0 : descriptors.used / descriptors.limit;
}

/** Sorts rows by trouble: severity, descriptors, CLOSE_WAIT; then by name. Those that stopped are behind the calm ones. */
export function byTrouble(a: ContainerRow, b: ContainerRow): number {
  return (
    troubleOf(b) - troubleOf(a) ||
    Number(a.status === 'stopped') - Number(b.status === 'stopped') ||
    Math.floor(descriptorShare(b) * 10) - Math.floor(descriptorShare(a) * 10) ||
    (b.sockets?.byState.CLOSE_WAIT ?? 0) - (a.sockets?.byState.CLOSE_WAIT ?? 0) ||
    byName(a.name, b.name)
  );
}

/**
 * Rows in an order that was seen before; those that are new at the end.
 *
 * @param order ids of rows
 * @returns the rows, and how many of them another order would move
 */
export function inOrder(
  rows: readonly ContainerRow[],
  order: readonly string[],
): { rows: ContainerRow[]; moved: number } {
  const places = new Map(order.map((id, index) => [id, index]));
  const sorted = [...rows].sort(byTrouble);
  const held = [...sorted].sort((a, b) => (places.get(a.id) ?? order.length) - (places.get(b.id) ?? order.length));
  return { rows: held, moved: held.filter((row, index) => row !== sorted[index]).length };
}
