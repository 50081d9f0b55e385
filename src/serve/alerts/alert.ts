import { safeText } from '../../base/safe-text.ts';
import type { Severity } from '../../model/finding/finding.ts';
import { shortTitle, shortTitleText } from '../../model/finding/problem-titles.ts';
import { numberText, placeText, someOf } from '../../render/problem-words.ts';
import type { ServedProblem } from '../protocol.ts';

/** Greatest lengths of the parts of an alert, characters. */
const LONGEST = { label: 128, title: 200, where: 300, number: 160, cause: 500, fix: 300, symptom: 120 };

/** Symptoms that are named. */
const MOST_SYMPTOMS = 5;

/**
 * A problem in the words that are sent. Its texts have no control characters, and mention nobody in any chat; each format
 * escapes its own markup beside that.
 */
export interface Alert {
  /** {@link ServedProblem.id}. */
  id: string;
  severity: Severity;
  startsAtMs: number;
  /** Identify it for Alertmanager; all but `severity` stay the same while it holds. */
  labels: Readonly<Record<string, string>>;
  /** What was found, in a few words, with the peer or port that it is about. */
  title: string;
  where: string;
  /** At most three: `established connections to db:3306: 63`. */
  numbers: readonly string[];
  /** What causes it, in a sentence; empty where nothing more is known than the title. */
  cause: string;
  /** `Go database/sql: call db.SetMaxOpenConns(50)`; absent where no fix is needed. */
  fix?: string;
  /** What it explains. */
  symptoms: readonly string[];
  /** Of the page. */
  link: string;
  /** Of what was recorded around its beginning; absent where nothing was. */
  incidentLink?: string;
}

/** What an alert says beside its problem. */
export interface AlertContext {
  /** Name of this machine. */
  host: string;
  /** Address of the page, without a slash at its end. */
  pageUrl: string;
  /** What was kept of its beginning; undefined for nothing. */
  incident: string | undefined;
}

/** A problem as it is sent. */
export function alertOf(problem: ServedProblem, { host, pageUrl, incident }: AlertContext): Alert {
  const { id, severity, places, numbers, fix, causes, findings, symptoms } = problem;
  const cause = findings[causes[0] ?? -1]?.summary ?? '';
  return {
    id,
    severity,
    startsAtMs: problem.openedAtMs,
    labels: labelsOf(problem, host),
    title: shortened(shortTitleText(problem), LONGEST.title),
    where: shortened(`${someOf(places.map(placeText), 4)} on ${host}`, LONGEST.where),
    numbers: numbers.slice(0, 3).map((number) => shortened(numberText(number), LONGEST.number)),
    cause: shortened(cause, LONGEST.cause),
    ...(fix !== undefined && { fix: shortened(`${fix.where}: ${fix.text}${lineOf(fix.snippet)}`, LONGEST.fix) }),
    symptoms: symptoms.slice(0, MOST_SYMPTOMS).map((symptom) => shortened(shortTitle(symptom), LONGEST.symptom)),
    link: `${pageUrl}/#/problems/${encodeURIComponent(id)}`,
    ...(incident !== undefined && { incidentLink: `${pageUrl}/#/incidents/${encodeURIComponent(incident)}` }),
  };
}

/** Names of labels are fixed words: Alertmanager refuses others. Numbers are never among the values, which identify it. */
function labelsOf({ rule, severity, about, containers, places }: ServedProblem, host: string): Record<string, string> {
  const [place] = places;
  const [container] = containers;
  const service =
    places.length === 1 && place?.replicas !== undefined ? place.name.replace(/^service /, '') : undefined;
  const labels = {
    alertname: rule,
    job: 'socklens',
    host,
    severity,
    ...(service !== undefined ? { service } : container !== undefined && { container }),
    ...(about !== undefined && { about }),
  };
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, shortened(value, LONGEST.label)] as const),
  );
}

/** A snippet of one line, as a part of the fix. */
function lineOf(snippet: string | undefined): string {
  return snippet === undefined || snippet.includes('\n') ? '' : ` (${snippet})`;
}

function shortened(text: string, longest: number): string {
  return unmarked(safeText(cut(text, longest)));
}

/** At most so many characters, without a half of one at the end. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Separates characters, and cannot be seen. */
const INVISIBLE = '\u200b';

/**
 * A text in which nothing mentions somebody, embeds a picture or hides an address behind other words: `@everyone`,
 * `<!channel>`, `<@U123>`, `[text](address)`. It looks as before. Receivers pass texts on to chats that this program
 * does not know.
 */
function unmarked(text: string): string {
  return text.replace(/(?:<(?=[!@#&|:]|https?:|mailto:)|@(?=[\p{L}\p{N}_&!])|\](?=[([]))/gu, `$&${INVISIBLE}`);
}
