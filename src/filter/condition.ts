import type { Prefix } from './prefix.ts';
import type { Comparison, Measure, Side, TimerKind } from './syntax.ts';
import type { Tree } from './tree.ts';

/** A range of ports, `first` and `last` included. */
export interface PortRange {
  first: number;
  last: number;
}

/** A condition whose names are bound: it is evaluated, and compiled for the kernel. */
export type Condition =
  | { kind: 'states'; mask: number }
  | { kind: 'family'; family: 'inet' | 'inet6' }
  /** Matches any of the prefixes. `name` is the name that was looked up; absent for an address. */
  | { kind: 'address'; side: Side; prefixes: readonly Prefix[]; name?: string }
  /** Matches any of the ranges. */
  | { kind: 'ports'; side: Side; ranges: readonly PortRange[] }
  | { kind: 'device'; index: number; name: string }
  | { kind: 'mark'; mark: number; mask: number }
  | { kind: 'cgroup'; id: bigint; path: string }
  | { kind: 'autobound' }
  | { kind: 'container'; name: string }
  | { kind: 'process'; process: number | string }
  | { kind: 'uid'; op: Comparison; uid: number }
  | { kind: 'role'; role: 'client' | 'server' }
  | { kind: 'measure'; measure: Measure; op: Comparison; value: number }
  | { kind: 'timer'; timer: TimerKind }
  | { kind: 'keepalive'; on: boolean }
  | { kind: 'orphan' }
  | { kind: 'unaccepted' }
  | { kind: 'path'; glob: string };

/** A filter whose names are bound. */
export type ConditionTree = Tree<Condition>;

/** The conditions that the kernel's filter programs support, net/ipv4/inet_diag.c. */
export type KernelCondition = Extract<
  Condition,
  { kind: 'address' | 'ports' | 'device' | 'mark' | 'cgroup' | 'autobound' }
>;

const KERNEL_KINDS: readonly Condition['kind'][] = ['address', 'ports', 'device', 'mark', 'cgroup', 'autobound'];

/** Whether the kernel's filter programs support a condition. */
export function isKernelCondition(condition: Condition): condition is KernelCondition {
  return KERNEL_KINDS.includes(condition.kind);
}
