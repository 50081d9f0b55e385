import type { Rule } from './rule.ts';
import { closeWaitLeak } from './rules/close-wait-leak.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [closeWaitLeak];
