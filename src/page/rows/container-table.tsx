import { useSignal } from '@preact/signals';
import { shortTitle } from '../../model/finding/problem-titles.ts';
import type { ContainerRow, ServedProblem } from '../../serve/protocol.ts';
import { STACKED_STATES } from '../charts/paint.ts';
import { Scroll } from '../components/scroll.tsx';
import { Swatch } from '../components/swatch.tsx';
import { mark, num, TableHead } from '../components/table-head.tsx';
import { VirtualRows } from '../components/virtual-rows.tsx';
import { charted, chosenRow } from '../state/charted.ts';
import { range } from '../state/clock.ts';
import { closeWaitSlopes, sparks, sparkVersion } from '../state/overview-history.ts';
import { linkTo, route } from '../state/route.ts';
import { useRowKeys } from '../state/row-keys.ts';
import { countText, many } from '../text/numbers.ts';
import { spanText } from '../text/times.ts';
import { COLUMNS, ContainerLine } from './container-line.tsx';
import { densityOf, linesOf, projectsOf, STOPPED } from './fold.ts';
import { GROUP, GroupChoice, GroupLine, UNGROUPED } from './groups.tsx';
import { byTrouble, inOrder } from './order.ts';

const ROW_HEIGHT = 44;
const COMPACT_HEIGHT = 28;
const CARD_HEIGHT = 168;
const IS_NARROW = matchMedia('(max-width: 640px)');

/** The row that keys move from: the chosen one, else the one whose charts are shown. */
const SELECTION = {
  get: () => chosenRow.value ?? (charted.value === '' ? undefined : charted.value),
  set: (name: string) => {
    chosenRow.value = name;
  },
};

/** A row per container, sorted by trouble. While somebody points at the table or is in it, rows stay where they are. */
export function ContainerTable({
  rows,
  problems,
  matching,
}: {
  rows: readonly ContainerRow[];
  problems: readonly ServedProblem[];
  /** Numbers of sockets that match the filter, by row; undefined without a filter. */
  matching: ReadonlyMap<string, number> | undefined;
}) {
  const isHeld = useSignal(false);
  const order = useSignal<readonly string[]>([]);
  const switched = useSignal<ReadonlySet<string>>(new Set());
  const selected = SELECTION.get();
  if (!isHeld.peek()) order.value = [...rows].sort(byTrouble).map(({ id }) => id);
  const { rows: sorted, moved } = inOrder(rows, order.value);
  const usual = densityOf(rows.filter(({ status }) => status !== 'stopped').length);
  const isUngrouped = route.value.options[GROUP] === UNGROUPED;
  const density = isUngrouped ? { ...usual, isGrouped: false } : usual;
  const lines = linesOf(sorted, density, switched.value);
  const titles = titlesByRow(problems);
  const folded = lines.reduce(
    (sum, line) =>
      sum + ('group' in line && !line.group.isOpen && line.group.project !== STOPPED ? line.group.rows.length : 0),
    0,
  );
  const running = rows.filter(({ status }) => status !== 'stopped').length;
  const hold = (wanted: boolean) => () => {
    isHeld.value = wanted;
  };
  const toggle = (project: string) => {
    const next = new Set(switched.value);
    if (!next.delete(project)) next.add(project);
    switched.value = next;
  };
  const projects = projectsOf(rows).size;
  const height = IS_NARROW.matches ? CARD_HEIGHT : density.isCompact ? COMPACT_HEIGHT : ROW_HEIGHT;
  useRowKeys({ names: lines.map((line) => ('row' in line ? line.row.name : undefined)), height }, SELECTION, (name) => {
    location.hash = linkTo('container', name);
  });
  return (
    <section class="panel" aria-label="Containers" onPointerEnter={hold(true)} onPointerLeave={hold(false)}>
      <div class="panel-head">
        <h2>Containers</h2>
        <span class="faint">
          {countText(running)}
          {running < rows.length && `, ${countText(rows.length - running)} stopped`}
          {projects > 1 && ` in ${many(projects, 'project')}`}, by trouble
          {folded > 0 && `; ${many(folded, 'calm one')} folded`}
        </span>
        {isHeld.value && moved > 0 && (
          <button
            type="button"
            class="btn"
            onClick={() => {
              order.value = [...rows].sort(byTrouble).map(({ id }) => id);
            }}
          >
            {moved === 1 ? '1 row' : `${moved} rows`} would move: sort
          </button>
        )}
        {usual.isGrouped && (projects > 1 || usual.isFolded) ? (
          <GroupChoice isUngrouped={isUngrouped} />
        ) : (
          <StateKey rows={rows} />
        )}
      </div>
      <Scroll label="Containers" onFocusIn={hold(true)} onFocusOut={hold(false)}>
        <table class={`cards ${density.isCompact ? 'compact' : ''}`} aria-rowcount={lines.length + 1}>
          <Head isCompact={density.isCompact} />
          <VirtualRows
            items={lines}
            height={height}
            cellCount={COLUMNS}
            render={(line) =>
              'group' in line ? (
                <GroupLine key={`project ${line.group.project}`} group={line.group} onToggle={toggle} />
              ) : (
                <ContainerLine
                  key={line.row.id}
                  row={line.row}
                  link={linkTo('container', line.row.name)}
                  context={{
                    isCompact: density.isCompact,
                    isIndented: line.isIndented,
                    isSelected: selected === line.row.name,
                    past: () => sparks.value.of(line.row.name, range.value),
                    pastState: `${sparkVersion.value} ${sparks.value.stateOf(line.row.name, range.value)}`,
                    closeWaitPerMinute: closeWaitSlopes.perMinute(line.row.name),
                    problems: titles.get(line.row.name) ?? [],
                    matching: matching?.get(line.row.name),
                  }}
                />
              )
            }
          />
        </table>
      </Scroll>
    </section>
  );
}

/** Short titles of the problems that hold, by the rows that they concern. */
function titlesByRow(problems: readonly ServedProblem[]): ReadonlyMap<string, string[]> {
  const titles = new Map<string, string[]>();
  for (const problem of problems) {
    if (problem.resolvedAtMs !== undefined) continue;
    const title = shortTitle(problem);
    for (const name of problem.containers) titles.set(name, [...(titles.get(name) ?? []), title]);
  }
  return titles;
}

function Head({ isCompact }: { isCompact: boolean }) {
  const { time } = route.value;
  const { fromMs, toMs } = range.value;
  const past = 'lastMs' in time ? `Last ${spanText(time.lastMs)}` : spanText(toMs - fromMs);
  return (
    <TableHead
      columns={[
        mark('Severity'),
        'Container',
        'Open sockets',
        past,
        num('CLOSE_WAIT'),
        num('TIME_WAIT'),
        isCompact ? num('Descriptors') : 'Descriptors',
        num('Opened/s'),
        num('Failed/s'),
        num('Closed/s', 'roomy'),
        'Busiest peer',
        num('Ports', 'roomy'),
        'Problem',
      ]}
    />
  );
}

/** The states that occur, with their colours. */
function StateKey({ rows }: { rows: readonly ContainerRow[] }) {
  const present = STACKED_STATES.filter(({ state }) => rows.some(({ sockets }) => (sockets?.byState[state] ?? 0) > 0));
  return (
    <div class="end key-list hide-s">
      {present.map(({ state, paint }) => (
        <span key={state}>
          <Swatch paint={paint} />
          {state}
        </span>
      ))}
    </div>
  );
}
