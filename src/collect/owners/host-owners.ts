import type { Machine } from '../machine.ts';
import { openOwners, openOwnersOnce } from './open-owners.ts';
import type { OwnerSource } from './owner-source.ts';

/** Who holds which socket at one moment. */
export type Owners = Pick<OwnerSource, 'holdersOf' | 'processesOf' | 'denied' | 'size' | 'origin'>;

/**
 * Every process of the host that holds a socket, for a verb that answers once: the host is read when owners are first
 * asked for, and again only for a socket that nobody held then, because it was opened later.
 */
export class HostOwners {
  readonly #machine: Machine;
  #source: OwnerSource | undefined;

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
      origin: source.origin,
      denied: isAllHeld(source, wanted) ? [] : source.denied,
    };
  }

  #read(wanted: ReadonlySet<number>): OwnerSource {
    const source = this.#readBy(this.#source ?? openOwnersOnce(this.#machine), wanted);
    // Processes that /proc does not show (with more capabilities, of another user) may hold them: a pass sees all.
    if (!isAllHeld(source, wanted) && source.denied.length > 0) this.#readBy(openOwners(this.#machine), wanted);
    return this.#source ?? source;
  }

  #readBy(source: OwnerSource, wanted: ReadonlySet<number>): OwnerSource {
    source.round({ atMs: Date.now(), sockets: wanted, likely: [], foreground: true });
    this.#source = source;
    return source;
  }
}

function isAllHeld(source: OwnerSource, wanted: ReadonlySet<number>): boolean {
  for (const inode of wanted) if (source.processesOf(inode).length === 0) return false;
  return true;
}
