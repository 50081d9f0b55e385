/** What the completion of a shell proposes for operands and for values of options. */
import type { CliContext, CompletionRequest } from './context.ts';

/** A value that is proposed. */
export interface Proposal {
  value: string;
  /** For shells that show one beside the value. */
  description?: string;
}

/** What is asked of a {@link Propose}. */
export interface ProposalRequest {
  /** The word at the cursor, unquoted, up to the cursor. */
  partial: string;
  /** Operands before it. */
  before: readonly string[];
  context: CliContext;
}

/** Proposes values; those that do not begin with `partial` are left out by the caller. `files` leaves it to the shell. */
export type Propose = (
  request: ProposalRequest,
) => Promise<readonly (Proposal | string)[] | 'files'> | readonly (Proposal | string)[] | 'files';

/** Files, by the shell itself. */
export const proposeFiles: Propose = () => 'files';

/** Words that are known. */
export function proposeWords(words: readonly string[]): Propose {
  return () => words;
}

/** Words of a list with commas. */
export function proposeList(words: readonly string[]): Propose {
  return ({ partial }) => continuing(partial, words);
}

/** Names of rules, one or several with commas. */
export const proposeRules: Propose = async ({ partial }) => {
  const { RULES } = await import('../doctor/catalogue.ts');
  const begun = partial.slice(partial.lastIndexOf(',') + 1);
  // The commands take them in any case.
  const spell = /[a-z]/.test(begun) && !/[A-Z]/.test(begun) ? (name: string) => name.toLowerCase() : String;
  return continuing(
    partial,
    RULES.map(({ name, title }) => ({ value: spell(name), description: title })),
  );
};

/** Targets, one or several with commas. */
export const proposeTargets: Propose = async ({ partial, before, context }) => {
  const { knownTargets } = await import('../collect/target/known-targets.ts');
  const { isTargetWord } = await import('./operands.ts');
  const given = [...before, ...partial.split(',').slice(0, -1)];
  const targets = await knownTargets(context.flow.machine, isTargetWord);
  return continuing(
    partial,
    targets.filter(({ value }) => !given.includes(value)),
  );
};

/** A filter as one word: `--filter 'dst db'`. */
export const proposeFilter: Propose = (request) => filterWords(request, '');

/** Targets, then the words of a filter. */
export const proposeTargetsAndFilter: Propose = async (request) => {
  const { splitOperands, isTargetWord } = await import('./operands.ts');
  const { partial, before } = request;
  const { filter } = splitOperands(before);
  if (filter !== '' || /\s/.test(partial)) return filterWords(request, filter);
  const targets = await proposeTargets(request);
  // The first operand is a target.
  if (before.length === 0 || (partial !== '' && partial.includes(','))) return targets;
  const words = await filterWords(request, '');
  return targets === 'files' ? words : [...words, ...targets.filter((one) => isTargetWord(asProposal(one).value))];
};

/** @param typed the part of the filter before this word */
async function filterWords({ partial, context }: ProposalRequest, typed: string): Promise<Proposal[]> {
  const { proposeFilterWords } = await import('../filter/propose.ts');
  const [begun = ''] = /[^\s()=!<>&|"',]*$/.exec(partial) ?? [];
  const head = partial.slice(0, partial.length - begun.length);
  const { words, names } = proposeFilterWords(`${typed} ${head}`, begun);
  const found: Proposal[] = words.map((value) => ({ value }));
  if (names) {
    const { containerNames } = await import('../collect/target/known-targets.ts');
    found.push(...(await containerNames(context.flow.machine)).filter(({ value }) => !/[\s()=!<>&|"',]/.test(value)));
  }
  return found.map((one) => ({ ...one, value: head + one.value }));
}

/** Proposals for the last part of a list with commas. */
function continuing(partial: string, words: readonly (Proposal | string)[]): Proposal[] {
  const head = partial.slice(0, partial.lastIndexOf(',') + 1);
  const given = new Set(head.split(','));
  return words.map(asProposal).flatMap((one) => (given.has(one.value) ? [] : [{ ...one, value: head + one.value }]));
}

function asProposal(one: Proposal | string): Proposal {
  return typeof one === 'string' ? { value: one } : one;
}

/**
 * A proposer as the argument parser calls it: it returns values; descriptions, and that files are wanted, go into the
 * request of the context.
 *
 * @param operandsOf the operands among the words before the cursor
 */
export function stricliProposer(
  propose: Propose,
  operandsOf: (words: readonly string[]) => string[] = () => [],
): (this: CliContext, partial: string) => Promise<string[]> {
  return async function (partial) {
    const request: CompletionRequest = this.completion ?? { before: [], descriptions: new Map(), wantsFiles: false };
    const answer = await propose({ partial, before: operandsOf(request.before), context: this });
    if (answer === 'files') {
      request.wantsFiles = true;
      return [];
    }
    const proposals = answer.map(asProposal);
    for (const { value, description } of proposals) {
      if (description !== undefined) request.descriptions.set(value, description);
    }
    return proposals.map(({ value }) => value);
  };
}

/** The operands among words, without options and their values. @param withValue options that take a value, as typed */
export function operandsBefore(words: readonly string[], withValue: ReadonlySet<string>): string[] {
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return [...operands, ...words.slice(index + 1)];
    if (!word.startsWith('-') || word === '-') operands.push(word);
    else if (withValue.has(word)) index++;
  }
  return operands;
}
