import type { Primitive } from './kernel-part.ts';
import type { Tree } from './tree.ts';

/**
 * One instruction of a filter program: a test, or a jump. `else` is the index of the next instruction when the
 * test fails, or the target of the jump.
 */
export interface Instruction {
  /** Undefined for a jump. */
  test?: Primitive;
  else: Target;
}

/** Index of an instruction; `reject` rejects the socket. The index after the last instruction accepts it. */
export type Target = number | 'reject';

/**
 * Compiles a tree of tests into instructions that only jump forwards: a test that holds continues with the next
 * instruction.
 *
 * @param tree with every `not` directly before a test
 */
export function layOut(tree: Tree<Primitive>): Instruction[] {
  const program: Instruction[] = [];
  for (const exit of lay(tree, program)) exit.else = 'reject';
  return program;
}

/** Appends a tree. @returns the instructions whose `else` has to be set to the target for a failure of the tree */
function lay(tree: Tree<Primitive>, program: Instruction[]): Instruction[] {
  switch (tree.kind) {
    case 'atom': {
      const test: Instruction = { test: tree.atom, else: 'reject' };
      program.push(test);
      return [test];
    }
    case 'not': {
      const [test] = lay(tree.node, program);
      const jump: Instruction = { else: 'reject' };
      program.push(jump);
      // The negation holds when the test fails: continue after the jump.
      if (test !== undefined) test.else = program.length;
      return [jump];
    }
    case 'and':
      return tree.nodes.flatMap((node) => lay(node, program));
    case 'or':
      return layAlternatives(tree.nodes, program);
  }
}

function layAlternatives(nodes: readonly Tree<Primitive>[], program: Instruction[]): Instruction[] {
  const done: Instruction[] = [];
  let exits: Instruction[] = [];
  // An `or` without nodes is false.
  if (nodes.length === 0) {
    const jump: Instruction = { else: 'reject' };
    program.push(jump);
    return [jump];
  }
  nodes.forEach((node, index) => {
    for (const exit of exits) exit.else = program.length;
    exits = lay(node, program);
    if (index === nodes.length - 1) return;
    const jump: Instruction = { else: 'reject' };
    program.push(jump);
    done.push(jump);
  });
  for (const jump of done) jump.else = program.length;
  return exits;
}
