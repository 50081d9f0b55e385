import fs from 'node:fs';
import { RULES } from '../../doctor/catalogue.ts';
import { unknownRule } from '../../doctor/chosen-rules.ts';
import { Failure } from '../../model/failure.ts';
import type { CommandContext } from '../context.ts';

/**
 * `socklens explain RULE`: the page of a rule, or without one a line for each rule.
 *
 * @param pages folder of the pages, `docs/rules` of the package
 */
export function explain({ out }: CommandContext, pages: string, name: string | undefined): void {
  if (name === undefined) {
    const width = Math.max(...RULES.map((rule) => rule.name.length));
    out.write(RULES.map((rule) => `${rule.name.padEnd(width)}  ${rule.title}\n`).join(''));
    return;
  }
  const wanted = name.toUpperCase();
  if (!RULES.some((rule) => rule.name === wanted)) throw new Failure('usage', unknownRule(name));
  out.write(fs.readFileSync(`${pages}/${wanted}.md`));
}
