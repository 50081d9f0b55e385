import { BtfError, type KernelTypes, type Member, type NamedKind } from './kernel-types.ts';

/** Answers by question: a member's offset and size, a type's id, or why there is none. */
export type TypeAnswers = Readonly<Record<string, readonly [offset: number, size: number] | number | string>>;

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
    if (typeof answer !== 'object') throw new BtfError(`struct ${structure} ${path}: a wrong kind of answer`);
    const [offset, size] = answer;
    return { offset, size };
  }

  id(kind: NamedKind, name: string): number {
    const answer = this.#answer(`${kind} ${name}`, (types) => types.id(kind, name));
    if (typeof answer !== 'number') throw new BtfError(`${kind} ${name}: a wrong kind of answer`);
    return answer;
  }

  #answer(question: string, ask: (types: KernelTypes) => TypeAnswers[string]): TypeAnswers[string] {
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

function answerOrReason(types: KernelTypes, ask: (types: KernelTypes) => TypeAnswers[string]): TypeAnswers[string] {
  try {
    return ask(types);
  } catch (error) {
    if (error instanceof BtfError) return error.message;
    throw error;
  }
}
