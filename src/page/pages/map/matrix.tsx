import { useMemo } from 'preact/hooks';
import { Scroll } from '../../components/scroll.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { hashOf } from '../../state/address.ts';
import { route } from '../../state/route.ts';
import { countText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import type { Graph } from './graph.ts';
import { chosen, options } from './map-state.ts';
import type { EdgeNow } from './moment-edges.ts';

/** A column: a port of a server. */
interface ServerPort {
  key: string;
  server: string;
  port: number;
  service: string | undefined;
}

/** The same numbers as a table: clients by servers' ports. */
export function Matrix({ graph, edges, time }: { graph: Graph; edges: readonly EdgeNow[]; time: string }) {
  // Of the whole time shown, so that nothing moves with the slider.
  const wanted = options.value.onlyTrouble ? edges.map(({ edge }) => edge) : graph.edges;
  const { clients, columns } = useMemo(() => endsOf(wanted, graph), [wanted, graph]);
  const byClient = Map.groupBy(edges, ({ edge }) => edge.client);
  return (
    <section class="panel" aria-label="Matrix">
      <div class="panel-head">
        <h2>Matrix</h2>
        <span class="muted">sockets, client to server:port, {time}</span>
      </div>
      <Scroll label="Matrix">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Client</th>
              {columns.map(({ key, server, port, service }) => (
                <th
                  key={key}
                  scope="col"
                  class="col"
                  title={`${shown(graph.nodes.get(server)?.name ?? '')}:${port}${service === undefined ? '' : ` ${shown(service)}`}`}
                >
                  <b>{shown(graph.nodes.get(server)?.name ?? '')}</b>:{port}
                </th>
              ))}
              <th scope="col" class="col">
                <b>Total</b>out
              </th>
            </tr>
          </thead>
          <tbody>
            {clients.map((client) => (
              <Row
                key={client}
                client={client}
                name={shown(graph.nodes.get(client)?.name ?? '')}
                columns={columns}
                edges={byClient.get(client) ?? []}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function endsOf(edges: readonly Graph['edges'][number][], { nodes }: Graph) {
  const order = new Map([...nodes.keys()].map((id, index) => [id, index]));
  const clients = [...new Set(edges.map(({ client }) => client))];
  clients.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const columns = new Map<string, ServerPort>();
  for (const { server, port, service } of edges) {
    const key = `${server}:${port}`;
    if (!columns.has(key)) columns.set(key, { key, server, port, service });
  }
  const sorted = [...columns.values()].sort(
    (a, b) => (order.get(a.server) ?? 0) - (order.get(b.server) ?? 0) || a.port - b.port,
  );
  return { clients, columns: sorted };
}

function Row({
  client,
  name,
  columns,
  edges,
}: {
  client: string;
  name: string;
  columns: readonly ServerPort[];
  edges: readonly EdgeNow[];
}) {
  const { options: chosenNow } = route.value;
  const signature = edges.map(({ edge, connections, word }) => `${edge.id} ${connections} ${word}`).join('\n');
  // Most rows are the same from moment to moment, and have many cells.
  return useMemo(() => {
    const byServer = new Map(edges.map((now) => [`${now.edge.server}:${now.edge.port}`, now]));
    const total = edges.reduce((sum, { connections }) => sum + connections, 0);
    return (
      <tr data-client={client}>
        <th scope="row" title={name}>
          {name}
        </th>
        {columns.map(({ key, server }) => (
          <Cell key={key} now={byServer.get(key)} server={server} />
        ))}
        <td class="muted total">{countText(total)}</td>
      </tr>
    );
  }, [client, name, columns, signature, chosenNow]);
}

/** From so many sockets on a cell is darker. */
const SHADES = [1, 100, 1000] as const;

function Cell({ now, server }: { now: EdgeNow | undefined; server: string }) {
  if (now === undefined) {
    return (
      <td>
        <span class="none" aria-hidden="true">
          ·
        </span>
      </td>
    );
  }
  const { connections, trouble, word, edge } = now;
  const shade = SHADES.filter((least) => connections >= least).length;
  return (
    <td class={trouble ?? `h${shade}`} data-cell={edge.id}>
      <a href={hashOf({ ...route.value, options: chosen({ node: server }) })}>
        <span>
          {trouble !== undefined && <SeverityMark severity={trouble === 'bad' ? 'critical' : 'warning'} />}
          {countText(connections)}
        </span>
        {word !== '' && <small>{word}</small>}
      </a>
    </td>
  );
}
