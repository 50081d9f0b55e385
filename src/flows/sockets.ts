import type { RowContext } from '../analyze/socket-row.ts';
import { plural } from '../base/plural.ts';
import { attribute } from '../collect/attribution.ts';
import { asksForContainers, bindForPlace, narrowed } from '../collect/bind-filter.ts';
import { makeNames } from '../collect/host-names.ts';
import { type Inventory, takeInventory } from '../collect/inventory.ts';
import { type Look, look, stream } from '../collect/look.ts';
import type { Machine } from '../collect/machine.ts';
import { findOwners, type Owners } from '../collect/owners.ts';
import type { Place } from '../collect/place.ts';
import { processNames } from '../collect/process-names.ts';
import { GroupCounter } from '../count/group-counter.ts';
import { Roles } from '../count/roles.ts';
import { isShared, soleContainer } from '../count/sharing.ts';
import type { Filter } from '../filter/syntax.ts';
import type { ContainerFacts } from '../model/container.ts';
import type { GroupKey } from '../model/group.ts';
import type { Names } from '../model/names.ts';
import type { GroupReport, SocketReport } from '../model/report.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { SocketSource, SocketView } from '../model/socket-view.ts';
import { checkAnswerable, decidesAlone, matching, rolesOf, testAlone } from './filtering.ts';

export interface SocketsOptions {
  query: SocketQuery;
  /** Whether owner processes are wanted. */
  processes: boolean;
  /** Whether addresses and ports get names. */
  names: boolean;
  /** Only those that match; undefined for all. */
  filter?: Filter | undefined;
}

/** Sockets of a target with everything that their rows need. */
export interface Sockets extends SocketReport {
  context: RowContext;
}

/**
 * The sockets of a place, with their containers where the namespace is shared.
 *
 * @param inventory what runs on the machine, when it is known already
 * @throws {Failure}
 */
export async function socketsOf(
  machine: Machine,
  place: Place,
  options: SocketsOptions,
  inventory?: Inventory,
): Promise<Sockets> {
  const { query } = options;
  const known = inventory ?? (await takeInventory(machine));
  const facts = known.containers.map((container) => container.facts);
  const bound = options.filter && (await bindForPlace(machine, place, options.filter, facts));
  const seen = look(machine, place, bound === undefined ? query : narrowed(query, bound));
  const shares = new Sharing(machine, place, known);
  const wantsOwners = options.processes || shares.shared || bound?.needs.containers;
  const whose = wantsOwners ? shares.attribute(seen.sockets) : undefined;
  const ground = { machine, place, query, containers: facts, containerOf: whose?.containerOf };
  const sockets = bound === undefined ? seen.sockets : matching(ground, seen, bound);
  if (whose !== undefined && whose.owners.denied > 0) {
    seen.coverage.complete = false;
    seen.coverage.notes.push(deniedNote(whose.owners));
  }
  const context: RowContext = {
    ...(options.names && { names: namesFor(machine, facts, place) }),
    ...(options.processes && whose !== undefined && { processesOf: processNames(machine, whose.owners) }),
    ...(shares.shared && whose !== undefined && { containerOf: whose.containerOf }),
  };
  return { target: place.target, ...seen, sockets, shared: shares.shared, context };
}

export interface GroupsOptions {
  query: SocketQuery;
  keys: readonly GroupKey[];
  /** Whether addresses and ports get names. */
  names: boolean;
  /** Only those that match; undefined for all. */
  filter?: Filter | undefined;
}

/** Keys that need a second look at the sockets, after something else was found out about them all. */
const NEEDS_ALL: readonly GroupKey[] = ['process', 'container', 'role', 'service'];

/** Keys that are read off the kernel's TCP information. */
const MEASURED: readonly GroupKey[] = ['idle', 'age', 'rtt'];

/** Keys whose values have names. */
const NAMED: readonly GroupKey[] = ['peer', 'peer-address', 'peer-port', 'local', 'local-port', 'service'];

/**
 * The sockets of a place, counted in groups. Where the keys allow it they are counted as they
 * arrive and none is kept.
 *
 * @throws {Failure}
 */
