import type { StackFacts, StackName } from '../model/stack/stack-facts.ts';
import type { ProcessView } from './process-view.ts';

/** What a stack's file finds in a process. */
export type StackReading = Partial<
  Pick<StackFacts, 'version' | 'server' | 'libraries' | 'settings' | 'absent' | 'workers' | 'keepsAlive' | 'sessions'>
> & {
  /** Where one file recognises several: MariaDB and MySQL. */
  stack?: StackName;
};

/** How one stack is recognised, and what is read of it; its words are in `stack-words.ts`. */
export interface Stack {
  name: StackName;
  /** @returns undefined for a process of another stack */
  read(process: ProcessView): StackReading | undefined;
}
