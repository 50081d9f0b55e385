import { grouped } from '../base/lists.ts';
import { sumOfCounts } from '../count/socket-counter.ts';
import { limitShare } from '../model/container/limits.ts';
import type { OverviewRow } from '../model/report/overview.ts';
import type { ServiceRow } from '../model/report/service-rows.ts';

/** The rows of `ps` with the replicas of each service together; rows without a service stay as they are. */
export function serviceRows(rows: readonly OverviewRow[]): ServiceRow[] {
  const groups = grouped(rows, ({ service, netns, name }) => service ?? `${netns} ${name}`);
  return [...groups.values()].map(serviceRow);
}

function serviceRow(rows: readonly OverviewRow[]): ServiceRow {
  const [first] = rows as readonly [OverviewRow];
  const { service = first.name, ecs } = first;
  const counted = rows.flatMap(({ sockets }) => sockets ?? []);
  const notCounted = rows.filter(({ sockets }) => sockets === null).map(({ name }) => name);
  const fullest = fullestOf(rows);
  const isService = first.service !== undefined;
  return {
    name: service,
    ...(isService && { replicas: rows.length, containers: rows.map(({ name }) => name) }),
    ...(ecs?.cluster !== undefined && { cluster: ecs.cluster }),
    sockets: counted.length === 0 ? null : sumOfCounts(counted),
    ...(notCounted.length > 0 && counted.length > 0 && { notCounted }),
    ...(fullest !== undefined && { descriptors: fullest }),
  };
}

/** The process that is closest to its limit; of equal ones that with the most descriptors. */
function fullestOf(rows: readonly OverviewRow[]): ServiceRow['descriptors'] {
  let best: { use: NonNullable<ServiceRow['descriptors']>; share: number } | undefined;
  for (const { name, descriptors } of rows) {
    if (descriptors === undefined) continue;
    const share = limitShare(descriptors.used, descriptors.softLimit) ?? 0;
    if (best === undefined || share > best.share || (share === best.share && descriptors.used > best.use.used))
      best = { use: { ...descriptors, container: name }, share };
  }
  return best?.use;
}
