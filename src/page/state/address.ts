import { parseMilliseconds } from '../../base/duration.ts';

/** The part of time that all charts and lists show: the last milliseconds up to now, or one that stays. */
export type TimeSpan = { lastMs: number } | { fromMs: number; toMs: number };

/** First word of each page's path; the overview has none. */
const PATHS = {
  overview: '',
  container: 'c',
  map: 'map',
  events: 'events',
  problems: 'problems',
  incidents: 'incidents',
  hosts: 'hosts',
  about: 'about',
} as const;

/** One of the views that an address leads to. */
export type PageName = keyof typeof PATHS;

/** What the page shows, as its address says it: who gets the link sees the same. */
export interface Route {
  page: PageName;
  /** Of what the page shows one of: of a container its name. Empty where the page shows all. */
  name: string;
  /** As it was typed; empty for none. */
  filter: string;
  time: TimeSpan;
  /** Which recording answers in place of the server; absent for none. */
  recording?: string | undefined;
  /** What else a page keeps in its address, such as how it groups; the words of `RESERVED` are not among them. */
  options: Readonly<Record<string, string>>;
}

/** Options of an address that every page has. */
const RESERVED = ['filter', 'last', 'from', 'to', 'recording'];

/** The presets of the clock, by the keys 1 to 8. */
export const PRESETS = [
  { word: '5m', label: '5 m', ms: 5 * 60_000 },
  { word: '15m', label: '15 m', ms: 15 * 60_000 },
  { word: '30m', label: '30 m', ms: 30 * 60_000 },
  { word: '1h', label: '1 h', ms: 3_600_000 },
  { word: '6h', label: '6 h', ms: 6 * 3_600_000 },
  { word: '24h', label: '24 h', ms: 24 * 3_600_000 },
  { word: '7d', label: '7 d', ms: 7 * 86_400_000 },
  { word: '30d', label: '30 d', ms: 30 * 86_400_000 },
] as const;

const DEFAULT_MS = 3_600_000;
const SHORTEST_MS = 5000;
const LONGEST_MS = 366 * 86_400_000;

/** Reads the fragment of an address; what it does not understand is as if it were absent. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const options = new URLSearchParams(query);
  const [, word = '', name = ''] = /^\/([^/]*)(?:\/(.*))?$/.exec(path) ?? [];
  const known = (Object.keys(PATHS) as PageName[]).find((page) => PATHS[page] === word) ?? 'overview';
  // There is no page of all containers but the overview.
  const page = known === 'container' && name === '' ? 'overview' : known;
  return {
    page,
    name: page === 'overview' ? '' : decoded(name),
    filter: options.get('filter') ?? '',
    time: timeOf(options),
    ...(options.get('recording') && { recording: options.get('recording') ?? '' }),
    options: Object.fromEntries([...options].filter(([key]) => !RESERVED.includes(key))),
  };
}

/** The fragment of {@link parseRoute}. */
export function hashOf({ page, name, filter, time, recording, options: own }: Route): string {
  const options = new URLSearchParams(own);
  if (recording !== undefined) options.set('recording', recording);
  if (filter !== '') options.set('filter', filter);
  if ('lastMs' in time) {
    if (time.lastMs !== DEFAULT_MS) options.set('last', lastText(time.lastMs));
  } else {
    options.set('from', String(Math.round(time.fromMs / 1000)));
    options.set('to', String(Math.round(time.toMs / 1000)));
  }
  const query = options.toString();
  const path = `/${PATHS[page]}${name === '' ? '' : `/${encodeURIComponent(name)}`}`;
  return `#${path}${query === '' ? '' : `?${query}`}`;
}

function timeOf(options: URLSearchParams): TimeSpan {
  const from = Number(options.get('from') ?? Number.NaN) * 1000;
  const to = Number(options.get('to') ?? Number.NaN) * 1000;
  if (to - from >= SHORTEST_MS && to - from <= LONGEST_MS) return { fromMs: from, toMs: to };
  const last = parseMilliseconds(options.get('last') ?? '') ?? DEFAULT_MS;
  return { lastMs: Math.min(Math.max(last, SHORTEST_MS), LONGEST_MS) };
}

function lastText(ms: number): string {
  return PRESETS.find((preset) => preset.ms === ms)?.word ?? `${Math.round(ms / 1000)}s`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
