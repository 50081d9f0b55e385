/** Looks at real processes as the doctor does. */

import { localMachine } from '../../src/collect/local-machine.ts';
import { StackReader } from '../../src/collect/stacks/stack-reader.ts';
import type { StackFacts } from '../../src/model/stack/stack-facts.ts';

/** No reading is cut on a busy machine. */
const CAPS = { process: { ms: 10_000, bytes: 64 << 20 }, runMs: 60_000 };

/** What is known of a process. @throws where it has exited */
export function lookAt(pid: number): StackFacts {
  const [facts] = new StackReader(localMachine({}), CAPS).look([{ pid }]).stacks;
  if (facts === undefined) throw new Error(`process ${pid} was not looked at`);
  return facts;
}
