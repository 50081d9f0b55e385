import type { Condition, ConditionTree, PortRange } from './condition.ts';
import { mistake } from './mistake.ts';
import { type Prefix, parsePrefix } from './prefix.ts';
import type { Comparison, PortText, SyntaxAtom, SyntaxTree, TextSpan } from './syntax.ts';
import { atom, eachAtom, join, mapAtoms, negate } from './tree.ts';

/** Lookups for the names in a filter. Each returns undefined for an unknown name. */
export interface FilterNames {
  /** Textual addresses of a host, container or service; a network has a prefix length. */
  addresses(name: string): readonly string[] | undefined;
  /** Ports of a service. */
  ports(service: string): readonly number[] | undefined;
  /** Index of an interface in the target's network namespace. */
  device(name: string): number | undefined;
  /** Id of a cgroup v2 by its path. */
  cgroup(path: string): bigint | undefined;
  /** Uid of a user of the host. */
  uid(user: string): number | undefined;
  /** Whether there is a running container or service of this name. */
  hasContainer(name: string): boolean;
}

/** A host name that has to be looked up before a filter can be bound. */
export interface HostLookup {
  name: string;
  /** False for `peer`, which takes names of containers, services and the host's files only. */
  mayAskDns: boolean;
}

const MAX_PORT = 65535;

/** The host names in a filter: their lookup can be asynchronous. */
export function hostsIn(tree: SyntaxTree): HostLookup[] {
  const wanted: HostLookup[] = [];
  eachAtom(tree, (found) => {
    if (found.kind !== 'host' || found.host === undefined || parsePrefix(found.host.text) !== undefined) return;
    wanted.push({ name: found.host.text, mayAskDns: !found.asPeer });
  });
  return wanted;
}

/**
 * Replaces the names in a filter by what they stand for.
 *
 * @param text text of the filter, for error messages
 * @throws {Failure} `usage` for an unknown name
 */
export function bindFilter(text: string, tree: SyntaxTree, names: FilterNames): ConditionTree {
  const unknown = (span: TextSpan, problem: string, expected: readonly string[] = []) =>
    mistake(text, span, problem, expected);
  return mapAtoms<SyntaxAtom, Condition>(tree, (found) => {
    switch (found.kind) {
      case 'host':
        return bindHost(found, names, unknown);
      case 'ports':
        return bindPorts(found, names, unknown);
      case 'device':
        return bindDevice(found.name, found.span, names, unknown);
      case 'cgroup': {
        const id = names.cgroup(found.path);
        if (id === undefined)
          throw unknown(found.span, `no cgroup "${found.path}"`, ['a path below the cgroup v2 mount']);
        return atom({ kind: 'cgroup', id, path: found.path });
      }
      case 'uid': {
        const uid = uidOf(found.user, names, unknown);
        return comparison(found.op, (op) => atom({ kind: 'uid', op, uid }));
      }
      case 'container':
        if (!names.hasContainer(found.name))
          throw unknown(found.span, `no running container or service "${found.name}"`, [
            'a name that `socklens ps` shows',
          ]);
        return atom({ kind: 'container', name: found.name });
      case 'measure':
        return comparison(found.op, (op) => atom({ ...found, op }));
      default:
        return atom(found);
    }
  });
}

type Unknown = (span: TextSpan, problem: string, expected?: readonly string[]) => Error;

function bindDevice(name: string, span: TextSpan, names: FilterNames, unknown: Unknown): ConditionTree {
  const index = /^\d+$/.test(name) ? Number(name) : names.device(name);
  if (index === undefined) throw unknown(span, `no interface "${name}" in this network namespace`);
  return atom({ kind: 'device', index, name });
}

function uidOf(user: Extract<SyntaxAtom, { kind: 'uid' }>['user'], names: FilterNames, unknown: Unknown): number {
  if (typeof user === 'number') return user;
  const uid = names.uid(user.name);
  if (uid === undefined) throw unknown(user.span, `no user "${user.name}" on this host`);
  return uid;
}

/** Binds `!=` as the negation of `=`: it is true where the value is unknown. */
function comparison(op: Comparison, make: (op: Comparison) => ConditionTree): ConditionTree {
  return op === '!=' ? negate(make('=')) : make(op);
}

function bindHost(found: Extract<SyntaxAtom, { kind: 'host' }>, names: FilterNames, unknown: Unknown): ConditionTree {
  const { side, host, zone, port, family } = found;
  const parts: ConditionTree[] = [];
  if (family !== undefined) parts.push(atom({ kind: 'family', family }));
  if (host !== undefined) {
    const own = parsePrefix(host.text);
    const prefixes = own === undefined ? lookUp(host.text, names) : [own];
    if (prefixes?.length === 0) throw unknown(host.span, `"${host.text}" has no address of its own`, ['its address']);
    if (prefixes === undefined) {
      throw unknown(host.span, `no address "${host.text}"`, [
        'an address',
        'a prefix (10.0.0.0/8)',
        'the name of a container, a compose service or a host',
      ]);
    }
    parts.push(atom({ kind: 'address', side, prefixes, ...(own === undefined && { name: host.text }) }));
  }
  if (zone !== undefined) parts.push(bindDevice(zone.text, zone.span, names, unknown));
  if (port !== undefined) {
    const ranges = portNumbers(port, names, unknown).map((number) => ({ first: number, last: number }));
    parts.push(atom({ kind: 'ports', side, ranges }));
  }
  return join('and', parts);
}

function lookUp(name: string, names: FilterNames): Prefix[] | undefined {
  const prefixes = names.addresses(name)?.map(parsePrefix);
  return prefixes?.filter((prefix) => prefix !== undefined);
}

function bindPorts(
  { side, op, ports }: Extract<SyntaxAtom, { kind: 'ports' }>,
  names: FilterNames,
  unknown: Unknown,
): ConditionTree {
  const ranges = ports.flatMap(({ first, last }): PortRange[] =>
    first === last
      ? portNumbers(first, names, unknown).map((port) => ({ first: port, last: port }))
      : [{ first: first as number, last: last as number }],
  );
  const condition = (those: readonly PortRange[]): ConditionTree => atom({ kind: 'ports', side, ranges: those });
  const [{ first: port } = { first: 0 }] = ranges;
  switch (op) {
    case '=':
      return condition(ranges);
    case '!=':
      return negate(condition(ranges));
    // > is compiled as not <=, so that the kernel gets the same program as from ss.
    case '>=':
      return condition([{ first: port, last: MAX_PORT }]);
    case '<=':
      return condition([{ first: 0, last: port }]);
    case '>':
      return negate(condition([{ first: 0, last: port }]));
    case '<':
      return negate(condition([{ first: port, last: MAX_PORT }]));
  }
}

function portNumbers(port: PortText, names: FilterNames, unknown: Unknown): readonly number[] {
  if (typeof port === 'number') return [port];
  const ports = names.ports(port.service) ?? [];
  const different = [...new Set(ports)];
  if (different.length === 0)
    throw unknown(port.span, `no service "${port.service}"`, ['a port', 'a name of /etc/services']);
  if (different.length > 1)
    throw unknown(port.span, `"${port.service}" stands for several ports`, different.map(String));
  return different;
}
