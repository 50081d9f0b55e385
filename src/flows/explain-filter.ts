import { safeText } from '../base/safe-text.ts';
import { bindForPlace, narrowed } from '../collect/bind-filter.ts';
import { takeInventory } from '../collect/inventory.ts';
import type { Place } from '../collect/place.ts';
import { explainFilter } from '../filter/explain.ts';
import type { Filter } from '../filter/syntax.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { FlowContext } from './context.ts';

/** `--explain-filter`: how a filter was read, its program in words, and which part runs where. */
export async function explain(
  { machine, out }: FlowContext,
  places: readonly Place[],
  filter: Filter,
  query: SocketQuery,
): Promise<void> {
  const { containers } = await takeInventory(machine);
  const facts = containers.map((container) => container.facts);
  for (const place of places) {
    const bound = await bindForPlace(machine, place, filter, facts);
    const lines =
      bound === undefined
        ? ['no filter: every socket is shown']
        : explainFilter(filter.text, bound.tree, bound.compiled, narrowed(query, bound));
    if (places.length > 1) out.write(`${safeText(place.target.name)}:\n`);
    out.write(lines.map((line) => `${safeText(line)}\n`).join(''));
  }
}
