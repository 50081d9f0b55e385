import { durationText } from '../base/duration.ts';
import { plural } from '../base/plural.ts';
import type { Diagnosis } from '../model/finding/diagnosis.ts';
import { type Evidence, SEVERITIES, type Severity } from '../model/finding/finding.ts';
import type { Ignored } from '../model/finding/ignored.ts';
import type { Problem, ProblemPlace, Symptom } from '../model/finding/problem.ts';
import { withAbout } from '../model/finding/problem-titles.ts';

/** Names of targets, places or subjects that are written; further ones are counted. */
const MAX_NAMES = 6;

/** The first names, and how many there are beside them. */
export function someOf(names: readonly string[], most = MAX_NAMES): string {
  const more = names.length - most;
  return more <= 0 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${more} more`;
}

/** `2 critical problems, 1 warning`; empty without any. */
export function countsText(severities: readonly Severity[]): string {
  return SEVERITIES.flatMap((severity) => {
    const count = severities.filter((one) => one === severity).length;
    if (count === 0 || severity === 'info') return [];
    return severity === 'critical' ? plural(count, 'critical problem') : plural(count, severity);
  }).join(', ');
}

/** What was found, without the targets: `1 critical problem, 2 warnings`, `No problems found`. */
export function foundText({ healthy, problems, leftOut }: Pick<Diagnosis, 'healthy' | 'problems' | 'leftOut'>): string {
  if (!healthy) return countsText(problems.map(({ severity }) => severity));
  const isHidden = SEVERITIES.some((severity) => severity !== 'info' && leftOut?.[severity] !== undefined);
  return isHidden ? 'Nothing critical found' : 'No problems found';
}

/** The verdict after {@link foundText}: ` (1 warning not shown, 2 findings ignored): web, sampled for 10s, 46 rules checked.` */
export function coveredText({ leftOut, ignored = [], targets, from, to, rules }: Omit<Diagnosis, 'coverage'>): string {
  const hidden = SEVERITIES.flatMap((severity) => Array<Severity>(leftOut?.[severity] ?? 0).fill(severity));
  const hiddenText = countsText(hidden);
  const judged = rules.filter((rule) => rule.judged).length;
  const seconds = durationText(to.getTime() - from.getTime());
  const ignoredCount = ignored.reduce((sum, { expired, findings }) => sum + (expired ? 0 : findings), 0);
  const beside = [
    ...(hiddenText === '' ? [] : [`${hiddenText} not shown`]),
    ...(ignoredCount === 0 ? [] : [`${plural(ignoredCount, 'finding')} ignored`]),
  ];
  return `${beside.length === 0 ? '' : ` (${beside.join(', ')})`}: ${someOf(targets)}, sampled for ${seconds}, ${plural(judged, 'rule')} checked.`;
}

/** `ignored: CLOSE_WAIT_LEAK of legacy-*, until 2027-03-01: the vendor fixes it in March (2 findings, in legacy-1, legacy-2)` */
export function ignoredText({ rule, target, until, why, expired, findings, places }: Ignored): string {
  const day = until === undefined ? '' : `, until ${until.replace(/T00:00:00(\.0+)?Z$/, '')}`;
  const count = findings === 0 ? 'nothing found' : `${plural(findings, 'finding')}, in ${someOf(places)}`;
  return `${expired ? 'no longer ignored' : 'ignored'}: ${rule}${target === undefined ? '' : ` of ${target}`}${day}: ${why} (${count})`;
}

/** The title with the peer or port that it is about. */
export function titleText({ title, about }: Pick<Problem, 'title' | 'about'>): string {
  return withAbout(title, about);
}

/** `4 of 4 replicas of service webhook`, `api: 4 processes`, `web 4242/nginx`. */
export function placeText({ name, targets, replicas, processes }: ProblemPlace): string {
  if (replicas === undefined) {
    const places = targets.length > 1 ? ` in ${someOf(targets)}` : '';
    return `${name}${places}${processes === undefined ? '' : `: ${plural(processes, 'process', 'processes')}`}`;
  }
  const { affected, examined, running } = replicas;
  const unexamined = running > examined ? `; ${running - examined} more not examined` : '';
  // All of them need no names: the command that verifies has them.
  const which = affected < examined ? ` (${someOf(targets)})` : '';
  return `${affected} of ${examined} replicas of ${name}${which}${unexamined}`;
}

/** Where it is and since when: `4 of 4 replicas of service webhook, since at least 14:03:08`. */
export function whereText({ places, since }: Problem, { from, to }: Pick<Diagnosis, 'from' | 'to'>): string {
  return `${someOf(places.map(placeText))}, ${sinceText(since, from, to)}`;
}

function sinceText(since: string | undefined, from: Date, to: Date): string {
  if (since === undefined) return `seen from ${timeText(from)} to ${timeText(to)}`;
  const begin = new Date(since);
  const ms = to.getTime() - begin.getTime();
  const isLong = ms >= 12 * 3_600_000;
  return `since at least ${isLong ? `${dayText(begin)} ` : ''}${timeText(begin)} (${durationText(Math.max(1, ms))})`;
}

/** `14:03:08`, in the machine's time zone. */
function timeText(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
}

function dayText(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(two).join('-');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `established connections to db:mysql: 63`, without its source. */
export function numberText({ what, value, unit }: Evidence): string {
  return `${what}: ${value}${unit === undefined ? '' : unit === '%' ? '%' : ` ${unit}`}`;
}

/** `Connections that the database refuses (REFUSED_BY_SERVER, 4 times)`. */
export function symptomText({ title, rule, findings }: Symptom): string {
  return `${title} (${rule}${findings.length > 1 ? `, ${findings.length} times` : ''})`;
}

/** Indexes of all its findings: those of its cause, then those of its symptoms. */
export function findingsOf({ causes, symptoms }: Problem): number[] {
  return [...causes, ...symptoms.flatMap(({ findings }) => findings)];
}
