import { byName } from '../../base/by-name.ts';
import type { FleetContainer, FleetHost } from '../protocol/hosts.ts';

/** How bad a host is: 4 critical problems, 3 silent, 2 warnings or alerts, 1 never seen, or odd, 0 calm. */
function troubleOf({ problems, status, alerts, notes }: FleetHost): number {
  if ((problems.critical ?? 0) > 0) return 4;
  if (status === 'silent') return 3;
  if ((problems.warning ?? 0) > 0 || alerts > 0) return 2;
  return status === 'unknown' || notes.length > 0 ? 1 : 0;
}

/** Sorts hosts by trouble: severity, descriptors, CLOSE_WAIT; then by name. */
export function hostsByTrouble(a: FleetHost, b: FleetHost): number {
  return (
    troubleOf(b) - troubleOf(a) ||
    (b.problems.critical ?? 0) - (a.problems.critical ?? 0) ||
    Math.floor((b.fullestDescriptors ?? 0) * 10) - Math.floor((a.fullestDescriptors ?? 0) * 10) ||
    (b.closeWait ?? 0) - (a.closeWait ?? 0) ||
    byName(a.host ?? a.instance, b.host ?? b.instance) ||
    byName(a.id, b.id)
  );
}

/** Used part of the limit of open files; 0 where it is not known. */
function descriptorShare({ descriptors }: FleetContainer): number {
  return descriptors?.limit ? descriptors.used / descriptors.limit : 0;
}

/** Sorts containers as a host's own page does: severity, descriptors, CLOSE_WAIT; then by name. */
export function containersByTrouble(a: FleetContainer, b: FleetContainer): number {
  const worst = ({ problems }: FleetContainer) =>
    problems.some(({ severity }) => severity === 'critical') ? 2 : problems.length > 0 ? 1 : 0;
  return (
    worst(b) - worst(a) ||
    Math.floor(descriptorShare(b) * 10) - Math.floor(descriptorShare(a) * 10) ||
    (b.closeWait ?? 0) - (a.closeWait ?? 0) ||
    byName(a.name, b.name) ||
    byName(a.host, b.host)
  );
}
