import type { StackFacts } from '../model/stack/stack-facts.ts';
import { STACKS } from './catalogue.ts';
import type { ProcessView } from './process-view.ts';

/** What the program of a process is; without a stack for one that none recognises. */
export function readStack(process: ProcessView): StackFacts {
  const { pid, startTicks, executable } = process;
  const common = {
    pid,
    startTicks,
    ...(executable !== undefined && { path: executable.path }),
    libraries: [],
    settings: [],
    absent: [],
  };
  for (const { name, read } of STACKS) {
    const reading = read(process);
    if (reading !== undefined) return { ...common, stack: name, ...reading };
  }
  return common;
}
