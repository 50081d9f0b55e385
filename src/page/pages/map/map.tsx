import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { Blank } from '../../components/blank.tsx';
import { isGrowing } from '../../state/clock.ts';
import { wanted } from '../../state/filter.ts';
import { addKeys } from '../../state/keys.ts';
import { freeze } from '../../state/live.ts';
import { moment } from '../../state/moment.ts';
import { linkTo, show } from '../../state/route.ts';
import { many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { clockText, momentText } from '../../text/times.ts';
import { EdgeList } from './edge-list.tsx';
import { Focus } from './focus.tsx';
import type { Graph } from './graph.ts';
import { MapPicture } from './map-picture.tsx';
import {
  answer,
  answerFault,
  asOfMs,
  choose,
  edgesNow,
  followEdges,
  graph,
  groupBy,
  groupByNext,
  isLarge,
  options,
  rowsNow,
  shownEdges,
  unconnected,
  view,
} from './map-state.ts';
import { Matrix } from './matrix.tsx';
import type { EdgeNow } from './moment-edges.ts';

/** Who talks to whom, now and at every moment of the time shown. */
export function MapPage() {
  useEffect(() => {
    // Its space plays: who froze another page finds no way back here.
    freeze(false);
    return followEdges();
  }, []);
  useLayoutEffect(
    () =>
      addKeys({
        x: () => choose({ trouble: options.peek().onlyTrouble ? undefined : '1' }),
        g: groupByNext,
        v: () => choose({ view: view.peek() === 'map' ? 'matrix' : 'map' }),
      }),
    [],
  );
  const { node } = options.value;
  useLayoutEffect(
    () => (node === undefined ? undefined : addKeys({ Escape: () => choose({ node: undefined }) })),
    [node],
  );
  const known = graph.value;
  const time = isGrowing.value
    ? `as of ${clockText(asOfMs.value ?? moment.value)}`
    : `at ${momentText(moment.value, Date.now())}`;
  if (known === undefined) {
    return answerFault.value === undefined ? (
      <p class="faint" aria-busy="true">
        Loading
      </p>
    ) : (
      <Blank title="Who talks to whom is not known" text={answerFault.value} />
    );
  }
  const focused = node === undefined ? undefined : known.nodes.get(node);
  return (
    <>
      <Head time={time} />
      <FilterHint />
      {focused !== undefined && <Focus graph={known} edges={edgesNow.value} node={focused} />}
      <Shown known={known} time={time} />
      <Unconnected />
    </>
  );
}

function Head({ time }: { time: string }) {
  const edges = edgesNow.value;
  const ends = new Set(edges.flatMap(({ edge }) => [edge.client, edge.server]));
  const nodes = [...ends].flatMap((id) => graph.value?.nodes.get(id) ?? []);
  const containers = nodes.reduce((sum, { kind, members }) => sum + (kind === 'row' ? 1 : members.length), 0);
  const critical = edges.filter(({ trouble }) => trouble === 'bad').length;
  const warning = edges.filter(({ trouble }) => trouble === 'warn').length;
  const alone = unconnected.value.length;
  const { isUnconnectedShown, onlyTrouble, grouping } = options.value;
  return (
    <div class="verdict map-head">
      <h1>{isGrowing.value ? 'Who talks to whom' : `Who talked to whom ${time}`}</h1>
      <div class="facts">
        <span>
          <b>{containers}</b> connected
        </span>
        <span>
          <b>{edges.length}</b> {edges.length === 1 ? 'edge' : 'edges'}
        </span>
        {critical > 0 && (
          <span class="c-critical">
            <b>{critical}</b> critical
          </span>
        )}
        {warning > 0 && (
          <span class="c-warning">
            <b>{warning}</b> warning
          </span>
        )}
        {alone === 0 ? (
          <span>none unconnected</span>
        ) : (
          <span>
            <b>{alone}</b> unconnected{' '}
            <button
              type="button"
              class="link"
              aria-expanded={isUnconnectedShown}
              onClick={() => choose({ unconnected: isUnconnectedShown ? undefined : '1' })}
            >
              {isUnconnectedShown ? 'hide' : 'show'}
            </button>
          </span>
        )}
      </div>
      <div class="right">
        <button
          type="button"
          class="check"
          role="switch"
          aria-checked={onlyTrouble}
          onClick={() => choose({ trouble: onlyTrouble ? undefined : '1' })}
        >
          <i />
          Only trouble <span class="key">x</span>
        </button>
        <Choice
          name="View"
          chosen={view.value}
          words={{ map: 'Map', matrix: 'Matrix' }}
          onChoose={(word) => choose({ view: word })}
        />
        <Choice
          name="Group by"
          chosen={grouping}
          words={{ project: 'Project', network: 'Network', none: 'None' }}
          onChoose={groupBy}
        />
      </div>
    </div>
  );
}

function Choice<Word extends string>({
  name,
  chosen,
  words,
  onChoose,
}: {
  name: string;
  chosen: Word;
  words: Readonly<Record<Word, string>>;
  onChoose: (word: Word) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so
    <div class="seg" role="group" aria-label={name}>
      {(Object.entries(words) as [Word, string][]).map(([word, label]) => (
        <button key={word} type="button" aria-pressed={chosen === word} onClick={() => onChoose(word)}>
          {label}
        </button>
      ))}
    </div>
  );
}

/** The filter of the map takes names alone: an edge is many sockets. */
function FilterHint() {
  const { filter, fault, names } = wanted.value;
  if (filter === '' && fault === undefined) return null;
  const text = names.length > 0 ? 'What follows the names is not applied.' : 'It is not applied.';
  return <p class="hint muted">The map is filtered by names of containers. {text}</p>;
}

const NARROW = matchMedia('(max-width: 640px)');

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const follow = () => setNarrow(NARROW.matches);
    NARROW.addEventListener('change', follow);
    return () => NARROW.removeEventListener('change', follow);
  }, []);
  return isNarrow;
}

