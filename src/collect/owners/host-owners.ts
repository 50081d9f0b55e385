import type { Machine } from '../machine.ts';
import type { OwnerSource } from './owner-source.ts';
import { ProcOwners } from './proc-owners.ts';

/** Who holds which socket at one moment. */
export type Owners = Pick<OwnerSource, 'holdersOf' | 'processesOf' | 'denied' | 'size'>;

/**
 * Every process of the host that holds a socket, for a verb that answers once: the host is read when owners are first
 * asked for, and again only for a socket that nobody held then, because it was opened later.
 */
export class HostOwners {
  readonly #machine: Machine;
  #source: ProcOwners | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * The owners of sockets that were dumped before this call.
   *
   * @param wanted inodes of sockets: `denied` is empty where each of them has a holder; by default it is empty
   */
  find(wanted: ReadonlySet<number> = new Set()): Owners {
    const known = this.#source;
    const source = known !== undefined && isAllHeld(known, wanted) ? known : this.#read(wanted);
    return {
      holdersOf: (inode) => source.holdersOf(inode),
      processesOf: (inode) => source.processesOf(inode),
      size: source.size,
      denied: isAllHeld(source, wanted) ? [] : source.denied,
    };
  }

  #read(wanted: ReadonlySet<number>): ProcOwners {
    this.#source ??= new ProcOwners(this.#machine);
    this.#source.round({ atMs: Date.now(), sockets: wanted, likely: [], foreground: true });
    return this.#source;
  }
}

function isAllHeld(source: OwnerSource, wanted: ReadonlySet<number>): boolean {
  return [...wanted].every((inode) => source.processesOf(inode).length > 0);
}
