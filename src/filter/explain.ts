import { viewOf } from '../base/byte-order.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import { BC, BC_OP_SIZE, readOp } from '../netlink/inet-diag-bytecode.ts';
import type { CompiledFilter } from './compile.ts';
import type { ConditionTree } from './condition.ts';
import { isKernelCondition } from './condition.ts';
import { describeCondition, describePrimitive } from './describe.ts';
import { layOut } from './program.ts';
import { describeStates } from './states.ts';

/** Explains how a filter was parsed and where its conditions are evaluated, line by line. */
export function explainFilter(
  text: string,
  tree: ConditionTree,
  { part, kernel }: CompiledFilter,
  query: SocketQuery,
): string[] {
  const header = [
    ...(part.localPort === undefined ? [] : [`local port ${part.localPort}`]),
    ...(part.peerPort === undefined ? [] : [`peer port ${part.peerPort}`]),
  ];
  const [program, ...older] = kernel.programs;
  return [
    `filter   ${text}`,
    '',
    'parsed as',
    ...treeLines(tree, 1),
    '',
    'requested from the kernel',
    `  states   ${describeStates(query.states)}`,
    ...(header.length > 0 ? [`  header   ${header.join(', ')}`] : []),
    ...(part.tests === undefined || program === undefined
      ? ['  program  none']
      : [`  program  ${program.length} bytes`, ...programLines(part.tests, program)]),
    ...(older.length > 0 ? [`  and for older kernels ${older.map((one) => one.length).join(' or ')} bytes`] : []),
    'socklens then tests every socket of the answer against the whole filter.',
  ];
}

function treeLines(tree: ConditionTree, depth: number): string[] {
  const indent = '  '.repeat(depth);
  switch (tree.kind) {
    case 'atom':
      return [`${indent}${describeCondition(tree.atom).padEnd(48 - indent.length)}  ${whereDecided(tree)}`];
    case 'not':
      return [`${indent}not`, ...treeLines(tree.node, depth + 1)];
    default: {
      const nothing = tree.kind === 'and' ? 'anything' : 'nothing';
      if (tree.nodes.length === 0) return [`${indent}${nothing}`];
      return [`${indent}${tree.kind}`, ...tree.nodes.flatMap((node) => treeLines(node, depth + 1))];
    }
  }
}

function whereDecided(tree: ConditionTree): string {
  if (tree.kind !== 'atom') return '';
  if (tree.atom.kind === 'states') return 'kernel, by the requested states';
  return isKernelCondition(tree.atom) ? 'kernel' : 'socklens';
}

/** The first program, one instruction per line: offset, test, and where it jumps when the test fails. */
function programLines(tests: NonNullable<CompiledFilter['part']['tests']>, program: Uint8Array): string[] {
  const view = viewOf(program);
  const lines: string[] = [];
  let at = 0;
  for (const { test } of layOut(tests)) {
    const { code, yes, no } = readOp(view, at);
    const target = at + no > program.length ? 'reject' : at + no === program.length ? 'accept' : `go to ${at + no}`;
    const what = test === undefined ? target : `${describePrimitive(test)}, else ${target}`;
    lines.push(`  ${String(at).padStart(5)}  ${nameOf(code).padEnd(11)} ${what}`);
    at += code === BC.JMP ? BC_OP_SIZE : yes;
  }
  lines.push(`  ${String(at).padStart(5)}  accept`);
  return lines;
}

function nameOf(code: number): string {
  return Object.entries(BC).find(([, value]) => value === code)?.[0] ?? String(code);
}
