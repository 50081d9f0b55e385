import type { CommandDocs } from '../commands/command.ts';
import type { VerbDescription } from '../mcp/tool-descriptions.ts';
import { isVerb, VERBS } from './verbs.ts';

/** What help says of a command. */
export function describeVerb(name: string): VerbDescription {
  if (!isVerb(name)) throw new Error(`no command ${name}`);
  const { brief, details, options = {} }: CommandDocs = VERBS[name].docs;
  const lines = Object.entries(options).map(([option, { docs }]): [string, string] => [option, docs.brief]);
  return { brief, ...(details !== undefined && { details }), options: Object.fromEntries(lines) };
}
