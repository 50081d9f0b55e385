/** A limit as text; null and Infinity are unlimited. */
export function limitWord(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'unlimited' : String(value);
}

/** `64:128`. */
export function limitPair({ soft, hard }: { soft: number | null; hard: number | null }): string {
  return `${limitWord(soft)}:${limitWord(hard)}`;
}
