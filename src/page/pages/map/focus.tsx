import { useEffect, useRef } from 'preact/hooks';
import { SeverityMark } from '../../components/severity.tsx';
import { hashOf } from '../../state/address.ts';
import { linkTo, route } from '../../state/route.ts';
import { countText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import type { Graph, MapNode } from './graph.ts';
import { choose, chosen, rowsNow, switchGroup } from './map-state.ts';
import { byTrouble, type EdgeNow } from './moment-edges.ts';
import { nodeText, portText, severityOf } from './node-text.ts';

/** One node with its callers and callees. */
export function Focus({ graph, edges, node }: { graph: Graph; edges: readonly EdgeNow[]; node: MapNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Who opened it by keyboard goes on reading here.
  useEffect(() => heading.current?.focus(), [node.id]);
  const callers = edges.filter(({ edge }) => edge.server === node.id).sort(byTrouble);
  const callees = edges.filter(({ edge }) => edge.client === node.id).sort(byTrouble);
  const severity = severityOf(node, rowsNow.value);
  return (
    <section class="panel focus" aria-label={`Callers and callees of ${shown(node.name)}`} data-focus={node.id}>
      <div class="sides">
        <Side title="Callers" edges={callers} end="client" graph={graph} />
        <div class="this">
          <h2 tabIndex={-1} ref={heading}>
            {severity !== undefined && <SeverityMark severity={severity} />} {shown(node.name)}
          </h2>
          <p class="muted">
            {[portText(node.id, edges), nodeText(node, rowsNow.value, edges)].filter(Boolean).join(', ')}
          </p>
          <p class="acts">
            {node.kind === 'row' && (
              <a class="btn" href={linkTo('container', node.name)}>
                Open its page
              </a>
            )}
            {node.kind === 'group' && (
              <button type="button" class="btn" onClick={() => switchGroup(node.name)}>
                Open the group
              </button>
            )}
            <button type="button" class="btn" onClick={() => choose({ node: undefined })}>
              Close <span class="key">esc</span>
            </button>
          </p>
        </div>
        <Side title="Callees" edges={callees} end="server" graph={graph} />
      </div>
    </section>
  );
}

function Side({
  title,
  edges,
  end,
  graph,
}: {
  title: string;
  edges: readonly EdgeNow[];
  end: 'client' | 'server';
  graph: Graph;
}) {
  const total = edges.reduce((sum, { connections }) => sum + connections, 0);
  return (
    <div data-side={end}>
      <h2>
        {title} <span class="muted">{edges.length === 0 ? 'none' : many(total, 'socket')}</span>
      </h2>
      <ul>
        {edges.map(({ edge, connections, trouble, word }) => (
          <li key={edge.id}>
            <a href={hashOf({ ...route.value, options: chosen({ node: edge[end] }) })}>
              <span class="end-name">
                {trouble !== undefined && <SeverityMark severity={trouble === 'bad' ? 'critical' : 'warning'} />}{' '}
                {shown(graph.nodes.get(edge[end])?.name ?? '')}
                <span class="faint">:{edge.port}</span>
              </span>
              <span class="end-count">
                {countText(connections)}
                {word !== '' && <small class={trouble === 'bad' ? 'c-critical' : 'c-warning'}>{word}</small>}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
