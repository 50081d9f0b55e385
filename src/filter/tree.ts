/**
 * A filter as a tree over conditions (atoms): as written, or with their names bound.
 *
 * An `and` without nodes is true, an `or` without nodes is false.
 */
export type Tree<A> =
  | { kind: 'and' | 'or'; nodes: readonly Tree<A>[] }
  | { kind: 'not'; node: Tree<A> }
  | { kind: 'atom'; atom: A };

/** A tree of a single atom. */
export function atom<A>(value: A): Tree<A> {
  return { kind: 'atom', atom: value };
}

/** Joins trees. A single one is returned unchanged; nodes of the same kind are flattened. */
export function join<A>(kind: 'and' | 'or', nodes: readonly Tree<A>[]): Tree<A> {
  const flat = nodes.flatMap((node) => (node.kind === kind ? node.nodes : [node]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind, nodes: flat };
}

/** The negation of a tree; removes a `not`. */
export function negate<A>(node: Tree<A>): Tree<A> {
  return node.kind === 'not' ? node.node : { kind: 'not', node };
}

/** Visits every atom, from left to right. */
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

/** Replaces every atom by a tree. */
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
 * Converts a filter to negation normal form, with every `not` directly before an atom, so that
 * the nodes of an `and` and of an `or` can be examined one by one.
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
