import type { ComponentChildren } from 'preact';
import { type Finding, rowNamesOf } from '../../../model/finding/finding.ts';
import { shortTitleText } from '../../../model/finding/problem-titles.ts';
import { placeText, someOf, symptomText, titleText } from '../../../render/problem-words.ts';
import type { ServedProblem } from '../../../serve/protocol.ts';
import { Blank } from '../../components/blank.tsx';
import { Paste } from '../../components/paste.tsx';
import { ProblemNumbers } from '../../components/problem-numbers.tsx';
import { SEVERITY_WORDS, SeverityMark } from '../../components/severity.tsx';
import { isGrowing, isLive, range, zoomTo } from '../../state/clock.ts';
import { holds, shownProblems } from '../../state/problems.ts';
import { linkTo, show } from '../../state/route.ts';
import { labelText, summaryText, valueText } from '../../text/evidence.ts';
import { shown } from '../../text/shown.ts';
import { momentText, utcText } from '../../text/times.ts';
import { Evidence } from './evidence.tsx';
import { IgnoreForm } from './ignore-form.tsx';
import { durationText, heldText, problemLink } from './timeline.tsx';
import { useProblem } from './use-problem.ts';

/** All that is known of one problem, in the doctor's words. */
export function Detail({ id }: { id: string }) {
  const { found, fault } = useProblem(id);
  if (fault !== undefined) {
    return (
      <Blank title="This problem is not known here" text={fault}>
        <button type="button" class="btn" onClick={() => show({ name: '' })}>
          All problems <span class="key">p</span>
        </button>
      </Blank>
    );
  }
  if (found === undefined) {
    return (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">Loading</p>
      </section>
    );
  }
  const { problem, course } = found;
  return (
    <>
      <div class="cols wide-left detail">
        <section class="panel" aria-label="Problem">
          <Head problem={problem} />
          <Numbers problem={problem} />
          <CauseAndSymptoms problem={problem} />
          <Where problem={problem} />
          <Others problem={problem} />
          <SameMoment problem={problem} />
        </section>
        <section class="panel" aria-label="What to do">
          <FixAndVerify problem={problem} />
          {problem.resolvedAtMs === undefined && <IgnoreForm problem={problem} />}
        </section>
      </div>
      <Evidence problem={problem} course={course} />
    </>
  );
}

function Head({ problem }: { problem: ServedProblem }) {
  const { severity, confidence, rule, openedAtMs, resolvedAtMs, findings, causes } = problem;
  const mark = holds(problem) ? severity : 'resolved';
  const cause = findings[causes[0] ?? -1];
  return (
    <div class="sect">
      <div class="facts">
        <span class="sev-and-word">
          <SeverityMark severity={mark} />
          <span class={`sev-word c-${mark}`}>{mark === 'resolved' ? 'Resolved' : SEVERITY_WORDS[severity]}</span>
        </span>
        <span title={`${utcText(openedAtMs)}${resolvedAtMs === undefined ? '' : ` – ${utcText(resolvedAtMs)}`}`}>
          {heldText(problem)}
        </span>
        <span>{durationText(problem)}</span>
        <span>confidence: {confidence}</span>
        <code>{rule}</code>
      </div>
      <h2>{shown(titleText(problem))}</h2>
      {cause !== undefined && <p>{shown(summaryText(cause))}</p>}
    </div>
  );
}

function Numbers({ problem: { numbers } }: { problem: ServedProblem }) {
  if (numbers.length === 0) return null;
  return (
    <div class={`three of-${numbers.length}`}>
      <ProblemNumbers numbers={numbers} />
    </div>
  );
}

function Section({ title, end, children }: { title: string; end?: string; children: ComponentChildren }) {
  return (
    <section class="sect" aria-label={title}>
      <h3>
        {title}
        {end !== undefined && <span class="end">{shown(end)}</span>}
      </h3>
      {children}
    </section>
  );
}

