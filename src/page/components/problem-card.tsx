import { shortTitleText } from '../../model/finding/problem-titles.ts';
import type { ServedProblem } from '../../serve/protocol.ts';
import { range } from '../state/clock.ts';
import { linkTo } from '../state/route.ts';
import { summaryText } from '../text/evidence.ts';
import { shown } from '../text/shown.ts';
import { clockText, spanText, utcText } from '../text/times.ts';
import { ProblemNumbers } from './problem-numbers.tsx';
import { SEVERITY_WORDS, SeverityMark } from './severity.tsx';

/**
 * A problem in a card: what, where, since when, its numbers, and the one fix. It leads to all that is known of it.
 *
 * @param props.isBrief without the sentence and the numbers: where there are many containers
 */
export function ProblemCard({ problem, isBrief = false }: { problem: ServedProblem; isBrief?: boolean }) {
  const { severity, numbers, fix, title, findings, causes } = problem;
  const isOver = problem.resolvedAtMs !== undefined;
  const cause = findings[causes[0] ?? -1];
  const sentence = cause === undefined ? title : summaryText(cause);
  return (
    <a class="pcard" href={linkTo('problems', problem.id)}>
      <div class="top">
        <SeverityMark severity={isOver ? 'resolved' : severity} />
        <span class={`sev-word c-${isOver ? 'resolved' : severity}`}>
          {isOver ? 'Resolved' : SEVERITY_WORDS[severity]}
        </span>
        <span class="where" title={shown(placesOf(problem))}>
          {shown(placesOf(problem))}
        </span>
        <span class="since" title={utcText(problem.openedAtMs)}>
          {durationOf(problem)}
        </span>
      </div>
      <h2>{shown(shortTitleText(problem))}</h2>
      {!isBrief && (
        <p class="what" title={shown(sentence)}>
          {shown(sentence)}
        </p>
      )}
      {!isBrief && numbers.length > 0 && (
        <div class="nums">
          <ProblemNumbers numbers={numbers} />
        </div>
      )}
      {fix !== undefined && (
        <p class="fix">
          <b>Fix</b>
          <FixLine text={fix.snippet ?? fix.text} isCode={fix.snippet !== undefined} /> <span>{shown(fix.where)}</span>
        </p>
      )}
    </a>
  );
}

function FixLine({ text, isCode }: { text: string; isCode: boolean }) {
  const line = text
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .slice(-1)
    .join(' ');
  return isCode ? <code>{shown(line)}</code> : <span>{shown(line)}</span>;
}

/** Where a problem is: `service webhook, 4 of 4 replicas`. */
export function placesOf({ places }: ServedProblem): string {
  const [first, ...rest] = places;
  if (first === undefined) return '';
  const replicas =
    first.replicas === undefined ? '' : `, ${first.replicas.affected} of ${first.replicas.examined} replicas`;
  return `${first.name}${replicas}${rest.length === 0 ? '' : ` and ${rest.length} more`}`;
}

function durationOf({ openedAtMs, resolvedAtMs }: ServedProblem): string {
  if (resolvedAtMs === undefined) return spanText(range.value.toMs - openedAtMs);
  return `${clockText(openedAtMs)} – ${clockText(resolvedAtMs)}`;
}
