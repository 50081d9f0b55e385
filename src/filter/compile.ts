import type { KernelFilter } from '../model/socket/socket-query.ts';
import { type Dialect, encodeProgram } from './bytecode.ts';
import type { ConditionTree } from './condition.ts';
import { type KernelPart, kernelPart, type Primitive } from './kernel-part.ts';
import { eachAtom, type Tree } from './tree.ts';

/** From the instructions of the newest kernels to those of all kernels. */
const DIALECTS: readonly Dialect[] = [
  { newer: true, marks: true },
  { newer: true, marks: false },
  { newer: false, marks: false },
];

/** A filter compiled for the kernel, with the states that can match. */
export interface CompiledFilter {
  part: KernelPart;
  kernel: KernelFilter;
}

/** Compiles the part of a filter that the kernel can decide: its answer has every match, and possibly more. */
export function compileForKernel(tree: ConditionTree): CompiledFilter {
  const part = kernelPart(tree);
  const { localPort, peerPort, tests } = part;
  return {
    part,
    kernel: {
      ...(localPort !== undefined && { localPort }),
      ...(peerPort !== undefined && { peerPort }),
      programs: tests === undefined ? [] : programs(tests),
    },
  };
}

/** Programs of the same tests for kernels with more and with fewer instructions, without duplicates. */
function programs(tests: Tree<Primitive>): Uint8Array[] {
  const encoded: Uint8Array[] = [];
  for (const dialect of DIALECTS) {
    const known = speakable(tests, dialect);
    const program = known === true ? undefined : encodeProgram(known, dialect);
    const last = encoded.at(-1);
    if (program === undefined || (last !== undefined && sameBytes(last, program))) continue;
    encoded.push(program);
  }
  return encoded;
}

/** The strongest tests that follow from a tree and that a dialect can express; true when there are none. */
function speakable(tree: Tree<Primitive>, dialect: Dialect): Tree<Primitive> | true {
  if (tree.kind === 'atom' || tree.kind === 'not') return knowsAll(tree, dialect) ? tree : true;
  const nodes = tree.nodes.map((node) => speakable(node, dialect));
  const known = nodes.filter((node) => node !== true);
  if (tree.kind === 'or' && known.length < nodes.length) return true;
  return known.length === 0 && tree.kind === 'and' ? true : { kind: tree.kind, nodes: known };
}

function knowsAll(tree: Tree<Primitive>, { newer, marks }: Dialect): boolean {
  let knows = true;
  eachAtom(tree, ({ kind }) => {
    if ((kind === 'mark' && !marks) || (kind === 'cgroup' && !newer) || (kind === 'device' && !newer)) knows = false;
  });
  return knows;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
