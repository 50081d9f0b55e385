import { safeText } from '../../base/safe-text.ts';
import { narrowed } from '../../filter/bound-filter.ts';
import { explainFilter } from '../../filter/explain.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Snapshot } from '../../sources/snapshot.ts';
import type { CommandContext } from '../context.ts';

/** `--explain-filter`: how a filter was read, its program in words, and which part runs where. */
export async function explain(
  { out }: CommandContext,
  { namespaces }: Snapshot,
  filter: Filter,
  query: SocketQuery,
): Promise<void> {
  for (const netns of namespaces) {
    const bound = await netns.bind(filter);
    const lines =
      bound === undefined
        ? ['no filter: every socket is shown']
        : explainFilter(filter.text, bound.tree, bound.compiled, narrowed(query, bound));
    if (namespaces.length > 1) out.write(`${safeText(netns.target.name)}:\n`);
    out.write(lines.map((line) => `${safeText(line)}\n`).join(''));
  }
}
