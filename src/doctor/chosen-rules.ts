import { Failure } from '../model/failure.ts';
import { RULES } from './catalogue.ts';
import type { Rule } from './rule.ts';

/** Which rules are wanted, by name. */
export interface RuleChoice {
  /** Only these; empty for all. */
  rules: readonly string[];
  /** All but these. */
  skip: readonly string[];
}

/** Rules by name. @throws {Failure} `usage` for a name that is none */
export function chosenRules({ rules, skip }: RuleChoice): readonly Rule[] {
  for (const name of [...rules, ...skip]) {
    if (!RULES.some((rule) => rule.name === name))
      throw new Failure('usage', `no rule "${name}"; known are ${RULES.map((rule) => rule.name).join(', ')}`);
  }
  return RULES.filter(({ name }) => (rules.length === 0 || rules.includes(name)) && !skip.includes(name));
}
