import type { Machine } from '../../collect/machine.ts';
import { relatedProcesses } from '../../collect/owners/related-processes.ts';
import type { DeclaredSettings } from '../../model/container/container.ts';
import { finiteLimit } from '../../model/container/limits.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { SourceDetails } from '../sample-source.ts';

/** Asks the runtimes what was declared for containers, and finds the programs that start them. */
export async function sourceDetails(
  machine: Machine,
  containers: readonly { id: string; pid: number }[],
): Promise<SourceDetails> {
  const declared = new Map<string, DeclaredSettings>();
  for (const { id } of containers) {
    const settings = await askDeclared(machine, id);
    if (settings !== undefined) declared.set(id, settings);
  }
  const programs = new Map<number, SourceDetails['runtimeProcesses'][number]>();
  for (const pid of [0, ...containers.map((container) => container.pid)]) {
    for (const { pid: related, name, nofile } of relatedProcesses(machine, pid)) {
      programs.set(related, {
        pid: related,
        name,
        softLimit: finiteLimit(nofile.soft),
        hardLimit: finiteLimit(nofile.hard),
      });
    }
  }
  return { declared, runtimeProcesses: [...programs.values()] };
}

/** @returns undefined where no runtime that answers knows it */
async function askDeclared(machine: Machine, id: string): Promise<DeclaredSettings | undefined> {
  for (const runtime of machine.runtimes) {
    try {
      const found = (await runtime.find(id)).find((container) => container.id === id);
      if (found === undefined) continue;
      const { limits, image, ociRuntime, pidsLimit, sysctls, published } = found;
      return {
        limits,
        sysctls,
        published,
        ...(image !== undefined && { image }),
        ...(ociRuntime !== undefined && { ociRuntime }),
        ...(pidsLimit !== undefined && { pidsLimit }),
      };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }
  return undefined;
}
