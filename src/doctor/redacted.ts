import type { Diagnosis } from '../model/finding/diagnosis.ts';
import type { Ignored } from '../model/finding/ignored.ts';
import { Aliases } from '../model/redaction/aliases.ts';
import type { Series } from '../model/sample/series.ts';
import { parseIpv4, parseIpv6 } from '../model/socket/address.ts';
import { termsOf } from './redaction-terms.ts';

/** Texts of these keys are words of socklens, and times. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  'rule',
  'severity',
  'confidence',
  'kind',
  'unit',
  'from',
  'to',
  'since',
  'until',
]);

/** What may be an address: times and versions look like one. */
const ADDRESS =
  /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f:.]*(?!\w)/g;

/** Absolute paths, but for those that every machine has. */
const PATH =
  /(?<![\w.:/<-])\/(?!proc\b|sys\b|dev\b|usr\/(?:s?bin|lib|lib64|libexec|share)\/|etc\/(?:docker|security|systemd|containers|sysctl\.d)\/|(?:var\/)?run\/docker)[\w.@+-]+(?:\/[\w.@+-]+)*/g;

/**
 * A diagnosis without addresses, names of containers, services, hosts and programs, and paths, to be shown to others:
 * the same one always has the same alias, as in a redacted recording. Common programs (`nginx`, `node`) stay, ports and
 * numbers too. Notes, which may contain any name, are replaced as a whole.
 */
export function redacted(diagnosis: Diagnosis, series: Series): Diagnosis {
  const aliases = new Aliases();
  const terms = termsOf(series);
  const known = [...terms.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const names = known.length === 0 ? undefined : new RegExp(`(?<![\\w.-])(?:${known.join('|')})(?![\\w-])`, 'g');
  const text = (given: string): string => {
    const named = names === undefined ? given : given.replace(names, (found) => aliasOf(aliases, terms, found));
    return named
      .replace(ADDRESS, (found) => (isAddress(found) ? aliases.address(found) : found))
      .replace(PATH, (found) => (found.startsWith('/path-') ? found : `/${aliases.of('path', found)}`));
  };
  const value = (given: unknown, key: string): unknown => {
    if (typeof given === 'string') return OWN_WORDS.has(key) ? given : text(given);
    if (Array.isArray(given)) return given.map((item) => value(item, key));
    if (given === null || typeof given !== 'object' || given instanceof Date) return given;
    return Object.fromEntries(Object.entries(given).map(([name, inner]) => [name, value(inner, name)]));
  };
  const { coverage, ignored, ...rest } = diagnosis;
  const notes = coverage.notes.length === 0 ? [] : ['(redacted)'];
  return {
    ...(value(rest, '') as Omit<Diagnosis, 'coverage' | 'ignored'>),
    coverage: { ...coverage, notes },
    ...(ignored !== undefined && { ignored: ignored.map((entry) => redactedEntry(value(entry, '') as Ignored)) }),
  };
}

/** Patterns and reasons, too, may contain any name. */
function redactedEntry(entry: Ignored): Ignored {
  return { ...entry, why: '(redacted)', ...(entry.target !== undefined && { target: '(redacted)' }) };
}

function aliasOf(aliases: Aliases, terms: ReturnType<typeof termsOf>, found: string): string {
  const kind = terms.get(found) ?? 'name';
  if (kind === 'id') return aliases.id(found);
  return kind === 'path' && found.startsWith('/') ? `/${aliases.of('path', found)}` : aliases.of(kind, found);
}

function isAddress(text: string): boolean {
  return parseIpv4(text) !== undefined || parseIpv6(text) !== undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
