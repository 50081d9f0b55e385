import type { Edge } from '../../history/history.ts';
import { EDGE_VALUES } from '../../model/report/series-names.ts';

/** One end's numbers of an edge. */
export type EndNumbers = Partial<Record<keyof typeof EDGE_VALUES, number>>;

/** Edges as they come together from both of their ends. */
export class EdgeSums {
  readonly #edges = new Map<string, { client: string; server: string; port: number; values: Map<string, number> }>();
  /** Connections of the clients' ends so far: the servers' are compared with these. */
  readonly #servers = new Map<string, number>();

  has(client: string, server: string, port: number): boolean {
    return this.#edges.has(key(client, server, port));
  }

  /** Connections of an edge so far. */
  connections(client: string, server: string, port: number): number {
    return this.#edges.get(key(client, server, port))?.values.get(EDGE_VALUES.connections) ?? 0;
  }

  /** Adds what the client's end has. */
  add(client: string, server: string, port: number, numbers: EndNumbers): void {
    const values = this.#values(client, server, port);
    for (const [name, number] of Object.entries(numbers)) {
      if (number > 0) values.set(name, (values.get(name) ?? 0) + number);
    }
  }

  /** Adds what the server's end has: the same connections again, and those that the client's end has no more. */
  addServerEnd(client: string, server: string, port: number, { connections = 0, ...others }: EndNumbers): void {
    const id = key(client, server, port);
    this.add(client, server, port, others);
    const seen = (this.#servers.get(id) ?? 0) + connections;
    this.#servers.set(id, seen);
    const values = this.#values(client, server, port);
    if (seen > (values.get(EDGE_VALUES.connections) ?? 0)) values.set(EDGE_VALUES.connections, seen);
  }

  /** Those with anything. */
  edges(): Edge[] {
    return [...this.#edges.values()].filter(({ values }) => values.size > 0);
  }

  /** Sets a number of every edge to a port of a server. */
  setOfServer(server: string, port: number, name: keyof typeof EDGE_VALUES, number: number): void {
    for (const edge of this.#edges.values())
      if (edge.server === server && edge.port === port) edge.values.set(EDGE_VALUES[name], number);
  }

  #values(client: string, server: string, port: number): Map<string, number> {
    const id = key(client, server, port);
    let edge = this.#edges.get(id);
    if (edge === undefined) {
      edge = { client, server, port, values: new Map() };
      this.#edges.set(id, edge);
    }
    return edge.values;
  }
}

function key(client: string, server: string, port: number): string {
  return `${port} ${client}\0${server}`;
}