function Shown({ known, time }: { known: Graph; time: string }) {
  const isNarrow = useNarrow();
  const edges = shownEdges.value;
  if (edges.length === 0) return <Empty />;
  const matrix = <Matrix graph={known} edges={edges} time={time} />;
  const troubled = edges.filter(({ trouble }) => trouble !== undefined);
  if (view.value === 'matrix') {
    return (
      <>
        {matrix}
        {isLarge.value && !isNarrow && troubled.length > 0 && (
          <MapPanel known={known} edges={troubled} time={time} title="Those in trouble" />
        )}
      </>
    );
  }
  return (
    <>
      {isNarrow ? (
        <section class="panel" aria-label="Edges">
          <EdgeList graph={known} edges={edges} />
        </section>
      ) : (
        <MapPanel known={known} edges={edges} time={time} />
      )}
      {!isLarge.value && matrix}
    </>
  );
}

function MapPanel({
  known,
  edges,
  time,
  title,
}: {
  known: Graph;
  edges: readonly EdgeNow[];
  time: string;
  title?: string;
}) {
  const within = edges.filter(({ edge }) => edge.client === edge.server).length;
  return (
    <section class="panel" aria-label={title ?? 'Map'}>
      {title !== undefined && (
        <div class="panel-head">
          <h2>{title}</h2>
        </div>
      )}
      <MapPicture graph={known} edges={edges} label={`Map, ${time}`} />
      <div class="map-key key-list">
        <span>
          <svg width="26" height="8" aria-hidden="true">
            <path class="edge" d="M0 4H26" stroke-width="5" />
          </svg>
          sockets, width log₂
        </span>
        <span>
          <svg width="26" height="8" aria-hidden="true">
            <path class="edge bad" d="M0 4H26" stroke-width="5" />
            <path class="edge-x bad" d="M0 4H26" stroke-width="2.5" />
          </svg>
          failing, refused, unanswered or queue full
        </span>
        <span>
          <svg width="26" height="8" aria-hidden="true">
            <path class="edge warn" d="M0 4H26" stroke-width="5" />
            <path class="edge-x warn" d="M0 4H26" stroke-width="2.5" />
          </svg>
          CLOSE_WAIT standing
        </span>
        <span>
          <svg width="20" height="14" class="node ext" aria-hidden="true">
            <rect x="1" y="1" width="18" height="12" rx="3" />
          </svg>
          not a container, by network
        </span>
        {within > 0 && <span>{many(within, 'edge')} of one with itself: in the matrix</span>}
      </div>
    </section>
  );
}

function Empty() {
  if (answer.value !== undefined && edgesNow.value.length > 0)
    return <Blank title="No trouble" text={`None of ${many(edgesNow.value.length, 'edge')} is in trouble.`} />;
  if (wanted.value.names.length > 0) {
    return (
      <Blank title="Nothing matches" text="No edge has an end with such a name.">
        <button type="button" class="btn" onClick={() => show({ filter: '' }, false)}>
          Clear the filter
        </button>
      </Blank>
    );
  }
  return isGrowing.value ? (
    <Blank title="Nobody talks yet" text="Who talks to whom is looked at every ten seconds." />
  ) : (
    <Blank title="Nobody talked" text="No connection is known of this moment." />
  );
}

function Unconnected() {
  const names = unconnected.value;
  if (!options.value.isUnconnectedShown || names.length === 0) return null;
  return (
    <section class="panel" aria-label="Unconnected">
      <div class="panel-head">
        <h2>Unconnected</h2>
        <span class="muted">{many(names.length, 'row')} without an edge</span>
      </div>
      <ul class="unconnected">
        {names.map((name) => (
          <li key={name}>
            <a href={linkTo('container', name)}>{shown(name)}</a>{' '}
            <span class="faint">{shown(rowsNow.value.get(name)?.image ?? '')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
