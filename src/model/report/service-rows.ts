import type { EcsTask } from '../container/ecs-task.ts';
import type { DescriptorUse } from './overview.ts';
import type { SocketCounts } from './socket-counts.ts';

/** A row of `ps --by service`: the replicas of a service together, or what is not one. */
export interface ServiceRow {
  /** `Service.key`, of Compose and ECS a TARGET: `compose:shop/api`; for a row without replicas that of `ps`. */
  name: string;
  /** How many containers it has here; absent for a row that is no service. */
  replicas?: number;
  /** Names of its containers; absent for a row that is no service. */
  containers?: string[];
  /** The cluster of ECS; absent for others. */
  cluster?: EcsTask['cluster'];
  /** Together. Null where those of none could be seen. */
  sockets: SocketCounts | null;
  /** Names of the replicas whose sockets could not be seen and are not counted; absent for none. */
  notCounted?: string[];
  /** The process of all replicas that is closest to its limit, and its container; absent where none can be read. */
  descriptors?: DescriptorUse & { container: string };
}
