/**
 * A filter as a tree over atoms of some kind: as they were written, or with their names resolved.
 *
 * An `and` without nodes is true, an `or` without nodes is false.
 */
export type Tree<A> =
  | { kind: 'and' | 'or'; nodes: readonly Tree<A>[] }
  | { kind: 'not'; node: Tree<A> }
  | { kind: 'atom'; atom: A };

export function atom<A>(value: A): Tree<A> {
  return { kind: 'atom', atom: value };
}

/** Joins trees; one alone is itself, and a joined one of the same kind becomes part of the whole. */
export function join<A>(kind: 'and' | 'or', nodes: readonly Tree<A>[]): Tree<A> {
  const flat = nodes.flatMap((node) => (node.kind === kind ? node.nodes : [node]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind, nodes: flat };
}

/** The opposite of a tree; of a `not` it is what stands in it. */
export function negate<A>(node: Tree<A>): Tree<A> {
  return node.kind === 'not' ? node.node : { kind: 'not', node };
}

/** Calls `visit` for every atom, from left to right. */
export function eachAtom<A>(tree: Tree<A>, visit: (atom: A) => void): void {
  switch (tree.kind) {
    case 'atom':
      visit(tree.atom);
      return;
    case 'not':
      eachAtom(tree.node, visit);
      return;
    default:
      for (const node of tree.nodes) eachAtom(node, visit);
  }
}

/** Puts a tree in the place of every atom. */
export function mapAtoms<A, B>(tree: Tree<A>, replace: (atom: A) => Tree<B>): Tree<B> {
  switch (tree.kind) {
    case 'atom':
      return replace(tree.atom);
    case 'not':
      return negate(mapAtoms(tree.node, replace));
    default:
      return join(
        tree.kind,
        tree.nodes.map((node) => mapAtoms(node, replace)),
      );
  }
}

/**
 * The same filter with every `not` standing directly before an atom (negation normal form), so that
 * the parts of an `and` and of an `or` can be looked at one by one.
 */
export function pushNegations<A>(tree: Tree<A>, negated = false): Tree<A> {
  switch (tree.kind) {
    case 'atom':
      return negated ? { kind: 'not', node: tree } : tree;
    case 'not':
      return pushNegations(tree.node, !negated);
    default: {
      const nodes = tree.nodes.map((node) => pushNegations(node, negated));
      // De Morgan: not (a and b) is (not a) or (not b).
      return join(negated === (tree.kind === 'and') ? 'or' : 'and', nodes);
    }
  }
}
