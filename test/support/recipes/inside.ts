import { spawn } from 'node:child_process';
import type { RunningContainer } from '../engine.ts';
import { nodeProgram, type TestNetns } from '../netns.ts';

/**
 * Starts TypeScript files in the network namespace of a container, whose image has no Node. They are not in the
 * container's cgroup.
 */
export function inside({ pid }: Pick<RunningContainer, 'pid'>): Pick<TestNetns, 'spawnNode'> {
  return {
    spawnNode: (script, args = [], options = {}) =>
      spawn(
        'nsenter',
        [`--net=/proc/${pid}/ns/net`, '--', nodeProgram(), '--disable-warning=ExperimentalWarning', script, ...args],
        options,
      ),
  };
}
