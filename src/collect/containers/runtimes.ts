import type { ContainerFacts } from '../../model/container/container.ts';
import { holdsOnlyNamespace } from '../../model/container/service.ts';
import { type Runtime, RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { oneForEachId } from './reported.ts';

/** A runtime's answer, or its error. */
export interface RuntimeAnswer {
  /** `docker`, `podman`. */
  runtime: string;
  /** Its address, for messages: `unix:///var/run/docker.sock`. */
  endpoint: string;
  /** Its running containers; where it could not answer, those that are known without it. */
  containers: readonly ContainerFacts[];
  /** Undefined when it answered. */
  error?: RuntimeError;
}

/** Asks all runtimes for their running containers, in parallel. */
export async function askRuntimes(machine: Machine): Promise<RuntimeAnswer[]> {
  return Promise.all(machine.findRuntimes().map(askRuntime));
}

/** Asks a runtime for its running containers. */
export async function askRuntime(runtime: Runtime): Promise<RuntimeAnswer> {
  try {
    const containers = await runtime.list();
    return { ...answerer(runtime), containers, ...(runtime.shortfall && { error: runtime.shortfall }) };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { ...answerer(runtime), containers: [], error };
  }
}

/** Whether a container is one of its own: what only holds a namespace has no sockets, and those beside it are as good as alone there. */
export function isRow(facts: ContainerFacts): boolean {
  return facts.isInfra !== true && !holdsOnlyNamespace(facts);
}

/** Which program has answered: its address may have suggested another. */
function answerer({ name, endpoint }: Runtime): Pick<RuntimeAnswer, 'runtime' | 'endpoint'> {
  return { runtime: name, endpoint };
}

/** The containers of all answers, each id once: Podman may answer at Docker's socket as well as at its own. */
export function containersOf(machine: Machine, answers: readonly RuntimeAnswer[]): ContainerFacts[] {
  return oneForEachId(
    machine,
    answers.flatMap(({ containers }) => containers),
  );
}

/** One line for each runtime that runs and could not answer. */
export function runtimeNotes(answers: readonly RuntimeAnswer[]): string[] {
  const notes: string[] = [];
  for (const { error } of answers) if (error !== undefined && error.kind !== 'absent') notes.push(error.message);
  return notes;
}
