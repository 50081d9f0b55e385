import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import manifest from '../../../package.json' with { type: 'json' };
import { serveMcp } from '../../mcp/server.ts';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { savedRecording } from '../recorded-part.ts';

/** Bytes of a mark around an answer. */
const MARK_BYTES = 8;

/** `socklens mcp`: until stdin ends. @param data the folder of `serve`, whose incidents it tells of */
export async function mcp({ flow, describe }: CliContext, data: string): Promise<void> {
  const { runVerb, input, out } = flow;
  if (runVerb === undefined || input === undefined || describe === undefined)
    throw new Failure('usage', 'mcp cannot run within another command');
  const output = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _, done) => {
      out.write(chunk);
      done();
    },
  });
  await serveMcp({
    input: input(),
    output,
    version: manifest.version,
    runVerb,
    describe,
    newMark: () => randomBytes(MARK_BYTES).toString('hex'),
    incidents: { folder: data, recordingOf: (id) => savedRecording(data, id) },
    stop: flow.stopSignal?.() ?? new AbortController().signal,
  });
}
