import type { Severity } from '../../../model/finding/finding.ts';
import type { ContainerRow } from '../../../serve/protocol.ts';
import { countText, many, percentText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { isAddress, type MapNode } from './graph.ts';
import type { EdgeNow } from './moment-edges.ts';

/** Descriptors are named from this part of their limit on. */
const NAMED_SHARE = 0.5;

/** The second line of a node: how much it has, or what it is. */
export function nodeText(node: MapNode, rows: ReadonlyMap<string, ContainerRow>, edges: readonly EdgeNow[]): string {
  if (node.kind === 'group') return many(node.members.length, 'container');
  if (node.kind === 'external') return externalText(node, edges);
  const row = rows.get(node.name);
  if (row?.sockets === undefined) return '';
  const { used = 0, limit = null } = row.descriptors ?? {};
  const share = limit === null || limit === 0 ? 0 : used / limit;
  const open = `${countText(row.sockets.open)} open`;
  return share >= NAMED_SHARE ? `${open}, nofile ${percentText(share)}` : open;
}

function externalText({ name, id }: MapNode, edges: readonly EdgeNow[]): string {
  const addresses = edges
    .filter(({ edge }) => edge.client === id || edge.server === id)
    .reduce((sum, edge) => Math.max(sum, edge.addresses), 0);
  if (addresses > 0) return many(addresses, 'address').replace('addresss', 'addresses');
  return isAddress(name) || name.includes('/') ? 'private network' : 'not a container here';
}

/** The ports that a node serves: `:443`, `:443 +2`. */
export function portText(id: string, edges: readonly EdgeNow[]): string {
  const ports = [...new Set(edges.filter(({ edge }) => edge.server === id).map(({ edge }) => edge.port))].sort(
    (a, b) => a - b,
  );
  const [first] = ports;
  if (first === undefined) return '';
  return ports.length === 1 ? `:${first}` : `:${first} +${ports.length - 1}`;
}

/** A name that fits; the whole one is in the title. What tells replicas apart is mostly at the end. */
export function shortName(name: string, letters: number): string {
  const text = shown(name);
  if (text.length <= letters) return text;
  const head = Math.ceil((letters - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (letters - 1 - head))}`;
}

/** The worst of a node's problems of the moment. */
export function severityOf(node: MapNode, rows: ReadonlyMap<string, ContainerRow>): Severity | undefined {
  const problems = [node.name, ...node.members].flatMap((name) => rows.get(name)?.problems ?? []);
  if (problems.some(({ critical = 0 }) => critical > 0)) return 'critical';
  return problems.some(({ warning = 0 }) => warning > 0) ? 'warning' : undefined;
}
