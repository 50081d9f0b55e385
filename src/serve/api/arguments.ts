import { parseMilliseconds } from '../../base/duration.ts';
import { nearest } from '../../base/nearest.ts';
import { Failure } from '../../model/failure.ts';
import { type ApiVerb, LONGEST_MS } from './verbs.ts';

/** More parameters, and longer ones, are no honest question. */
const MOST_PARAMETERS = 64;
const LONGEST = 4096;

/**
 * The arguments of a command from the parameters of a request: `?target=web-1&by=state` is `web-1 --by=state`. An option
 * without a value is `1`, `true` or empty, and `0` or `false` where it is not given; one that may be repeated is
 * repeated.
 *
 * @throws {Failure} `usage` for an unknown parameter, and for a value that cannot be an argument
 */
export function argumentsOf(name: string, verb: ApiVerb, query: URLSearchParams): string[] {
  if (query.size > MOST_PARAMETERS) throw new Failure('usage', `more than ${MOST_PARAMETERS} parameters`);
  const options: string[] = [];
  const words: string[] = [];
  for (const [key, value] of query) {
    if (value.length > LONGEST) throw new Failure('usage', `${key}: longer than ${LONGEST} characters`);
    const known = verb.operands.find((operand) => operand === key);
    const isFilterOption = key === 'filter' && verb.values.includes('filter');
    if (known !== undefined && known !== 'filter') words.push(...wordsOf(key, value));
    else if (known === 'filter' && !isFilterOption) continue;
    else options.push(...optionOf(name, verb, key, value));
  }
  if (verb.needsTarget && words.length === 0) throw new Failure('usage', `${name}: the parameter target is missing`);
  if (verb.needsFor || query.has('for')) checkFor(name, query.get('for'));
  const filter = verb.operands.includes('filter') ? (query.get('filter')?.trim() ?? '') : '';
  return [name, ...options, '--json', ...words, ...(filter === '' ? [] : [asFilter(filter)])];
}

function wordsOf(key: string, value: string): string[] {
  const words = value.split(',').map((word) => word.trim());
  for (const word of words) {
    // The command line would read these as an option, or as the beginning of a FILTER.
    if (word === '' || word.startsWith('-') || /\s/.test(word))
      throw new Failure(
        'usage',
        `${key}: "${value}" is none; give the parameter once for each, or separate with commas`,
      );
  }
  return words;
}

function optionOf(name: string, verb: ApiVerb, key: string, value: string): string[] {
  const options = [...verb.flags, ...verb.values];
  const option = options.find((known) => known === key || kebab(known) === key);
  if (option === undefined) {
    const parameters = [...verb.operands, ...options.map(kebab)];
    const meant = nearest(key, parameters);
    const hint = meant === undefined ? `available: ${[...new Set(parameters)].join(', ')}` : `did you mean ${meant}?`;
    throw new Failure('usage', `${name}: unknown parameter "${key}"; ${hint}`);
  }
  if (!verb.flags.includes(option)) return [`--${kebab(option)}=${value}`];
  if (value === '' || value === '1' || value === 'true') return [`--${kebab(option)}`];
  if (value === '0' || value === 'false') return [];
  throw new Failure('usage', `${kebab(option)}: "${value}" is neither 1 nor 0`);
}

function checkFor(name: string, value: string | null): void {
  const ms = parseMilliseconds(value ?? '');
  if (value === null) throw new Failure('usage', `${name}: say how long with the parameter for: for=10s`);
  if (ms !== undefined && ms > LONGEST_MS)
    throw new Failure('usage', `for: "${value}" is too long for a request; at most ${LONGEST_MS / 1000}s`);
}

/** A FILTER of one word could be a TARGET. */
function asFilter(filter: string): string {
  return /\s/.test(filter) ? filter : `(${filter})`;
}

/** `noStack` as `no-stack`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
