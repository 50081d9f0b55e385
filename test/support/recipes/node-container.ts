import path from 'node:path';
import type { RunOptions } from '../engine.ts';
import { nodeProgram } from '../netns.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/**
 * Mounts with which a container can run a TypeScript file of these tests as its own process: this checkout and the
 * machine's libraries, read-only.
 *
 * @param argument handed over as one word
 * @param input a line for its stdin, which stays open after it; none unless given
 */
export function nodeContainer(script: string, argument: unknown, input?: string): RunOptions {
  const node = `${nodeProgram()} --disable-warning=ExperimentalWarning ${script} '${JSON.stringify(argument)}'`;
  return {
    script: input === undefined ? `exec ${node}` : `(echo ${input}; exec /bin/busybox sleep 1000000) | ${node}`,
    hostConfig: { Binds: [ROOT, '/usr', '/lib', '/lib64'].map((folder) => `${folder}:${folder}:ro`) },
  };
}
