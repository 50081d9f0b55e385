import { plural } from '../base/plural.ts';
import { attribute } from '../collect/attribution.ts';
import { sockstatOf } from '../collect/counters.ts';
import { fullestProcess } from '../collect/descriptor-use.ts';
import type { ContainerInstance } from '../collect/inventory.ts';
import { type Look, look } from '../collect/look.ts';
import type { Machine } from '../collect/machine.ts';
import type { Space } from '../collect/spaces.ts';
import { PeerCounter } from '../count/peer-counter.ts';
import { Roles } from '../count/roles.ts';
import { isShared } from '../count/sharing.ts';
import type { Sockstat } from '../model/counters.ts';
import { mayNameService } from '../model/endpoint.ts';
import type { Names } from '../model/names.ts';
import type { BusiestPeer, OverviewRow } from '../model/overview.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { Proto } from '../model/socket-view.ts';
import { ALL_STATES } from '../model/tcp-state.ts';

interface RowOptions {
  /** Undefined for plain numbers. */
  names: Names | undefined;
  /** Whether the host has a row of its own in its namespace. */
  showHost: boolean;
}

/** Key of what processes outside every container hold, in a namespace that containers share with the host. */
const HOST = 'host';

/** The rows of one namespace, which is read once. */
export function rowsOfSpace(machine: Machine, space: Space, options: RowOptions): OverviewRow[] {
  const shared = isShared({ containers: space.containers, host: space.isHost });
  return shared ? sharedRows(machine, space, options) : [singleRow(machine, space, options)];
}

/** A namespace with one owner: all that is in it is its own. UDP and RAW come from counters. */
function singleRow(machine: Machine, space: Space, options: RowOptions): OverviewRow {
  const sockstat = sockstatOf(space.place);
  const seen = look(machine, space.place, query(sockstat === undefined ? ['tcp', 'udp', 'unix'] : ['tcp', 'unix']));
  const counter = new PeerCounter(new Roles(seen.sockets));
  seen.sockets.each((socket) => counter.add(socket));
  const [container] = space.containers;
  const pids = container?.pids ?? space.otherPids;
  const { target } = space.place;
  return makeRow(machine, { ...target, pids, sharedWith: [] }, counter, seen, options, sockstat);
}

/** A namespace that several share: each socket goes to its owner, or to the row `unowned`. */
function sharedRows(machine: Machine, space: Space, options: RowOptions): OverviewRow[] {
  const seen = look(machine, space.place, query(['mptcp', 'tcp', 'udp', 'udplite', 'raw', 'unix']));
  const inodes = new Set<number>();
  seen.sockets.each((socket) => {
    if (socket.inode !== 0) inodes.add(socket.inode);
  });
  const { of, owners } = attribute(machine, inodes, space.containers, space.isHost ? HOST : undefined);
  const roles = new Roles(seen.sockets);
  const counters = new Map<string, PeerCounter>();
  const counterOf = (key: string) => {
    const known = counters.get(key) ?? new PeerCounter(roles);
    counters.set(key, known);
    return known;
  };
  seen.sockets.each((socket) => counterOf(of(socket) ?? '').add(socket));
  if (owners.denied > 0) {
    seen.coverage.complete = false;
    seen.coverage.notes.push(
      `the descriptors of ${plural(owners.denied, 'process', 'processes')} may not be listed (it needs CAP_SYS_PTRACE): their sockets may be shown as unowned`,
    );
  }
  const names = space.containers.map(({ facts }) => facts.name);
  const rows = space.containers.map((container) =>
    makeRow(machine, containerIdentity(container, names, space), counterOf(container.facts.id), seen, options),
  );
  const { netns } = space;
  if (space.isHost && options.showHost) {
    const identity = { name: 'host', runtime: 'host', pid: 1, netns, pids: space.otherPids, sharedWith: names };
    rows.push(makeRow(machine, identity, counterOf(HOST), seen, options));
  }
  const nobody = makeRow(
    machine,
    { name: 'unowned', runtime: 'unowned', netns, pids: [], sharedWith: names },
    counterOf(''),
    seen,
    options,
  );
  if (nobody.sockets.total + nobody.sockets.unix > 0) rows.push(nobody);
  return rows;
}

interface Identity {
  name: string;
  runtime: string;
  id?: string;
  pid?: number;
  netns: number;
  /** Whose descriptors are counted. */
  pids: readonly number[];
  sharedWith: string[];
}

function containerIdentity({ facts, pid, pids }: ContainerInstance, names: readonly string[], space: Space): Identity {
  const others = names.filter((name) => name !== facts.name);
  return {
    name: facts.name,
    runtime: facts.runtime,
    id: facts.id,
    ...(pid !== undefined && { pid }),
    netns: space.netns,
    pids,
    sharedWith: space.isHost ? [...others, 'host'] : others,
  };
}

/** @param sockstat counters of the UDP and RAW sockets, where the dump left them out */
function makeRow(
  machine: Machine,
  identity: Identity,
  counter: PeerCounter,
  seen: Look,
  options: RowOptions,
  sockstat?: Sockstat,
): OverviewRow {
  const { pids, ...rest } = identity;
  const descriptors = fullestProcess(machine, pids);
  const busiestPeer = namedPeer(counter.busiest(), options.names);
  return {
    ...rest,
    sockets: counter.totals().counts(sockstat, { timeWait: false, datagrams: true }),
    ...(descriptors !== undefined && { descriptors }),
    ...(busiestPeer !== undefined && { busiestPeer }),
    source: seen.source,
    coverage: seen.coverage,
  };
}

function namedPeer(peer: BusiestPeer | undefined, names: Names | undefined): BusiestPeer | undefined {
  if (peer === undefined) return undefined;
  const name = names?.host(peer.address);
  const service = mayNameService(peer.port) ? names?.service(peer.port, 'tcp') : undefined;
  return { ...peer, ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
}

function query(protos: Proto[]): SocketQuery {
  return { protos, inet: true, inet6: true, states: ALL_STATES, tcpInfo: false };
}
