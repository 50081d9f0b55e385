import { ALL_STATES } from '../model/socket/tcp-state.ts';
import type { ConditionTree } from './condition.ts';
import { isKernelCondition, type KernelCondition, type PortRange } from './condition.ts';
import type { Prefix } from './prefix.ts';
import type { Side } from './syntax.ts';
import { atom, join, pushNegations, type Tree } from './tree.ts';

/** A test that is one instruction of the kernel's filter programs. */
export type Primitive =
  | { kind: 'port'; side: Side; op: '>=' | '<=' | '='; port: number }
  | { kind: 'host'; side: Side; prefix: Prefix }
  | { kind: 'device'; index: number }
  | { kind: 'mark'; mark: number; mask: number }
  | { kind: 'cgroup'; id: bigint }
  | { kind: 'autobound' };

/** The part of a filter that the kernel can decide: every match passes it, and possibly more sockets. */
export interface KernelPart {
  /** Bit mask of states that can match. */
  states: number;
  /** Local and peer port that every match has, for the header of the request; absent for none. */
  localPort?: number;
  peerPort?: number;
  /** Tests of the program, `not` only directly before a test; undefined for no program. */
  tests: Tree<Primitive> | undefined;
}

const MAX_PORT = 65535;

/** The part of a filter that the kernel can decide. */
export function kernelPart(tree: ConditionTree): KernelPart {
  const plain = pushNegations(tree);
  const header = { ...headerPort(plain, 'local'), ...headerPort(plain, 'peer') };
  const rest = withoutHeader(plain, header);
  const tests = rest === undefined ? undefined : weaken(rest);
  return { states: statesOf(plain), ...header, tests: tests === true ? undefined : tests };
}

/** States that a match can be in. Takes a tree whose negations stand before atoms. */
function statesOf(tree: ConditionTree): number {
  switch (tree.kind) {
    case 'atom':
      return tree.atom.kind === 'states' ? tree.atom.mask : ALL_STATES;
    case 'not':
      return tree.node.kind === 'atom' && tree.node.atom.kind === 'states'
        ? ALL_STATES & ~tree.node.atom.mask
        : ALL_STATES;
    case 'and':
      return tree.nodes.reduce((mask, node) => mask & statesOf(node), ALL_STATES);
    case 'or':
      return tree.nodes.reduce((mask, node) => mask | statesOf(node), 0);
  }
}

/** The port of one side that every match has. */
function headerPort(tree: ConditionTree, side: Side): { localPort?: number; peerPort?: number } {
  for (const node of tree.kind === 'and' ? tree.nodes : [tree]) {
    const port = singlePort(node, side);
    // 0 in the header means any.
    if (port !== undefined && port !== 0) return side === 'local' ? { localPort: port } : { peerPort: port };
  }
  return {};
}

function singlePort(node: ConditionTree, side: Side): number | undefined {
  if (node.kind !== 'atom' || node.atom.kind !== 'ports' || node.atom.side !== side) return undefined;
  const [range, ...more] = node.atom.ranges;
  return range !== undefined && more.length === 0 && range.first === range.last ? range.first : undefined;
}

/** Removes the conditions that the header decides; undefined when none is left. */
function withoutHeader(
  tree: ConditionTree,
  header: { localPort?: number; peerPort?: number },
): ConditionTree | undefined {
  const said = (node: ConditionTree) =>
    (header.localPort !== undefined && singlePort(node, 'local') === header.localPort) ||
    (header.peerPort !== undefined && singlePort(node, 'peer') === header.peerPort);
  if (tree.kind !== 'and') return said(tree) ? undefined : tree;
  const left = tree.nodes.filter((node) => !said(node));
  return left.length === 0 ? undefined : join('and', left);
}

/** The strongest condition of kernel tests that follows from the tree; true when none does. */
function weaken(tree: ConditionTree): Tree<Primitive> | true {
  switch (tree.kind) {
    case 'atom':
      return isKernelCondition(tree.atom) ? pushNegations(primitives(tree.atom)) : true;
    case 'not':
      // The kernel also reports entries as autobound whose port it did not assign: its negation would lose matches.
      return tree.node.kind === 'atom' && isKernelCondition(tree.node.atom) && tree.node.atom.kind !== 'autobound'
        ? pushNegations(primitives(tree.node.atom), true)
        : true;
    case 'and': {
      const known = tree.nodes.map(weaken).filter((node) => node !== true);
      return known.length === 0 ? true : join('and', known);
    }
    case 'or': {
      const nodes = tree.nodes.map(weaken);
      const known = nodes.filter((node) => node !== true);
      return known.length < nodes.length ? true : join('or', known);
    }
  }
}

function primitives(condition: KernelCondition): Tree<Primitive> {
  switch (condition.kind) {
    case 'ports':
      return join(
        'or',
        condition.ranges.map((range) => portTests(condition.side, range)),
      );
    case 'address': {
      const { side, prefixes } = condition;
      return join(
        'or',
        prefixes.map((prefix) => atom({ kind: 'host', side, prefix })),
      );
    }
    case 'device':
      return atom({ kind: 'device', index: condition.index });
    case 'mark':
      return atom({ kind: 'mark', mark: condition.mark, mask: condition.mask });
    case 'cgroup':
      return atom({ kind: 'cgroup', id: condition.id });
    case 'autobound':
      return atom({ kind: 'autobound' });
  }
}

function portTests(side: Side, { first, last }: PortRange): Tree<Primitive> {
  if (first === last) return atom({ kind: 'port', side, op: '=', port: first });
  const tests: Tree<Primitive>[] = [];
  if (first > 0) tests.push(atom({ kind: 'port', side, op: '>=', port: first }));
  if (last < MAX_PORT) tests.push(atom({ kind: 'port', side, op: '<=', port: last }));
  return join('and', tests);
}
