import type { Machine } from '../../collect/machine.ts';
import { type HeldPass, heldPass } from '../../collect/owners/owner-pass.ts';
import type { HolderTable, OwnerSource } from '../../collect/owners/owner-source.ts';
import { HeldSockets } from './held-sockets.ts';
import { meanAskMs, meanDumpMs, type ReadCosts } from './read-costs.ts';

/** Fewest namespaces that would be dumped for which a pass over the descriptors of the host is made instead. */
export const FEWEST_FOR_A_PASS = 4;
/** CPU time of a pass that is repeated whatever dumps cost, milliseconds. */
const CHEAP_MS = 30;

/** The passes over the descriptors of the host that replace dumps of many namespaces: what they cost, and what dumps do. */
export class HostPass {
  readonly #pass: Pick<HeldPass, 'read'> | undefined;
  readonly #owners: Pick<OwnerSource, 'take'>;
  /** CPU time of the last pass with the work on what it found, milliseconds; 0 before the first. Asking is not in it. */
  costMs = 0;

  /** @param pass undefined where none can be made @param owners takes over who holds the sockets */
  constructor(pass: Pick<HeldPass, 'read'> | undefined, owners: Pick<OwnerSource, 'take'>) {
    this.#pass = pass;
    this.#owners = owners;
  }

  /** Those of this machine. Only one form of the program says of listeners whether they have half-open connections. */
  static of(machine: Machine, owners: OwnerSource): HostPass {
    const pass = heldPass(machine);
    return new HostPass(typeof pass === 'object' && pass.form === 'typed' ? pass : undefined, owners);
  }

  /**
   * Whether a pass is cheaper than dumps.
   *
   * @param costs of the namespaces that would be dumped otherwise
   * @param asks whether their sockets are asked for afterwards, one by one
   */
  isCheaper(costs: readonly ReadCosts[], asks: boolean): boolean {
    if (this.#pass === undefined || costs.length < FEWEST_FOR_A_PASS) return false;
    const dumpMs = meanDumpMs(costs);
    return dumpMs === undefined || this.#costOf(costs, asks) <= dumpMs * costs.length;
  }

  /** Whether one dump has to tell whether an expensive pass is worth repeating; as {@link isCheaper}. */
  needsComparison(costs: readonly ReadCosts[], asks: boolean): boolean {
    return meanDumpMs(costs) === undefined && this.#costOf(costs, asks) > CHEAP_MS;
  }

  /** Makes a pass. @throws {BpfError} */
  read(): HeldSockets {
    const takenAtMs = Date.now();
    const table = this.#pass?.read();
    if (table === undefined) throw new Error('no pass can be made');
    // Its records have the fields of every pass.
    this.#owners.take?.(table as unknown as HolderTable, takenAtMs);
    return new HeldSockets(table, takenAtMs);
  }

  #costOf(costs: readonly ReadCosts[], asks: boolean): number {
    return this.costMs + (asks ? meanAskMs(costs) * costs.length : 0);
  }
}
