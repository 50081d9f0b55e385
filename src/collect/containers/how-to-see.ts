import { inFirstPidNamespace } from '../../procfs/own-privileges.ts';
import type { Machine } from '../machine.ts';

/** What shows the processes of a running container, as the end of a sentence; empty where nothing is known to. */
export function howToSee(machine: Pick<Machine, 'proc'>, runtime: string): string {
  if (runtime === 'ecs') return ': set `"pidMode": "task"` in the task definition';
  const why = whyProcessesAreHidden(machine);
  return why === undefined ? '' : `: ${why}`;
}

/** Why the processes of other containers cannot be seen, and what helps; undefined where they can. */
export function whyProcessesAreHidden({ proc }: Pick<Machine, 'proc'>): string | undefined {
  if (inFirstPidNamespace(proc)) return undefined;
  return 'socklens runs in a PID namespace of its own; in a container, start it with --pid=host (docs/troubleshooting.md)';
}
