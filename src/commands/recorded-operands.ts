import { safeText } from '../base/safe-text.ts';
import { parseFilter } from '../filter/parse.ts';
import { Failure } from '../model/failure.ts';
import { isTargetOf, targetsIn } from '../sources/recorded/recorded-targets.ts';
import { contentsOf } from '../sources/recorded/recording-contents.ts';
import type { Recorded } from './recorded-part.ts';

/** What a verb's words mean. */
export interface RecordedWords {
  /** Undefined for all that was recorded. */
  target: string | undefined;
  filter: string;
}

/**
 * Takes the words of a verb apart: the first may be a target of the recording, or the filter's.
 *
 * @throws {Failure} `usage` when the recording cannot be read, `no-target` for a first word that is neither
 */
export async function recordedWords({ file }: Recorded, words: readonly string[]): Promise<RecordedWords> {
  const [first, ...rest] = words;
  if (first === undefined) return { target: undefined, filter: '' };
  const { namespaces } = await contentsOf(file);
  const wanted = targetsIn(first);
  const missing = wanted.filter((target) => !namespaces.some((namespace) => isTargetOf(namespace, target)));
  if (wanted.length > 0 && missing.length === 0) return { target: first, filter: rest.join(' ') };
  if (missing.length === wanted.length && (isFilter(words) || !isFilter(rest)))
    return { target: undefined, filter: words.join(' ') };
  const names = [...new Set(namespaces.map(({ name }) => name))];
  const known = `${names.slice(0, SHOWN).map(safeText).join(', ')}${names.length > SHOWN ? ', …' : ''}`;
  throw new Failure('no-target', `${missing.join(',')}: not in ${file}, which has ${known || 'no target at all'}`);
}

/** So many names are told of what is there. */
const SHOWN = 10;

function isFilter(words: readonly string[]): boolean {
  try {
    parseFilter(words.join(' '), 'and-first');
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
