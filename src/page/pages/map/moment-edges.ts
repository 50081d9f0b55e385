import { countText, rateText } from '../../text/numbers.ts';
import type { Column, Graph, MapEdge } from './graph.ts';

/** How bad an edge is: attempts fail or a queue is full; connections that nobody closes stand. */
export type Trouble = 'bad' | 'warn';

/** An edge at one moment. */
export interface EdgeNow {
  edge: MapEdge;
  /** Open sockets, of the end that has more. */
  connections: number;
  /** Of an end that is a network; 0 where that is not known. */
  addresses: number;
  trouble: Trouble | undefined;
  /** What is wrong, `104 refused/s`; empty for nothing. */
  word: string;
}

/** A state is standing trouble where it is at least this part of an edge's sockets: fewer are on their way. */
const UNANSWERED_SHARE = 0.1;
const CLOSE_WAIT_SHARE = 0.01;

/** The edges of a moment, those without a connection or an attempt left out. */
export function edgesAt({ edges }: Graph, at: number): EdgeNow[] {
  const now: EdgeNow[] = [];
  for (const edge of edges) {
    const { columns } = edge;
    const connections = Math.round(value(columns.connections?.mean, at));
    const { trouble, word } = troubleOf(edge, at, connections);
    if (connections === 0 && trouble === undefined) continue;
    now.push({ edge, connections, addresses: Math.round(value(columns.addresses?.max, at)), trouble, word });
  }
  return now;
}

function troubleOf({ columns }: MapEdge, at: number, connections: number): Pick<EdgeNow, 'trouble' | 'word'> {
  const refused = value(columns.refused?.max, at);
  if (refused > 0) return { trouble: 'bad', word: `${rateText(refused)}/s refused` };
  const failed = value(columns.failed?.max, at);
  if (failed > 0) return { trouble: 'bad', word: `${rateText(failed)}/s failed` };
  const queued = value(columns.queued?.max, at);
  if (queued > 0) return { trouble: 'bad', word: `${countText(queued)} queued, full` };
  const synSent = standing(columns.synSent, at);
  if (synSent > 0 && synSent >= connections * UNANSWERED_SHARE)
    return { trouble: 'bad', word: `${countText(synSent)} unanswered` };
  const closeWait = standing(columns.closeWait, at);
  if (closeWait > 0 && closeWait >= connections * CLOSE_WAIT_SHARE)
    return { trouble: 'warn', word: `${countText(closeWait)} CLOSE_WAIT` };
  return { trouble: undefined, word: '' };
}

/** A number that was there at the point before too: what is on its way is not. At the first point nothing tells. */
function standing(column: Column | undefined, at: number): number {
  const now = Math.round(value(column?.mean, at));
  return at > 0 && value(column?.max, at - 1) === 0 ? 0 : now;
}

function value(column: Float32Array | undefined, at: number): number {
  return column?.[at] ?? 0;
}

const ORDER = { bad: 0, warn: 1 };

/** The worst first, then those with most connections. */
export function byTrouble(a: EdgeNow, b: EdgeNow): number {
  const rank = ({ trouble }: EdgeNow) => (trouble === undefined ? 2 : ORDER[trouble]);
  return rank(a) - rank(b) || b.connections - a.connections || (a.edge.id < b.edge.id ? -1 : 1);
}