function CauseAndSymptoms({ problem }: { problem: ServedProblem }) {
  const { title, severity, causes, symptoms, findings } = problem;
  const of = (indexes: readonly number[]) => indexes.flatMap((index) => findings[index] ?? []);
  return (
    <Section title={symptoms.length === 0 ? 'Cause' : 'Cause and symptoms'}>
      <ol class={`tree ${symptoms.length === 0 ? 'alone' : ''}`}>
        <li class="cause">
          <SeverityMark severity={severity} />
          <span>
            {shown(title)} <Who findings={of(causes)} />
          </span>
          <Since findings={of(causes)} />
        </li>
        {symptoms.map((symptom) => (
          <li key={symptom.rule}>
            <span>
              {shown(symptomText(symptom))} <Who findings={of(symptom.findings)} />
            </span>
            <Since findings={of(symptom.findings)} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Who({ findings }: { findings: readonly Finding[] }) {
  return <span class="who">{shown(someOf([...new Set(findings.map(({ scope }) => scope.name))]))}</span>;
}

function Since({ findings }: { findings: readonly Finding[] }) {
  const [first] = findings.flatMap(({ since }) => since ?? []).sort();
  if (first === undefined) return null;
  const ms = Date.parse(first);
  return (
    <span class="when" title={utcText(ms)}>
      {momentText(ms, Date.now())}
    </span>
  );
}

/** Each place of the cause with its own numbers. */
function Where({ problem }: { problem: ServedProblem }) {
  const { places, causes, findings } = problem;
  const of = causes.flatMap((index) => findings[index] ?? []);
  const columns = of[0]?.evidence.slice(0, 3) ?? [];
  return (
    <Section title="Where" end={someOf(places.map(placeText))}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" tabIndex={0}>
        <table class="compact places">
          <thead>
            <tr>
              <th scope="col">Place</th>
              {columns.map((column) => (
                <th key={column.what} scope="col" class="num">
                  {labelText(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.map((finding) => (
              <PlaceRow key={`${finding.scope.name} ${finding.about ?? ''}`} finding={finding} count={columns.length} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function PlaceRow({ finding: { scope, evidence }, count }: { finding: Finding; count: number }) {
  const [only, ...others] = rowNamesOf(scope);
  const cells = Array.from({ length: count }, (_, index) => evidence[index]);
  return (
    <tr>
      <td>
        {only === undefined || others.length > 0 ? (
          shown(scope.name)
        ) : (
          <a class="name" href={linkTo('container', only)}>
            {shown(scope.name)}
          </a>
        )}
      </td>
      {cells.map((number, index) => (
        <td key={index} class="num" title={number === undefined ? '' : labelText(number)}>
          {number === undefined ? '–' : valueText(number)}
        </td>
      ))}
    </tr>
  );
}

/** What else is wrong at the same time and place: it has a cause of its own. */
function Others({ problem }: { problem: ServedProblem }) {
  const others = shownProblems.value.filter(
    (one) =>
      one.id !== problem.id &&
      overlap(one, problem) &&
      one.containers.some((name) => problem.containers.includes(name)),
  );
  if (others.length === 0) return null;
  return (
    <Section title="Not this problem" end="same place and time, its own cause">
      <ul class="rows">
        {others.map((one) => (
          <li key={one.id}>
            <a href={problemLink(one.id)}>{shown(shortTitleText(one))}</a>
            <span class="end">{heldText(one)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function overlap(a: ServedProblem, b: ServedProblem): boolean {
  return a.openedAtMs <= (b.resolvedAtMs ?? Infinity) && b.openedAtMs <= (a.resolvedAtMs ?? Infinity);
}

/** Links at most. */
const MOST_LINKS = 6;

/** The other views, over the time of the problem once that is shown. */
function SameMoment({ problem }: { problem: ServedProblem }) {
  const { openedAtMs, resolvedAtMs, containers } = problem;
  const zoom = () => {
    const now = range.peek().toMs;
    const end = resolvedAtMs ?? now;
    const margin = Math.max((end - openedAtMs) * 0.25, 30_000);
    zoomTo(openedAtMs - margin, Math.min(end + margin, now));
  };
  return (
    <Section title="See the same" end={isGrowing.value ? 'now' : 'over the time shown'}>
      <div class="ways">
        {isLive.value && (
          <button type="button" class="btn" onClick={zoom}>
            Show its time
          </button>
        )}
        {containers.slice(0, MOST_LINKS).map((name) => (
          <a key={name} class="btn" href={linkTo('container', name)}>
            {shown(name)}
          </a>
        ))}
        <a class="btn" href={linkTo('events')}>
          Events
        </a>
        <a class="btn" href={linkTo('overview')}>
          Overview
        </a>
      </div>
    </Section>
  );
}

function FixAndVerify({ problem: { fix, verify, findings, causes } }: { problem: ServedProblem }) {
  const cause = findings[causes[0] ?? -1];
  return (
    <>
      {fix === undefined ? (
        <Section title="Fix">
          <p>Nothing has to be changed.</p>
        </Section>
      ) : (
        <Section title="Fix" end={fix.where}>
          {fix.snippet !== undefined && <p>{shown(fix.text)}</p>}
          <Paste where={shown(fix.where)} text={fix.snippet ?? fix.text} copyKey="c" />
        </Section>
      )}
      <Section title="Verify">
        <Paste where="Shell on the host" text={verify} />
      </Section>
      {cause !== undefined && cause.byHand !== verify && (
        <Section title="By hand">
          <Paste where="Shell on the host" text={cause.byHand} />
        </Section>
      )}
    </>
  );
}
