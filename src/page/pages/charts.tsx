import { useLayoutEffect } from 'preact/hooks';
import { Strip } from '../charts/strip.tsx';
import { united } from '../charts/united.ts';
import { charted } from '../state/charted.ts';
import { range } from '../state/clock.ts';
import { marks, notes, timeline } from '../state/container-history.ts';
import { addKeys } from '../state/keys.ts';
import { container } from '../state/live.ts';
import { shownProblems } from '../state/problems.ts';
import { linkTo } from '../state/route.ts';
import { areTablesShown, switchTables } from '../state/tables.ts';
import { sentence, shown } from '../text/shown.ts';
import { completed, type Known, stripsOf } from './container-strips.ts';
import { idleCapsOf } from './idle-caps.ts';
import { withPast } from './past-peers.ts';

/** The charts of one row under the clock, with the problems that it has. */
export function Charts({ name, known, head }: { name: string; known: Known; head?: preact.ComponentChildren }) {
  useLayoutEffect(() => addKeys({ t: switchTables }), []);
  const idleCaps = idleCapsOf(shownProblems.value, name);
  const all = { ...withPast(known, timeline.value), idleCaps };
  const complete = completed(timeline.value, all);
  const { toMs } = range.value;
  const bands = united(
    shownProblems.value
      .filter(({ containers }) => containers.includes(name))
      .map(({ openedAtMs, resolvedAtMs }) => ({ fromMs: openedAtMs, toMs: resolvedAtMs ?? toMs })),
  );
  const surroundings = { timeline: complete, bands, marks: marks.value };
  return (
    <section class="panel" aria-label={head === undefined ? 'Charts' : `Charts of ${shown(name)}`}>
      {head}
      <div class="strips">
        {stripsOf(all, complete).map((spec) => (
          <Strip key={spec.title} spec={spec} surroundings={surroundings} />
        ))}
      </div>
      <Notes />
    </section>
  );
}

/** Where the past is from, where that is not the history of this host. */
function Notes() {
  if (notes.value.length === 0) return null;
  return (
    <ul class="sources" aria-label="Where the past is from">
      {notes.value.map((note) => (
        <li key={note}>{sentence(shown(note))}</li>
      ))}
    </ul>
  );
}

/** On the overview of a host with few containers: the charts of one of them. */
export function FirstCharts() {
  const name = charted.value;
  const answer = container.value;
  if (answer === undefined || answer.row.name !== name) return null;
  return (
    <Charts
      key={name}
      name={name}
      known={{ ...answer, fullest: answer.row.descriptors }}
      head={
        <div class="panel-head">
          <h2>
            <a class="name" href={linkTo('container', name)}>
              {shown(name)}
            </a>
          </h2>
          <TablesButton />
        </div>
      }
    />
  );
}

/** Shows the numbers of all charts as tables. */
export function TablesButton() {
  return (
    <button type="button" class="btn quiet end" aria-pressed={areTablesShown.value} onClick={switchTables}>
      As tables <span class="key">t</span>
    </button>
  );
}
