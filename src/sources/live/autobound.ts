import { dumpSockets } from '../../collect/dump/dump-sockets.ts';
import { readLocalPortRange } from '../../collect/dump/sysctls.ts';
import type { Machine } from '../../collect/machine.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { encodeProgram } from '../../filter/bytecode.ts';
import { atom } from '../../filter/tree.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { hasPorts, type SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';

/**
 * Makes a test for whether the kernel chose a socket's local port. No field of a dump says so: a dump is taken with
 * the filter `autobound`, and its sockets are recognised by their cookies. The kernel lets TIME_WAIT and half-open
 * entries pass that filter whatever their port, so the port must also be in `ip_local_port_range`.
 *
 * @throws {Failure} when the namespace no longer exists or may not be entered
 */
export function autobound(machine: Machine, handle: NetnsHandle, query: SocketQuery): (socket: SocketView) => boolean {
  const program = encodeProgram(atom({ kind: 'autobound' }), { newer: true, marks: true });
  const programs = program === undefined ? [] : [program];
  const protos = query.protos.filter(hasPorts);
  const asked = { ...query, protos, states: ALL_STATES, tcpInfo: false, filter: { programs } };
  const cookies = new Set<string>();
  dumpSockets(machine, handle, asked).sockets.each((socket) => {
    cookies.add(cookieOf(socket));
  });
  const { first, last } = readLocalPortRange(machine, handle);
  return (socket) => socket.localPort >= first && socket.localPort <= last && cookies.has(cookieOf(socket));
}

function cookieOf({ cookieLow, cookieHigh }: SocketView): string {
  return `${cookieHigh}:${cookieLow}`;
}
