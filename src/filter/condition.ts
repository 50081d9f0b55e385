import type { Prefix } from './prefix.ts';
import type { Comparison, Measure, Side, TimerKind } from './syntax.ts';
import type { Tree } from './tree.ts';

/** Ports from the first to the last one, both included. */
export interface PortRange {
  first: number;
  last: number;
}

/** A condition with everything looked up: what is evaluated, and what the kernel is told. */
export type Condition =
  | { kind: 'states'; mask: number }
  | { kind: 'family'; family: 'inet' | 'inet6' }
  /** Any of them. `name` is what they were looked up from. */
  | { kind: 'address'; side: Side; prefixes: readonly Prefix[]; name?: string }
  /** Any of them. */
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

export type ConditionTree = Tree<Condition>;

/** The conditions that the kernel's filter programs know, net/ipv4/inet_diag.c. */
export type KernelCondition = Extract<
  Condition,
  { kind: 'address' | 'ports' | 'device' | 'mark' | 'cgroup' | 'autobound' }
>;

const KERNEL_KINDS: readonly Condition['kind'][] = ['address', 'ports', 'device', 'mark', 'cgroup', 'autobound'];

/** Whether the kernel's filter programs know a condition. */
export function isKernelCondition(condition: Condition): condition is KernelCondition {
  return KERNEL_KINDS.includes(condition.kind);
}
