import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { hashOf } from '../../state/address.ts';
import { route } from '../../state/route.ts';
import { countText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import type { Graph, GroupKind, MapNode } from './graph.ts';
import { type KeptPlaces, type Layout, layoutOf, NODE } from './layout.ts';
import { chosen, closedGroups, options, rowsNow, switchGroup } from './map-state.ts';
import type { EdgeNow } from './moment-edges.ts';
import { nodeText, portText, severityOf, shortName } from './node-text.ts';

/** Text of 11 pixels has about so many to a letter, capitals more. */
const LETTER = 6.4;
const CAPITAL = 8;

const KINDS: Readonly<Record<GroupKind, string>> = {
  compose: 'compose project',
  ecs: 'ECS family',
  network: 'network',
  pod: 'pod namespace',
};

/** Calm edges beyond so many have no numbers: those are in the matrix. */
const MOST_NUMBERS = 60;
/** Places of the last map by how it was grouped: positions stay by name. */
const keptPlaces = new Map<string, KeptPlaces>();

/** Clients left to right to servers. */
export function MapPicture({ graph, edges, label }: { graph: Graph; edges: readonly EdgeNow[]; label: string }) {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const follow = () => setWidth(box.current?.clientWidth ?? 0);
    follow();
    addEventListener('resize', follow);
    return () => removeEventListener('resize', follow);
  }, []);
  const key = [options.value.grouping, ...[...closedGroups.value].sort()].join('\n');
  const layout = useMemo(() => {
    const made = layoutOf(graph, width, keptPlaces.get(key));
    keptPlaces.set(key, made.kept);
    return made;
  }, [graph, width, key]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways
    <section class="mapbox" tabIndex={0} aria-label={label} ref={box}>
      {width > 0 && <Picture graph={graph} layout={layout} edges={edges} />}
    </section>
  );
}

function Picture({ graph, layout, edges }: { graph: Graph; layout: Layout; edges: readonly EdgeNow[] }) {
  const present = new Set(edges.flatMap(({ edge }) => [edge.client, edge.server]));
  const within = edges.filter(({ edge }) => layout.edges.has(edge.id));
  const numbered = within.filter(({ trouble }) => trouble !== undefined || within.length <= MOST_NUMBERS);
  const byNode = new Map<string, EdgeNow[]>();
  for (const now of edges) {
    for (const id of new Set([now.edge.client, now.edge.server])) {
      const own = byNode.get(id);
      if (own === undefined) byNode.set(id, [now]);
      else own.push(now);
    }
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no picture
    <svg
      class="map"
      width={layout.width}
      height={layout.height}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      role="group"
      aria-label="Connections; the matrix has the same numbers"
    >
      {layout.groups.map(({ name, x, y, width, height }) => (
        <g key={name} class="group">
          <rect x={x} y={y} width={width} height={height} rx={10} />
          <GroupTitle graph={graph} name={name} x={x + 14} y={y + 20} width={width - 28} />
        </g>
      ))}
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a group of lines has no focus */}
      <g aria-hidden="true">
        {within.map((now) => (
          <Edge key={now.edge.id} now={now} d={layout.edges.get(now.edge.id)?.d ?? ''} graph={graph} />
        ))}
      </g>
      {[...graph.nodes.values()]
        .filter(({ id }) => present.has(id))
        .map((node) => (
          <Node key={node.id} node={node} layout={layout} edges={byNode.get(node.id) ?? []} />
        ))}
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: neither have numbers */}
      <g aria-hidden="true">
        {numbered.map((now) => (
          <Pill key={now.edge.id} now={now} at={layout.edges.get(now.edge.id)?.label ?? { x: 0, y: 0 }} />
        ))}
      </g>
    </svg>
  );
}