export async function groupsOf(
  machine: Machine,
  place: Place,
  options: GroupsOptions,
  inventory?: Inventory,
): Promise<GroupReport> {
  const { keys, filter } = options;
  const query = { ...options.query, tcpInfo: options.query.tcpInfo || keys.some((key) => MEASURED.includes(key)) };
  const named = options.names && keys.some((key) => NAMED.includes(key));
  const byContainer = keys.includes('container');
  const known =
    inventory ?? (named || byContainer || asksForContainers(filter) ? await takeInventory(machine) : undefined);
  const facts = known?.containers.map((container) => container.facts) ?? [];
  const names = named ? namesFor(machine, facts, place) : undefined;
  const bound = filter && (await bindForPlace(machine, place, filter, facts));
  const asked = bound === undefined ? query : narrowed(query, bound);
  if (!keys.some((key) => NEEDS_ALL.includes(key)) && (bound === undefined || decidesAlone(bound))) {
    const counter = new GroupCounter(keys, { names });
    const test = bound === undefined ? () => true : testAlone(bound);
    const seen = stream(machine, place, asked, (socket) => {
      if (test(socket)) counter.add(socket);
    });
    if (bound !== undefined) checkAnswerable({ machine, place, query, containers: facts }, seen, bound);
    return counted(place, seen, keys, counter);
  }
  const looked = look(machine, place, asked);
  const shares = known === undefined ? undefined : new Sharing(machine, place, known);
  const whose = byContainer || bound?.needs.containers ? shares?.attribute(looked.sockets) : undefined;
  const ground = { machine, place, query, containers: facts, containerOf: whose?.containerOf };
  const { sockets, ...seen } = { ...looked, ...(bound !== undefined && { sockets: matching(ground, looked, bound) }) };
  const owners = whose?.owners ?? (keys.includes('process') ? findOwners(machine, inodesOf(sockets)) : undefined);
  if (owners !== undefined && owners.denied > 0) {
    seen.coverage.complete = false;
    seen.coverage.notes.push(deniedNote(owners));
  }
  const processesOf = owners === undefined ? undefined : processNames(machine, owners);
  const counter = new GroupCounter(keys, {
    names,
    // Where a filter left listeners out they are asked for apart.
    roles: bound === undefined ? new Roles(sockets) : rolesOf(machine, place, query),
    ...(processesOf !== undefined && {
      processOf: ({ inode }) => {
        const [first] = processesOf(inode);
        return first === undefined ? undefined : `${first.pid}/${first.name}`;
      },
    }),
    ...(whose !== undefined && { containerOf: whose.containerOf }),
  });
  sockets.each((socket) => counter.add(socket));
  return counted(place, seen, keys, counter);
}

function counted(
  { target }: Place,
  seen: Omit<Look, 'sockets'>,
  keys: readonly GroupKey[],
  counter: GroupCounter,
): GroupReport {
  const groups = counter.groups();
  const sockets = groups.reduce((sum, { count }) => sum + count, 0);
  return { target, ...seen, keys, groups, total: { sockets, groups: groups.length } };
}

/** Who shares a place's namespace, and whose a socket there is. */
class Sharing {
  readonly shared: boolean;
  readonly #machine: Machine;
  readonly #parties: Inventory['containers'];
  readonly #alone: string | undefined;

  constructor(machine: Machine, place: Place, inventory: Inventory) {
    this.#machine = machine;
    this.#parties = inventory.containers.filter(({ netns }) => netns === place.target.netns);
    const isHost = inventory.processes.some(({ pid, netns }) => pid === 1 && netns === place.target.netns);
    const residents = { containers: this.#parties, host: isHost };
    this.shared = isShared(residents);
    this.#alone = soleContainer(residents)?.facts.name;
  }

  attribute(sockets: SocketSource): { owners: Owners; containerOf: (socket: SocketView) => string | undefined } {
    const { of, owners } = attribute(this.#machine, inodesOf(sockets), this.#parties);
    const nameById = new Map(this.#parties.map(({ facts }) => [facts.id, facts.name]));
    // Where a container is alone in its namespace, all that is there is its own.
    const containerOf = (socket: SocketView) => this.#alone ?? nameById.get(of(socket) ?? '');
    return { owners, containerOf };
  }
}

function inodesOf(sockets: SocketSource): Set<number> {
  const inodes = new Set<number>();
  sockets.each((socket) => {
    if (socket.inode !== 0) inodes.add(socket.inode);
  });
  return inodes;
}

function namesFor(machine: Machine, containers: readonly ContainerFacts[], place: Place): Names {
  const isHost = place.target.runtime === 'host';
  return makeNames(machine, containers, place.procNet === undefined || isHost ? [] : [place.procNet]);
}

function deniedNote({ denied }: Owners): string {
  return `the descriptors of ${plural(denied, 'process', 'processes')} may not be listed (it needs CAP_SYS_PTRACE): their sockets have no process here`;
}
