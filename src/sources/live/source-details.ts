import { createHash } from 'node:crypto';
import type { Machine } from '../../collect/machine.ts';
import { containerParent, type Related, relatedProcesses } from '../../collect/owners/related-processes.ts';
import type { DeclaredSettings } from '../../model/container/container.ts';
import { finiteLimit } from '../../model/container/limits.ts';
import { type Runtime, RuntimeError } from '../../runtimes/runtime.ts';
import type { SourceDetails } from '../sample-source.ts';

/**
 * Asks the runtimes what was declared for containers, each container once, and finds the programs that start them. A
 * container that no runtime knew, because none answered, is asked for again.
 */
export class DetailsReader {
  readonly #machine: Machine;
  #declared: ReadonlyMap<string, DeclaredSettings> = new Map();
  /** By container id. */
  #parents: ReadonlyMap<string, Related | undefined> = new Map();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The details of these containers. */
  async read(containers: readonly { id: string; pid: number }[]): Promise<SourceDetails> {
    const declared = new Map<string, DeclaredSettings>();
    const silent = new Set<Runtime>();
    for (const { id } of containers) {
      const settings = this.#declared.get(id) ?? (await askDeclared(this.#machine, id, silent));
      if (settings !== undefined) declared.set(id, settings);
    }
    const parents = new Map<string, Related | undefined>();
    for (const { id, pid } of containers) parents.set(id, this.#parents.get(id) ?? containerParent(this.#machine, pid));
    this.#declared = declared;
    this.#parents = parents;
    const related = [...relatedProcesses(this.#machine, 0), ...[...parents.values()].flatMap((parent) => parent ?? [])];
    const programs = new Map<number, SourceDetails['runtimeProcesses'][number]>();
    for (const { pid, name, nofile } of related)
      programs.set(pid, { pid, name, softLimit: finiteLimit(nofile.soft), hardLimit: finiteLimit(nofile.hard) });
    return { declared, runtimeProcesses: [...programs.values()] };
  }
}

/**
 * @param silent runtimes that did not answer, and are not asked again
 * @returns undefined where no runtime that answers knows it
 */
async function askDeclared(machine: Machine, id: string, silent: Set<Runtime>): Promise<DeclaredSettings | undefined> {
  for (const runtime of machine.findRuntimes()) {
    if (silent.has(runtime)) continue;
    try {
      const found = (await runtime.find(id)).find((container) => container.id === id);
      if (found === undefined) continue;
      const { limits, image, command, ociRuntime, pidsLimit, sysctls, published } = found;
      return {
        limits,
        sysctls,
        published,
        ...(image !== undefined && { image }),
        ...(command.length > 0 && { commandDigest: digestOf(command) }),
        ...(ociRuntime !== undefined && { ociRuntime }),
        ...(pidsLimit !== undefined && { pidsLimit }),
      };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      silent.add(runtime);
    }
  }
  return undefined;
}

function digestOf(command: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 8);
}
