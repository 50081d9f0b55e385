import { spawn } from 'node:child_process';
import type { RunningContainer } from '../engine.ts';
import { nodeProgram, type TestNetns } from '../netns.ts';

/**
 * Starts TypeScript files in the network namespace of a container: its image has no Node. What runs is in the
 * container's network and not in its cgroup.
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
