import { nearest } from '../base/nearest.ts';
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
    if (!RULES.some((rule) => rule.name === name)) throw new Failure('usage', unknownRule(name));
  }
  return RULES.filter(({ name }) => (rules.length === 0 || rules.includes(name)) && !skip.includes(name));
}

/** The error for a name that no rule has, with those that it may mean: near ones, or ones that contain it. */
export function unknownRule(name: string): string {
  const wanted = name.toUpperCase();
  const names = RULES.map((rule) => rule.name);
  const near = nearest(wanted, names);
  const related = near === undefined ? names.filter((known) => wanted !== '' && known.includes(wanted)) : [near];
  const hint = related.length > 0 ? `did you mean ${related.join(' or ')}?` : '`socklens explain` lists them';
  return `no rule "${name}"; ${hint}`;
}
