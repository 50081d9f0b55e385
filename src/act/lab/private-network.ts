import fs from 'node:fs';
import { readLinks } from '../../kernel/links.ts';
import { createNetns } from '../../kernel/namespace.ts';
import { openRouteSocket } from '../../kernel/route-socket.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { linkUpRequest, pointToPointRequest, vethRequest } from '../../netlink/link-request.ts';

/** Index of lo in every network namespace: the kernel creates it first. */
const LOOPBACK_INDEX = 1;

/** A network namespace of the lab. */
export interface LabNetns {
  /** An open descriptor of the namespace. */
  netnsFd: number;
  /** Its only address besides loopback, four bytes. */
  address: Uint8Array;
}

/**
 * Network namespaces connected by veth pairs. A namespace lasts until {@link close} and until its last process has
 * exited; namespaces and interfaces have no name outside, so that nothing can be left behind.
 */
export class PrivateNetwork {
  readonly #calls: SystemCalls;
  readonly #made: LabNetns[] = [];

  constructor(calls: SystemCalls) {
    this.#calls = calls;
  }

  /**
   * Creates a namespace with loopback up.
   *
   * @param address see {@link LabNetns.address}
   * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN
   */
  add(address: Uint8Array): LabNetns {
    const labNetns = { netnsFd: createNetns(this.#calls), address };
    this.#made.push(labNetns);
    this.#command(labNetns, 'lo up', linkUpRequest(LOOPBACK_INDEX));
    return labNetns;
  }

  /**
   * Connects two namespaces by a veth pair with one address at each end, without a bridge or routes.
   *
   * @param names of the interface on each side
   * @throws {DiagError} ENOTSUP where the kernel has no veth
   */
  join(left: LabNetns, right: LabNetns, names: { left: string; right: string }): void {
    this.#command(left, 'a veth pair', vethRequest(names.left, names.right, right.netnsFd));
    for (const [here, there, name] of [
      [left, right, names.left],
      [right, left, names.right],
    ] as const) {
      const index = readLinks(this.#calls, here.netnsFd).find((link) => link.name === name)?.index;
      if (index === undefined) throw new Error(`${name}: the interface was created and does not exist`);
      this.#command(here, 'an address', pointToPointRequest(index, here.address, there.address));
      this.#command(here, 'a link up', linkUpRequest(index));
    }
  }

  /** Closes the descriptors: each namespace then ends with its last process. */
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
