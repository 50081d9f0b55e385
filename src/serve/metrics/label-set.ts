import { safeText } from '../../base/safe-text.ts';

/** Characters of a label's value: paths of cgroups of Kubernetes have some 200. */
const MOST_CHARACTERS = 500;

/** A label; never one with an empty value, which to Prometheus is none. */
export type LabelPair = readonly [name: string, value: string];

/**
 * Labels of one series. A series keeps its object while it exists, so that encoders can keep what they made of it.
 * Values from outside are made safe: no control characters, bounded length.
 */
export class LabelSet {
  readonly pairs: readonly LabelPair[];
  #text: string | undefined;
  #more: Map<string, LabelSet> | undefined;

  /** @param pairs those with an empty or undefined value are left out */
  constructor(pairs: readonly (readonly [name: string, value: string | undefined])[]) {
    this.pairs = pairs.flatMap(([name, value]): LabelPair[] =>
      value === undefined || value === '' ? [] : [[name, safeText(value).slice(0, MOST_CHARACTERS)]],
    );
  }

  /** As Prometheus' text format has it: `{container="web",state="listen"}`; empty without labels. */
  get text(): string {
    this.#text ??= this.pairs.length === 0 ? '' : `{${this.inner}}`;
    return this.#text;
  }

  /** {@link text} without the braces. */
  get inner(): string {
    return this.pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',');
  }

  /** With further labels of fixed words: the same object for the same words. */
  with(name: string, value: string, secondName?: string, secondValue?: string): LabelSet {
    const key = `${name} ${value} ${secondValue ?? ''}`;
    this.#more ??= new Map();
    let more = this.#more.get(key);
    if (more === undefined) {
      more = this.and([name, value], ...(secondName === undefined ? [] : [[secondName, secondValue] as const]));
      this.#more.set(key, more);
    }
    return more;
  }

  /** With further labels: a new object. */
  and(...pairs: readonly (readonly [name: string, value: string | undefined])[]): LabelSet {
    return new LabelSet([...this.pairs, ...pairs]);
  }
}

/** No labels. */
export const NO_LABELS = new LabelSet([]);

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
