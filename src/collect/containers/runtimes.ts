import type { ContainerFacts } from '../../model/container/container.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';

/** A runtime's answer, or its error. */
export interface RuntimeAnswer {
  /** `docker`, `podman`. */
  runtime: string;
  /** Its address, for messages: `unix:///var/run/docker.sock`. */
  endpoint: string;
  /** Its running containers; empty when it could not answer. */
  containers: readonly ContainerFacts[];
  /** Undefined when it answered. */
  error?: RuntimeError;
}

/** Asks all runtimes for their running containers, in parallel. */
export async function askRuntimes(machine: Machine): Promise<RuntimeAnswer[]> {
  return Promise.all(
    machine.runtimes.map(async (runtime): Promise<RuntimeAnswer> => {
      const { name, endpoint } = runtime;
      try {
        return { runtime: name, endpoint, containers: await runtime.list() };
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        return { runtime: name, endpoint, containers: [], error };
      }
    }),
  );
}

/** The containers of all answers, each id once: Podman may answer at Docker's socket as well as at its own. */
export function containersOf(answers: readonly RuntimeAnswer[]): ContainerFacts[] {
  const byId = new Map<string, ContainerFacts>();
  for (const answer of answers) {
    for (const container of answer.containers) if (!byId.has(container.id)) byId.set(container.id, container);
  }
  return [...byId.values()];
}

/** One line for each runtime that runs and could not answer. */
export function runtimeNotes(answers: readonly RuntimeAnswer[]): string[] {
  const notes: string[] = [];
  for (const { error } of answers) if (error !== undefined && error.kind !== 'absent') notes.push(error.message);
  return notes;
}
