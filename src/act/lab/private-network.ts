import fs from 'node:fs';
import { readLinks } from '../../kernel/links.ts';
import { createNetns } from '../../kernel/namespace.ts';
import { openRouteSocket } from '../../kernel/route-socket.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { linkUpRequest, pointToPointRequest, vethRequest } from '../../netlink/link-request.ts';

/** Of lo, in every namespace: the first interface that the kernel makes. */
const LOOPBACK_INDEX = 1;

/** A network namespace that somebody lives in. */
export interface LabNetns {
  /** An open descriptor of the namespace. */
  netnsFd: number;
  /** Its only address beside loopback, four bytes. */
  address: Uint8Array;
}

/**
 * Network namespaces joined by lines of their own. Each lasts until it is closed here and its last
 * process has ended; nothing of them has a name, so that nothing can be left over.
 */
export class PrivateNetwork {
  readonly #calls: SystemCalls;
  readonly #made: LabNetns[] = [];

  constructor(calls: SystemCalls) {
    this.#calls = calls;
  }

  /**
   * Makes a namespace with loopback up.
   *
   * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN
   */
  add(address: Uint8Array): LabNetns {
    const labNetns = { netnsFd: createNetns(this.#calls), address };
    this.#made.push(labNetns);
    this.#command(labNetns, 'lo up', linkUpRequest(LOOPBACK_INDEX));
    return labNetns;
  }

  /**
   * Joins two by a veth pair with one address at each end. No bridge and no routes are needed, and a
   * packet has one step to go.
   *
   * @param names of the two interfaces: what each side calls the line
   * @throws {DiagError} ENOTSUP where the kernel has no veth
   */
  join(left: LabNetns, right: LabNetns, names: { left: string; right: string }): void {
    this.#command(left, 'a veth pair', vethRequest(names.left, names.right, right.netnsFd));
    for (const [here, there, name] of [
      [left, right, names.left],
      [right, left, names.right],
    ] as const) {
      const index = readLinks(this.#calls, here.netnsFd).find((link) => link.name === name)?.index;
      if (index === undefined) throw new Error(`${name}: made and not there`);
      this.#command(here, 'an address', pointToPointRequest(index, here.address, there.address));
      this.#command(here, 'a link up', linkUpRequest(index));
    }
  }

  /** Lets go of them: each is gone when its last process has ended. */
  close(): void {
    for (const { netnsFd } of this.#made.splice(0)) fs.closeSync(netnsFd);
  }

  #command({ netnsFd }: LabNetns, what: string, request: Uint8Array): void {
    const socket = openRouteSocket(this.#calls, netnsFd);
    try {
      socket.command(what, request);
    } finally {
      socket.close();
    }
  }
}
