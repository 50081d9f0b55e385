import { BtfError, type KernelTypes, type Member, type NamedKind } from './kernel-types.ts';

/** Answers by question: a member's offset and size, a number, constants by name, or why there is none. */
export type TypeAnswers = Readonly<
  Record<string, readonly [offset: number, size: number] | number | string | Readonly<Record<string, number>>>
>;

/**
 * Types of a kernel of which some answers are known already. The kernel's own description, which takes some 20 ms to
 * read, is loaded for a question that is not among them. That a type does not exist is an answer too.
 */
export class KnownTypes implements KernelTypes {
  readonly #answers: Map<string, TypeAnswers[string]>;
  readonly #load: () => KernelTypes;
  #loaded: KernelTypes | undefined;

  constructor(answers: TypeAnswers, load: () => KernelTypes) {
    this.#answers = new Map(Object.entries(answers));
    this.#load = load;
  }

  /** Every answer that is known by now. */
  get answers(): TypeAnswers {
    return Object.fromEntries(this.#answers);
  }

  /** Whether there was a question that was not among the answers. */
  get isExtended(): boolean {
    return this.#loaded !== undefined;
  }

  member(structure: string, path: string): Member {
    const answer = this.#answer(`struct ${structure} ${path}`, (types) => {
      const { offset, size } = types.member(structure, path);
      return [offset, size];
    });
    if (!isMember(answer)) throw new BtfError(`struct ${structure} ${path}: a wrong kind of answer`);
    const [offset, size] = answer;
    return { offset, size };
  }

  id(kind: NamedKind, name: string): number {
    return this.#number(`${kind} ${name}`, (types) => types.id(kind, name));
  }

  parameters(kind: NamedKind, name: string): number {
    return this.#number(`parameters of ${kind} ${name}`, (types) => types.parameters(kind, name));
  }

  enumerators(name: string): Readonly<Record<string, number>> {
    const answer = this.#answer(`enum ${name}`, (types) => types.enumerators(name));
    if (typeof answer === 'number' || isMember(answer)) throw new BtfError(`enum ${name}: a wrong kind of answer`);
    return answer;
  }

  #number(question: string, ask: (types: KernelTypes) => number): number {
    const answer = this.#answer(question, ask);
    if (typeof answer !== 'number') throw new BtfError(`${question}: a wrong kind of answer`);
    return answer;
  }

  #answer(question: string, ask: (types: KernelTypes) => TypeAnswers[string]): Exclude<TypeAnswers[string], string> {
    let answer = this.#answers.get(question);
    if (answer === undefined) {
      this.#loaded ??= this.#load();
      answer = answerOrReason(this.#loaded, ask);
      this.#answers.set(question, answer);
    }
    if (typeof answer === 'string') throw new BtfError(answer);
    return answer;
  }
}

function isMember(answer: Exclude<TypeAnswers[string], string>): answer is readonly [offset: number, size: number] {
  return Array.isArray(answer);
}

function answerOrReason(types: KernelTypes, ask: (types: KernelTypes) => TypeAnswers[string]): TypeAnswers[string] {
  try {
    return ask(types);
  } catch (error) {
    if (error instanceof BtfError) return error.message;
    throw error;
  }
}
