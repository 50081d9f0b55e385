import { nearest } from '../../filter/mistake.ts';
import { parseWantedLimit, type WantedLimit } from '../../model/container/limit-setting.ts';
import { LIMITS } from '../../model/container/limits.ts';
import { Failure } from '../../model/failure.ts';

/**
 * Reads `nofile=SOFT[:HARD]`.
 *
 * @param highest what the kernel allows at most, fs.nr_open
 * @throws {Failure} `usage` for any other limit, with the word that was probably meant, and for numbers that make no sense
 */
export function readSetting(text: string, highest: number): WantedLimit {
  const equals = text.indexOf('=');
  const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  if (name !== 'nofile') throw new Failure('usage', notNofile(name));
  if (equals < 0) throw new Failure('usage', `--set: ${text} to what? nofile=SOFT or nofile=SOFT:HARD`);
  const wanted = parseWantedLimit(text.slice(equals + 1));
  const most = wanted.hard ?? wanted.soft;
  if (most > highest) {
    throw new Failure(
      'usage',
      `--set: ${most} is above the ${highest} that this kernel allows at most (sysctl fs.nr_open)`,
    );
  }
  return wanted;
}

function notNofile(name: string): string {
  const known = LIMITS.find((limit) => limit.name === name);
  if (known !== undefined)
    return `--set: only nofile can be set; ${name} (${known.title}) is declared where the container is made`;
  const meant = nearest(name, ['nofile']);
  return `--set: "${name}" cannot be set, only nofile can${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
