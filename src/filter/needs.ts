import type { ConditionTree } from './condition.ts';
import { PROCFS, unknownIn } from './known-fields.ts';
import { eachAtom } from './tree.ts';

/** What has to be known beyond the plain rows for a filter to be decided. */
export interface Needs {
  /** The kernel's TCP information: `idle`, `age`, `rtt`, `retrans`. */
  tcpInfo: boolean;
  /** Who holds the sockets: `process`. */
  processes: boolean;
  /** Whose they are in a shared namespace: `container`. */
  containers: boolean;
  /** Which ports are listened on: `role`, `unaccepted`. */
  listeners: boolean;
  /** What only the kernel can decide, asked for apart: `autobound`. */
  autobound: boolean;
  /** Marks, which the kernel shows to who has CAP_NET_ADMIN alone: `fwmark`. */
  marks: boolean;
  /** Keywords that `/proc` cannot answer. */
  onlyDiag: readonly string[];
}

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
