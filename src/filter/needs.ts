import type { ConditionTree } from './condition.ts';
import { PROCFS, unknownIn } from './known-fields.ts';
import { eachAtom } from './tree.ts';

/** The data that a filter needs beyond the basic fields of sockets. */
export interface Needs {
  /** TCP information: `idle`, `age`, `rtt`, `retrans`. */
  tcpInfo: boolean;
  /** The processes that hold sockets: `process`. */
  processes: boolean;
  /** The container of each socket in a shared network namespace: `container`. */
  containers: boolean;
  /** All listeners: `role`, `unaccepted`. */
  listeners: boolean;
  /** An additional request to the kernel, the only one that can decide it: `autobound`. */
  autobound: boolean;
  /** Marks, which need CAP_NET_ADMIN: `fwmark`. */
  marks: boolean;
  /** Keywords that need sock_diag: `/proc` does not have their fields. */
  onlyDiag: readonly string[];
}

/** The data that a filter needs. */
export function needsOf(tree: ConditionTree): Needs {
  const kinds = new Set<string>();
  eachAtom(tree, (condition) => kinds.add(condition.kind === 'measure' ? condition.measure : condition.kind));
  const any = (...wanted: string[]) => wanted.some((kind) => kinds.has(kind));
  return {
    tcpInfo: any('idle', 'age', 'rtt', 'retrans'),
    processes: any('process'),
    containers: any('container'),
    listeners: any('role', 'unaccepted'),
    autobound: any('autobound'),
    marks: any('mark'),
    onlyDiag: unknownIn(tree, PROCFS),
  };
}
