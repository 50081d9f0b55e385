import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import { Blank, FilterFault } from '../components/blank.tsx';
import { Fixes, useCopyKey } from '../components/fixes.tsx';
import { ProblemCard } from '../components/problem-card.tsx';
import { isLive } from '../state/clock.ts';
import { timeline } from '../state/container-history.ts';
import { wanted } from '../state/filter.ts';
import { container, overview } from '../state/live.ts';
import { holds, problemsHere } from '../state/problems.ts';
import { linkTo, route, show } from '../state/route.ts';
import { present, presentFault } from '../state/sockets.ts';
import { countText, many } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { clockText, momentText } from '../text/times.ts';
import { Charts, TablesButton } from './charts.tsx';
import { Lanes } from './lanes.tsx';
import { Limits } from './limits.tsx';
import { SocketTable } from './socket-table.tsx';

/** One container: its problems, its charts under the clock, limits, peers and present sockets. */
export function Container() {
  useCopyKey();
  const answer = container.value ?? present.value;
  const fault = presentFault.value;
  if (fault?.status === 404) {
    return (
      <>
        <Gone message={fault.message} />
        {timeline.value.series.size > 0 && <Charts name={route.value.name} known={{ lanes: [], listeners: [] }} />}
      </>
    );
  }
  if (answer === undefined) {
    return (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">First numbers in less than a second</p>
      </section>
    );
  }
  return (
    <>
      <Head answer={answer} />
      <Problems />
      <Charts name={answer.row.name} known={{ ...answer, fullest: answer.row.descriptors }} />
      {present.value !== undefined && (
        <Limits
          answer={{ ...answer, ...(present.value.limits && { limits: present.value.limits }) }}
          host={overview.value?.host}
        />
      )}
      <Lanes lanes={answer.lanes} />
      <Sockets />
    </>
  );
}

function Head({ answer: { row } }: { answer: ContainerAnswer }) {
  const { project, name, image, runtime, id, descriptors, ports, sharedWith, note, stoppedAtMs } = row;
  const numbers = [...new Set((ports ?? []).map(({ port }) => port))];
  return (
    <div class="verdict">
      <h1>
        <span class="crumb">
          <a href={linkTo('overview')}>{project === undefined ? 'Overview' : shown(project)}</a> /
        </span>{' '}
        {shown(name)}
      </h1>
      <div class="facts">
        {image !== undefined && <span>{shown(image)}</span>}
        <span>
          {runtime} <span class="mono">{/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : ''}</span>
        </span>
        {descriptors !== undefined && (
          <span>
            pid <b>{descriptors.pid}</b>
          </span>
        )}
        {numbers.length > 0 && (
          <span>
            {numbers.length === 1 ? 'port' : 'ports'} <b>{numbers.slice(0, 6).join(', ')}</b>
            {numbers.length > 6 && ` and ${numbers.length - 6} more`}
          </span>
        )}
        {sharedWith !== undefined && <span>shares its network with {sharedWith.map(shown).join(', ')}</span>}
        {stoppedAtMs !== undefined && <span class="c-warning">stopped {momentText(stoppedAtMs, Date.now())}</span>}
        {note !== undefined && <span class="c-warning">{shown(note)}</span>}
      </div>
      <div class="right">
        <button type="button" class="btn" onClick={() => scrollTo('limits')}>
          Limits
        </button>
        <button type="button" class="btn" onClick={() => scrollTo('sockets')}>
          Sockets
        </button>
        <TablesButton />
      </div>
    </div>
  );
}

/** The address's fragment says which page it is, so that a link within the page cannot be one. */
function scrollTo(id: string): void {
  document.getElementById(id)?.scrollIntoView({ block: 'start' });
}

function Problems() {
  const all = problemsHere.value;
  if (all.length === 0) return null;
  return (
    <>
      <section class={`panel problems of-${Math.min(all.length, 3)}`} aria-label="Problems of this container">
        {all.map((problem) => (
          <ProblemCard key={problem.id} problem={problem} />
        ))}
      </section>
      <Fixes problems={all.filter(holds)} />
    </>
  );
}

function Sockets() {
  const answer = present.value;
  const { fault } = wanted.value;
  const refused = presentFault.value;
  if (fault !== undefined) return <FilterFault message={fault.message} details={fault.details} />;
  if (refused !== undefined) return <FilterFault message={refused.message} details={refused.details} />;
  if (answer?.sockets === undefined) return null;
  const { sockets, matching = sockets.length, atMs } = answer;
  const { filter } = route.value;
  const timeWait = answer.row.sockets?.timeWait ?? 0;
  return (
    <section class="panel" id="sockets" aria-label="Present sockets">
      <div class="panel-head">
        <h2>Sockets</h2>
        <span class="faint">
          {many(matching, 'socket')}
          {filter !== '' && ' match'} at {clockText(atMs)}
          {!isLive.value && ', not in the time shown'}
          {sockets.length < matching && `; the first ${countText(sockets.length)}`}
          {filter === '' && timeWait > 0 && `; ${countText(timeWait)} in TIME_WAIT not listed`}
        </span>
        {filter === '' && timeWait > 0 && (
          <button type="button" class="btn end" onClick={() => show({ filter: 'state time-wait' }, false)}>
            List TIME_WAIT
          </button>
        )}
        {filter !== '' && (
          <button type="button" class="btn end" onClick={() => show({ filter: '' }, false)}>
            Clear the filter
          </button>
        )}
      </div>
      {sockets.length === 0 ? (
        <div class="blank">
          <p>{filter === '' ? 'It has no sockets.' : `The filter matches none of its sockets.`}</p>
        </div>
      ) : (
        <SocketTable sockets={sockets} />
      )}
    </section>
  );
}

function Gone({ message }: { message: string }) {
  return (
    <Blank title={`${shown(route.value.name)} is not here`} text={message}>
      <a class="btn" href={linkTo('overview')}>
        All containers <span class="key">o</span>
      </a>
    </Blank>
  );
}
