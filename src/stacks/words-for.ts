import { libraryOf, type StackFacts, type StackLibrary } from '../model/stack/stack-facts.ts';
import type { PeerKind, PoolWords } from './pool-words.ts';
import { STACK_WORDS, type StackWords } from './stack-words.ts';

/** The words for a pool, and the libraries that they rest on. */
export interface FoundWords {
  words: PoolWords;
  /** The library of the words, and the driver below it where that is another one. */
  libraries: readonly StackLibrary[];
}

/** The words of the stack of a program; undefined for an unknown one, and for a server. */
function wordsOfStack(facts: StackFacts | undefined): StackWords | undefined {
  return facts?.stack === undefined ? undefined : STACK_WORDS.find(({ name }) => name === facts.stack);
}

/** The words for the pool of a program to a kind of server; undefined where no library of it is known to connect there. */
export function wordsFor(facts: StackFacts | undefined, peer: PeerKind | undefined): FoundWords | undefined {
  const stack = wordsOfStack(facts);
  if (facts === undefined || stack === undefined || peer === undefined) return undefined;
  const drivers = facts.libraries.filter(({ name }) => stack.drivers?.[name] === peer);
  for (const words of stack.pools) {
    const library = words.library === undefined ? undefined : libraryOf(facts, words.library);
    if (words.library !== undefined && library === undefined) continue;
    const own = library === undefined ? [] : [library];
    if (words.to === 'drivers') {
      if (drivers.length > 0) return { words, libraries: [...own, ...drivers] };
    } else if (words.to.includes(peer)) return { words, libraries: own };
  }
  return undefined;
}

/** The words of the usual libraries, those of one stack where it is known, for a kind of server where that is known. */
export function usualWords(facts: StackFacts | undefined, peer: PeerKind | undefined): PoolWords[] {
  const known = wordsOfStack(facts);
  const of = (stacks: readonly StackWords[]) =>
    stacks
      .flatMap(({ pools }) => pools)
      .filter(({ isUsual, to }) => isUsual && (peer === undefined || to === 'drivers' || to.includes(peer)));
  const own = known === undefined ? [] : of([known]);
  return own.length > 0 ? own : of(STACK_WORDS);
}
