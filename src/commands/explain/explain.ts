import fs from 'node:fs';
import { cutToWidth } from '../../base/display-width.ts';
import { RULE_GROUPS, RULES } from '../../doctor/catalogue.ts';
import { unknownRule } from '../../doctor/chosen-rules.ts';
import { Failure } from '../../model/failure.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import { markdownText } from '../../render/markdown/markdown-text.ts';
import { styled } from '../../render/terminal/paint.ts';
import type { CommandContext, Format } from '../context.ts';

/**
 * `socklens explain RULE`: the page of a rule, drawn for a terminal, as it is for a pipe; without a rule the list of all.
 *
 * @param pages folder of the pages, `docs/rules` of the package
 * @throws {Failure} `usage` for a name that no rule has
 */
export function explain(context: CommandContext, pages: string, name: string | undefined, format: Format): void {
  const wanted = name?.toUpperCase();
  if (name !== undefined && !RULES.some((rule) => rule.name === wanted)) throw new Failure('usage', unknownRule(name));
  if (format !== 'text') writeJson(context, pages, wanted, format);
  else if (wanted === undefined) listRules(context);
  else writePage(context, fs.readFileSync(`${pages}/${wanted}.md`, 'utf8'));
}

function writePage({ out }: CommandContext, page: string): void {
  if (out.columns === undefined) out.write(page);
  else out.write(`${markdownText(page, { width: out.columns, colour: out.colour === true }).join('\n')}\n`);
}

/** A heading for each group, and a line for each of its rules. */
function listRules({ out }: CommandContext): void {
  const nameWidth = Math.max(...RULES.map((rule) => rule.name.length));
  const fits = (line: string) => (out.columns === undefined ? line : cutToWidth(line, out.columns));
  const blocks = RULE_GROUPS.map(({ title, rules }) => {
    const heading = styled(title, 'bold', out.colour === true);
    const lines = rules.map((rule) => fits(`  ${rule.name.padEnd(nameWidth)}  ${rule.title}`));
    return `${[heading, ...lines].join('\n')}\n`;
  });
  out.write(blocks.join('\n'));
}

function writeJson({ out }: CommandContext, pages: string, only: string | undefined, format: Format): void {
  const rules = RULE_GROUPS.flatMap(({ name: group, rules }) =>
    rules
      .filter(({ name }) => only === undefined || name === only)
      .map(({ name, title, settings }) => ({
        name,
        group,
        title,
        settings,
        ...(only !== undefined && { page: fs.readFileSync(`${pages}/${name}.md`, 'utf8') }),
      })),
  );
  if (format === 'ndjson')
    out.write(rules.map((rule) => `${JSON.stringify({ schema: SCHEMA_VERSION, ...rule })}\n`).join(''));
  else out.write(`${JSON.stringify({ schema: SCHEMA_VERSION, rules })}\n`);
}
