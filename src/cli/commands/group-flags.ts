import { Failure } from '../../model/failure.ts';
import { GROUP_KEYS, type GroupKey } from '../../model/group.ts';

/**
 * The keys of `--by`, each once.
 *
 * @throws {Failure} `usage`
 */
export function parseKeys(text: string): readonly GroupKey[] {
  const keys = text.split(',').filter((key) => key !== '');
  for (const key of keys) {
    if (!GROUP_KEYS.some((known) => known === key)) {
      throw new Failure('usage', `unknown key "${key}"; known are ${GROUP_KEYS.join(', ')}`);
    }
  }
  if (keys.length === 0) throw new Failure('usage', `a key is missing; known are ${GROUP_KEYS.join(', ')}`);
  return [...new Set(keys)] as GroupKey[];
}
