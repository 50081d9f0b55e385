import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { shortTitle } from '../../model/finding/problem-titles.ts';
import type { ServedProblem } from '../../serve/protocol.ts';
import { cursorMs, isLive, range, step, zoomTo } from '../state/clock.ts';
import { hasMoment, moment, momentStepMs, moveTo, settle, stepMoment, stopPlaying } from '../state/moment.ts';
import { holds, problemsHere } from '../state/problems.ts';
import { shownRecording } from '../state/recording.ts';
import { route } from '../state/route.ts';
import { rulerGaps } from '../state/ruler-gaps.ts';
import { shown } from '../text/shown.ts';
import { clockText, momentText, spanText, utcText } from '../text/times.ts';
import { placesOf } from './problem-card.tsx';
import { laneOf, ticksOf } from './ruler-ticks.ts';

const LANES = ['a', 'b', 'c'];
const SHORTEST_DRAG = 4;
/** From here on the name of a tick would stand over the time of now, per cent. */
const LAST_NAME = 96;

/** The one clock: all charts below have its x axis. It carries the problems as bars. */
export function Ruler({ pointMs }: { pointMs: number | undefined }) {
  const { fromMs, toMs } = range.value;
  const place = (ms: number) => Math.min(Math.max((ms - fromMs) / (toMs - fromMs), 0), 1) * 100;
  const all = problemsHere.value;
  const lanes = all.length > LANES.length ? all.slice(0, LANES.length - 1) : all.slice(0, LANES.length);
  const hidden = all.length - lanes.length;
  const open = all.filter(holds).length;
  const chosen = isLive.value ? undefined : moment.value;
  const at = hasMoment.value ? chosen : cursorMs.value;
  return (
    <div class="grid3">
      <div class="ruler-label">
        <b>Problems</b>
        {hasMoment.value ? `edges every ${spanText(momentStepMs.value)}` : open === 0 ? 'none open' : `${open} open`}
        {route.value.page === 'container' && ' here'}
      </div>
      <Track slides={hasMoment.value}>
        {ticksOf(fromMs, toMs).map(({ ms, text, isMinor }) => (
          <i key={ms} class={`tick ${isMinor ? 'minor' : ''}`} style={{ left: `${place(ms)}%` }}>
            {place(ms) < LAST_NAME && <span>{text}</span>}
          </i>
        ))}
        {rulerGaps.value
          .filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs)
          .map((gap) => (
            <i
              key={gap.fromMs}
              class="gapmark"
              style={{ left: `${place(gap.fromMs)}%`, width: `${place(gap.toMs) - place(gap.fromMs)}%` }}
              title={`${gap.reason}, ${spanText(gap.toMs - gap.fromMs)}`}
            />
          ))}
        {lanes.map((problem, index) => (
          <ProblemBar key={problem.id} problem={problem} lane={index} place={place} />
        ))}
        {hidden > 0 && <span class="plabel more">+{hidden}</span>}
        {at !== undefined && at >= fromMs && at <= toMs && (
          <>
            <i class="head-line" style={{ left: `${place(at)}%` }} />
            <span
              class={`head-flag ${place(at) > 95 ? 'end' : place(at) < 5 ? 'start' : ''}`}
              style={{ left: `${place(at)}%` }}
              title={utcText(at)}
            >
              {momentText(at, toMs)}
            </span>
          </>
        )}
      </Track>
      <div class="ruler-end">
        {isLive.value
          ? `${shownRecording.value === undefined ? 'now' : 'end'} ${clockText(toMs)}`
          : spanText(toMs - fromMs)}
        {hasMoment.value && <span class="replay">drag to replay</span>}
        {pointMs !== undefined && pointMs > 1000 && <span class="point">{spanText(pointMs)} a point</span>}
      </div>
    </div>
  );
}

/** A bar with its name: beside it where there is room, else on it. */
function ProblemBar({ problem, lane, place }: { problem: ServedProblem; lane: number; place: (ms: number) => number }) {
  const { fromMs, toMs } = range.value;
  const end = problem.resolvedAtMs ?? toMs;
  const [left, right] = [place(problem.openedAtMs), place(end)];
  const isOpen = problem.resolvedAtMs === undefined || problem.resolvedAtMs > toMs;
  const side = laneOf(left, right, problem.openedAtMs <= fromMs);
  const kind = problem.severity === 'critical' ? '' : 'warning';
  return (
    <>
      <i
        class={`pbar ${LANES[lane]} ${kind} ${isOpen ? 'open' : ''}`}
        style={{ left: `${left}%`, width: `${Math.max(right - left, 0.3)}%` }}
        title={`${shown(problem.title)}, ${shown(placesOf(problem))}, since ${utcText(problem.openedAtMs)}`}
      />
      <span
        class={`plabel lane-${LANES[lane]} ${side}`}
        style={{
          left: `${side === 'right' ? right : left}%`,
          maxWidth: `${side === 'left' ? left : 100 - (side === 'right' ? right : left)}%`,
        }}
      >
        {shown(shortTitle(problem))}
      </span>
    </>
  );
}

/**
 * The part that can be dragged over, and moved along by keyboard.
 *
 * @param props.slides whether that chooses a moment; else it chooses a part of time
 */
function Track({ children, slides }: { children: ComponentChildren; slides: boolean }) {
  const start = useRef<number>(undefined);
  const { fromMs, toMs } = range.value;
  const timeOf = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return fromMs + ((event.clientX - box.left) / box.width) * (toMs - fromMs);
  };
  const at = slides ? moment.value : (cursorMs.value ?? toMs);
  const move = (by: -1 | 1) => {
    if (slides) {
      stepMoment(by);
      return;
    }
    cursorMs.value = Math.min(Math.max(at + (by * (toMs - fromMs)) / 100, fromMs), toMs);
  };
  return (
    <div
      class="ruler"
      role="slider"
      tabIndex={0}
      aria-label="Time"
      aria-valuemin={Math.round(fromMs / 1000)}
      aria-valuemax={Math.round(toMs / 1000)}
      aria-valuenow={Math.round(at / 1000)}
      aria-valuetext={clockText(at)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = event.clientX;
        if (!slides) return;
        stopPlaying();
        moveTo(timeOf(event));
      }}
      onPointerMove={(event) => {
        if (!slides) cursorMs.value = timeOf(event);
        else if (start.current !== undefined) moveTo(timeOf(event));
      }}
      onPointerUp={(event) => {
        const from = start.current;
        start.current = undefined;
        if (slides) {
          settle();
          return;
        }
        if (from === undefined || Math.abs(event.clientX - from) < SHORTEST_DRAG) return;
        const box = event.currentTarget.getBoundingClientRect();
        const other = fromMs + ((from - box.left) / box.width) * (toMs - fromMs);
        zoomTo(Math.max(Math.min(other, timeOf(event)), fromMs), Math.min(Math.max(other, timeOf(event)), toMs));
      }}
      onPointerCancel={() => {
        start.current = undefined;
        if (slides) settle();
      }}
      onPointerLeave={() => {
        cursorMs.value = undefined;
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') move(-1);
        else if (event.key === 'ArrowRight') move(1);
        else if (event.key === 'PageUp') step(-1);
        else if (event.key === 'PageDown') step(1);
        else return;
        event.preventDefault();
      }}
    >
      {children}
    </div>
  );
}
