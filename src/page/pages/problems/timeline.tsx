import type { ServedProblem } from '../../../serve/protocol.ts';
import { SeverityMark } from '../../components/severity.tsx';
import { hashOf } from '../../state/address.ts';
import { range } from '../../state/clock.ts';
import { holds } from '../../state/problems.ts';
import { route } from '../../state/route.ts';
import { rulerGaps } from '../../state/ruler-gaps.ts';
import { shown } from '../../text/shown.ts';
import { momentText, spanText, utcText } from '../../text/times.ts';
import type { Track } from './tracks.ts';

/** A line for each problem and place with a bar for each time that it held, under the ruler's axis. */
export function Timeline({ tracks, selected }: { tracks: readonly Track[]; selected: string | undefined }) {
  return (
    <section class="panel tracks" aria-label="Problems over time">
      <ul>
        {tracks.map((track) => (
          <li key={track.key}>
            <Line track={track} isSelected={track.key === selected} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The address of a problem, beside the same time and filter. */
export function problemLink(id: string): string {
  return hashOf({ ...route.value, page: 'problems', name: id });
}

function Line({ track, isSelected }: { track: Track; isSelected: boolean }) {
  const [latest] = track.problems as [ServedProblem];
  const open = track.problems.find(holds);
  const isCurrent = track.problems.some(({ id }) => id === route.value.name);
  return (
    <a
      class={`track ${isSelected ? 'selected' : ''}`}
      href={problemLink(latest.id)}
      data-row={track.key}
      {...(isCurrent && { 'aria-current': 'true' as const })}
    >
      <div class="lab">
        <SeverityMark severity={open === undefined ? 'resolved' : open.severity} />
        <div>
          <b>{shown(track.title)}</b>
          <span class="sub" title={shown(track.places)}>
            {shown(track.places)}
          </span>
        </div>
      </div>
      <div class="lane">
        {track.problems.map((problem) => (
          <Bar key={problem.id} problem={problem} />
        ))}
        {rulerGaps.value.map((gap) => (
          <Gap key={gap.fromMs} {...gap} />
        ))}
      </div>
      <div class="dur">{durationText(latest)}</div>
    </a>
  );
}

function placeOf(ms: number): number {
  const { fromMs, toMs } = range.value;
  return Math.min(Math.max((ms - fromMs) / (toMs - fromMs), 0), 1) * 100;
}

function Bar({ problem }: { problem: ServedProblem }) {
  const { toMs } = range.value;
  const left = placeOf(problem.openedAtMs);
  const width = placeOf(problem.resolvedAtMs ?? toMs) - left;
  const kind = !holds(problem) ? 'old' : problem.severity === 'critical' ? '' : 'warning';
  return (
    <i
      class={`run ${kind}`}
      data-problem={problem.id}
      style={{ left: `${left}%`, width: `${Math.max(width, 0.3)}%` }}
      title={timesText(problem)}
    />
  );
}

function Gap({ fromMs, toMs, reason }: { fromMs: number; toMs: number; reason: string }) {
  const left = placeOf(fromMs);
  const width = placeOf(toMs) - left;
  if (width <= 0) return null;
  return (
    <i
      class="gapmark"
      style={{ left: `${left}%`, width: `${width}%` }}
      title={`${reason}, ${spanText(toMs - fromMs)}`}
    />
  );
}

/** When a problem held, in UTC: for hints. */
function timesText({ openedAtMs, resolvedAtMs }: ServedProblem): string {
  return resolvedAtMs === undefined
    ? `since ${utcText(openedAtMs)}`
    : `${utcText(openedAtMs)} – ${utcText(resolvedAtMs)}`;
}

/** How long a problem held, or holds. */
export function durationText({ openedAtMs, resolvedAtMs }: ServedProblem): string {
  if (resolvedAtMs !== undefined) return spanText(resolvedAtMs - openedAtMs);
  return `${spanText(range.value.toMs - openedAtMs)}, open`;
}

/** From when to when a problem held, in the browser's zone. */
export function heldText({ openedAtMs, resolvedAtMs }: ServedProblem): string {
  const now = range.value.toMs;
  if (resolvedAtMs === undefined) return `since ${momentText(openedAtMs, now)}`;
  return `${momentText(openedAtMs, now)} – ${momentText(resolvedAtMs, now)}`;
}
