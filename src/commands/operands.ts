/** Operands of commands: which arguments are TARGETs and where the FILTER begins. */

import { KEYWORDS } from '../filter/keywords.ts';
import { isConnective } from '../filter/token-cursor.ts';
import { Failure } from '../model/failure.ts';

/** Operands as typed. */
export interface SplitOperands {
  /** The TARGETs, separated by commas; empty for none. */
  target: string;
  /** Empty for all sockets. */
  filter: string;
}

/**
 * Splits operands into TARGETs and FILTER: arguments are TARGETs until the first filter keyword, operator, or argument
 * that contains a blank. A blank beside a comma does not count: `"web, db"` is two TARGETs.
 */
export function splitOperands(words: readonly string[]): SplitOperands {
  const at = words.findIndex(startsFilter);
  const targets = at < 0 ? words : words.slice(0, at);
  return {
    target: targets
      .flatMap((word) => word.split(',').map((part) => part.trim()))
      .filter((part) => part !== '')
      .join(','),
    filter: at < 0 ? '' : words.slice(at).join(' '),
  };
}

/** Whether a name can be written as a TARGET: one word, without commas, that begins no FILTER. */
export function isTargetWord(name: string): boolean {
  return name !== '' && !/[,\s]/.test(name) && !name.startsWith('-') && !startsFilter(name);
}

/** Whether an argument begins a FILTER. */
function startsFilter(word: string): boolean {
  if (/\s/.test(word.replace(/\s*,\s*/g, ',').trim())) return true;
  // `dport=80` is a keyword with its operator; a name contains neither operators nor quotes.
  const [head = ''] = /^[^\s()=!<>&|"']*/.exec(word.trim()) ?? [];
  return (head === '' && word !== '') || KEYWORDS.includes(head.toLowerCase()) || isConnective(head);
}

/**
 * As {@link splitOperands}, for a command that needs a TARGET.
 *
 * @throws {Failure} `usage` without one
 */
export function targetAndFilter(verb: string, words: readonly string[]): SplitOperands {
  const operands = splitOperands(words);
  if (operands.target === '') throw missingTarget(verb, operands.filter);
  return operands;
}

/**
 * The TARGETs of a command without FILTER, separated by commas.
 *
 * @param otherwise the TARGET without any; undefined where one is needed
 * @throws {Failure} `usage` for a FILTER, and for a TARGET that is missing
 */
export function targetsOnly(verb: string, words: readonly string[], otherwise?: string): string {
  const { target, filter } = splitOperands(words);
  if (filter !== '')
    throw new Failure(
      'usage',
      `${verb} takes no FILTER: "${filter}"${namedLikeWord(filter)} (see socklens ${verb} --help)`,
    );
  if (target !== '') return target;
  if (otherwise === undefined) throw missingTarget(verb, '');
  return otherwise;
}

function missingTarget(verb: string, filter: string): Failure {
  return new Failure('usage', `${verb} needs a TARGET${namedLikeWord(filter)} (see socklens ${verb} --help)`);
}

/** How a container is written that is named like the first word of a filter, as the end of an error; empty for no name. */
export function namedLikeWord(filter: string): string {
  const [first = ''] = filter.split(' ');
  return /^[A-Za-z]+$/.test(first)
    ? `; "${first}" begins a FILTER, a container of that name is docker:${first} (podman:, containerd:, cri-o:)`
    : '';
}
