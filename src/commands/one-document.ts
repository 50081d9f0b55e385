import { SCHEMA_VERSION } from '../render/json.ts';
import type { CommandContext } from './context.ts';

/**
 * Runs a command that prints NDJSON so that it prints one document, `{"schema": 1, "lines": […]}`. Lines are written as
 * they come; the document ends with the command.
 *
 * @param run gets the context whose output is the document
 */
export async function oneDocument(
  context: CommandContext,
  run: (context: CommandContext) => Promise<void>,
): Promise<void> {
  let isBegun = false;
  const write = (text: string | Uint8Array) => {
    const lines = (typeof text === 'string' ? text : Buffer.from(text).toString()).split('\n');
    for (const line of lines) {
      if (line === '') continue;
      context.out.write(`${isBegun ? ',' : `{"schema":${SCHEMA_VERSION},"lines":[`}\n${line}`);
      isBegun = true;
    }
  };
  try {
    await run({ ...context, out: { ...context.out, write } });
    if (!isBegun) context.out.write(`{"schema":${SCHEMA_VERSION},"lines":[`);
    isBegun = true;
  } finally {
    if (isBegun) context.out.write('\n]}\n');
  }
}
