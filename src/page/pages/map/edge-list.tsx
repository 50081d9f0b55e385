import { SeverityMark } from '../../components/severity.tsx';
import { hashOf } from '../../state/address.ts';
import { route } from '../../state/route.ts';
import { countText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import type { Graph } from './graph.ts';
import { chosen } from './map-state.ts';
import { byTrouble, type EdgeNow } from './moment-edges.ts';

/** Edges one below the other, the worst first: the map where there is no room for a picture. */
export function EdgeList({ graph, edges }: { graph: Graph; edges: readonly EdgeNow[] }) {
  const name = (id: string) => shown(graph.nodes.get(id)?.name ?? '');
  return (
    <ol class="edges">
      {[...edges].sort(byTrouble).map(({ edge, connections, trouble, word }) => (
        <li key={edge.id} data-edge={edge.id}>
          <a href={hashOf({ ...route.value, options: chosen({ node: edge.server }) })}>
            {trouble === undefined ? <span /> : <SeverityMark severity={trouble === 'bad' ? 'critical' : 'warning'} />}
            <span class="end-name">
              <b>{name(edge.client)}</b> <span class="faint">→</span> <b>{name(edge.server)}</b>
              <span class="faint">:{edge.port}</span>
            </span>
            <span class="v">
              {countText(connections)}
              {word !== '' && <small class={trouble === 'bad' ? 'c-critical' : 'c-warning'}>{word}</small>}
            </span>
          </a>
        </li>
      ))}
    </ol>
  );
}