/** Closes the group. */
function GroupTitle({ graph, name, x, y, width }: { graph: Graph; name: string; x: number; y: number; width: number }) {
  const members = [...graph.nodes.values()].filter(({ kind, group }) => kind === 'row' && group === name).length;
  const closed = members === 0;
  const kind = KINDS[graph.groups.get(name) ?? 'compose'];
  const count = closed ? '' : `, ${many(members, 'container')}`;
  const letters = Math.floor(width / LETTER) - 2;
  const texts = [`${shown(name)}, ${kind}${count}`, `${shown(name)}${count}`];
  const text = texts.find(({ length }) => length <= letters) ?? shortName(name, letters);
  return (
    <a
      href={hashOf(route.value)}
      class="group-title"
      data-group={name}
      onClick={(event) => {
        event.preventDefault();
        switchGroup(name);
      }}
    >
      <title>{`${closed ? 'Open' : 'Close'} ${shown(name)}, ${kind}${count}`}</title>
      <text x={x} y={y}>
        {closed ? '▸' : '▾'} {text}
      </text>
    </a>
  );
}

const WIDTH = { least: 1.6, perDoubling: 0.565 };

function Edge({ now, d, graph }: { now: EdgeNow; d: string; graph: Graph }) {
  const { edge, connections, trouble = '', word } = now;
  const width = WIDTH.least + WIDTH.perDoubling * Math.log2(Math.max(connections, 1));
  const name = (id: string) => shown(graph.nodes.get(id)?.name ?? '');
  return (
    <g data-edge={edge.id}>
      <path class={`edge ${trouble}`} stroke-width={width.toFixed(1)} d={d}>
        <title>
          {`${name(edge.client)} to ${name(edge.server)}:${edge.port}: ${countText(connections)}${word === '' ? '' : `, ${word}`}`}
        </title>
      </path>
      {trouble !== '' && <path class={`edge-x ${trouble}`} stroke-width={(width / 2).toFixed(1)} d={d} />}
    </g>
  );
}

function Pill({ now, at }: { now: EdgeNow; at: { x: number; y: number } }) {
  const { connections, trouble = '', word, edge } = now;
  const number = countText(connections);
  const letters = [...number, ...word].map((letter) => (/[A-Z_]/.test(letter) ? CAPITAL : LETTER));
  const width = letters.reduce((sum, letter) => sum + letter, 0) + (word === '' ? 14 : 20);
  return (
    <g data-number={edge.id}>
      <rect class={`pill ${trouble}`} x={at.x - width / 2} y={at.y - 9} width={width} height={18} rx={4} />
      <text class={`elabel ${trouble}`} x={at.x} y={at.y + 4} text-anchor="middle">
        {number}
        {word !== '' && <tspan dx={5}>{word}</tspan>}
      </text>
    </g>
  );
}

/** Letters of a name that fit beside a port, and without one. */
const LETTERS = { besidePort: 12, alone: 18 };

const MARKS = { critical: 'l5.5-5.5 5.5 5.5-5.5 5.5Z', warning: 'm5.5-6 6 10.5h-12Z' } as const;

function Node({ node, layout, edges }: { node: MapNode; layout: Layout; edges: readonly EdgeNow[] }) {
  const place = layout.nodes.get(node.id);
  if (place === undefined) return null;
  const { x, y } = place;
  const text = nodeText(node, rowsNow.value, edges);
  const port = portText(node.id, edges);
  const severity = severityOf(node, rowsNow.value);
  const look = severity === 'critical' ? 'bad' : severity === 'warning' ? 'warn' : '';
  const label = [shown(node.name), port, text, severity].filter((part) => part !== '' && part !== undefined).join(', ');
  return (
    <a
      class={`node ${node.kind === 'external' ? 'ext' : ''} ${node.kind === 'group' ? 'whole' : ''} ${look}`}
      data-node={node.id}
      href={hashOf({ ...route.value, options: chosen({ node: node.id }) })}
      aria-current={options.value.node === node.id ? 'true' : undefined}
    >
      <title>{`${label}: callers and callees`}</title>
      <rect x={x} y={y} width={NODE.width} height={NODE.height} rx={6} />
      <text class="n" x={x + 12} y={y + 20}>
        {shortName(node.name, port === '' ? LETTERS.alone : LETTERS.besidePort)}
      </text>
      {port !== '' && (
        <text class="port" x={x + NODE.width - 10} y={y + 20} text-anchor="end">
          {port}
        </text>
      )}
      <text class="m" x={x + 12} y={y + 36}>
        {text}
      </text>
      {(severity === 'critical' || severity === 'warning') && (
        <path class={`mark ${severity}`} d={`M${x - 5.5} ${y}${MARKS[severity]}`} />
      )}
    </a>
  );
}
