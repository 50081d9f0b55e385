import fs from 'node:fs';
import { DiagError, DiagSocket, scratchStore } from '../../kernel/diag-socket.ts';
import { type Coverage, NOT_ROOT, type SocketsHeader, type Source } from '../../model/sample/coverage.ts';
import type { SocketIdentity } from '../../model/socket/socket-identity.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto, SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { WireError } from '../../netlink/netlink.ts';
import { RetainedDump } from '../../netlink/retained-dump.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';
import { whyNotEntered } from './cannot-enter.ts';
import { askedSockets, type DumpStep, dumpSteps } from './dump-plan.ts';
import { folderWithoutEntering, readNetFile } from './net-files.ts';
import { retainingStore } from './piece-buffer.ts';
import { readProcSockets } from './proc-sockets.ts';

/** The sockets of one network namespace at one moment, and how they were read. */
export interface SocketDump extends SocketsHeader {
  sockets: SocketSource;
}

/**
 * Reads the sockets of a network namespace that the query selects, and stores them.
 *
 * @param known every TCP socket that the namespace has: each is asked for by its addresses and cookie, which costs less
 *   than a dump, because that walks the whole host's table. Where one is no longer there, they are dumped.
 * @throws {Failure} `no-target` when the namespace no longer exists, `not-permitted` when it cannot be read
 */
export function dumpSockets(
  machine: Machine,
  handle: NetnsHandle,
  query: SocketQuery,
  known?: readonly SocketIdentity[],
): SocketDump {
  const parts: SocketSource[] = [];
  const report = read(machine, handle, query, {
    dump(socket, step) {
      if (step.proto === 'tcp' && known !== undefined) {
        const found = askFor(socket, known, query);
        if (found !== undefined) return void parts.push(found);
      }
      const dump = new RetainedDump(step.cursor);
      // Stored even when the answer is incomplete: the sockets received until then are shown.
      parts.push(step.selection === undefined ? dump : only(dump, step.selection));
      const { cursor } = step;
      // Decodes each message once now, so that a malformed one becomes a note of the coverage.
      socket.dump(step.what, step.request, retainingStore(dump), (view, offset, length) => {
        cursor.moveTo(view, offset, length);
      });
    },
    rows: (source) => parts.push(source),
  });
  return {
    ...report,
    sockets: {
      each(visit) {
        for (const part of parts) part.each(visit);
      },
    },
  };
}

/**
 * Reads the sockets of a network namespace that the query selects, and calls `visit` with each as it arrives. The
 * view is valid during the call only.
 *
 * @throws {Failure} as {@link dumpSockets}
 */
export function streamSockets(
  machine: Machine,
  handle: NetnsHandle,
  query: SocketQuery,
  visit: (socket: SocketView) => void,
): Omit<SocketDump, 'sockets'> {
  const store = scratchStore();
  return read(machine, handle, query, {
    dump(socket, step) {
      const { cursor } = step;
      const isSelected = step.selection?.();
      socket.dump(step.what, step.request, store, (view, offset, length) => {
        cursor.moveTo(view, offset, length);
        if (isSelected === undefined || isSelected(cursor)) visit(cursor);
      });
    },
    rows: (source) => source.each(visit),
  });
}

/** @returns undefined where one of the sockets is no longer there @throws {DiagError} */
function askFor(socket: DiagSocket, known: readonly SocketIdentity[], query: SocketQuery): SocketSource | undefined {
  const { what, requests, cursor } = askedSockets(known, query);
  const found = new RetainedDump(cursor);
  const missing = socket.ask(what, requests, retainingStore(found), (view, offset, length) => {
    cursor.moveTo(view, offset, length);
  });
  return missing === 0 ? found : undefined;
}

/** The sockets that pass a test, which is made for each pass over them. */
function only(sockets: SocketSource, selection: () => (socket: SocketView) => boolean): SocketSource {
  return {
    each(visit) {
      const passes = selection();
      sockets.each((socket) => {
        if (passes(socket)) visit(socket);
      });
    },
  };
}

/** Receives the sockets of a protocol, from sock_diag or from `/proc`. */
interface Sink {
  /** @throws {DiagError} */
  dump(socket: DiagSocket, step: DumpStep): void;
  rows(source: SocketSource): void;
}

function read(machine: Machine, handle: NetnsHandle, query: SocketQuery, sink: Sink): Omit<SocketDump, 'sockets'> {
  const takenAt = new Date();
  const sources: Partial<Record<Proto, Source>> = {};
  const coverage: Coverage = { complete: true, notes: [] };
  const opened = openDiag(machine, handle);
  try {
    if ('note' in opened) coverage.notes.push(opened.note);
    for (const proto of query.protos) {
      if ('socket' in opened && hasHandler(machine, proto) && dumpProto(opened.socket, proto, query, sink, coverage)) {
        sources[proto] = 'sock_diag';
      } else {
        if ('socket' in opened) rememberWithoutHandler(machine, proto);
        const answer = readProc(machine, handle, proto, query, 'socket' in opened);
        if ('source' in answer) {
          sink.rows(answer.source);
          sources[proto] = 'procfs';
          const lacking = 'socket' in opened ? LACKING_IN_PROC[proto] : undefined;
          if (lacking !== undefined) coverage.notes.push(`${proto}: read from /proc, ${lacking}`);
        } else {
          if (query.mayLack?.includes(proto)) continue;
          // What an ordinary user cannot see has its one note.
          if (!coverage.notes.includes(NOT_ROOT)) coverage.notes.push(answer.note);
          if (!answer.complete) coverage.complete = false;
        }
      }
    }
  } finally {
    if ('socket' in opened) opened.socket.close();
  }
  return { takenAt, source: 'socket' in opened ? 'sock_diag' : 'procfs', sources, coverage };
}

/** How long the kernel is not asked again for a protocol without a handler, milliseconds. */
const ASK_AGAIN_MS = 60_000;

/** Until when protocols count as without a handler, by `performance.now()`. */
const withoutHandler = new WeakMap<Machine, Map<Proto, number>>();

/** Whether to ask the kernel: for a protocol without a handler it starts modprobe(8) each time (net/core/sock_diag.c). */
function hasHandler(machine: Machine, proto: Proto): boolean {
  return performance.now() >= (withoutHandler.get(machine)?.get(proto) ?? 0);
}

/** Whether the kernel was found to have no diag handler for a protocol a short time ago. */
export function lacksHandler(machine: Machine, proto: Proto): boolean {
  return !hasHandler(machine, proto);
}

function rememberWithoutHandler(machine: Machine, proto: Proto): void {
  const until = withoutHandler.get(machine) ?? new Map<Proto, number>();
  withoutHandler.set(machine, until);
  if (hasHandler(machine, proto)) until.set(proto, performance.now() + ASK_AGAIN_MS);
}

/** @returns false when the kernel has no handler for the protocol */
function dumpProto(socket: DiagSocket, proto: Proto, query: SocketQuery, sink: Sink, coverage: Coverage): boolean {
  const steps = dumpSteps(proto, query);
  if (steps.length === 0) return false;
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    try {
      sink.dump(socket, step);
      if (step.note !== undefined && !coverage.notes.includes(step.note)) coverage.notes.push(step.note);
    } catch (error) {
      if (error instanceof WireError) {
        coverage.complete = false;
        coverage.notes.push(`${step.what}: the kernel's answer is incomplete: ${error.message}`);
        continue;
      }
      if (!(error instanceof DiagError)) throw error;
      if (error.refused && step.instead !== undefined) {
        if (step.insteadOfAll) steps.length = 0;
        steps.unshift(...step.instead());
        continue;
      }
      if (error.code === 'ENOENT' || error.code === 'EINVAL') return false;
      coverage.complete = false;
      const failed = error.code === 'ETIMEDOUT' ? ': the kernel did not answer in time' : ` failed (${error.code})`;
      coverage.notes.push(`${step.what}${failed}`);
    }
  }
  return true;
}

/** What `/proc` does not have of a protocol, where its diag module alone is absent. No kernel has one for ICMP. */
const LACKING_IN_PROC: Partial<Record<Proto, string>> = {
  packet: 'without cookies and drops: this kernel lacks the module af_packet_diag',
  netlink: 'without cookies and groups above 32: this kernel lacks the module netlink_diag',
};

/** The sockets of a protocol, or why there are none. */
type Answer = { source: SocketSource } | { note: string; complete: boolean };

function readProc(machine: Machine, handle: NetnsHandle, proto: Proto, query: SocketQuery, hasDiag: boolean): Answer {
  const source = readProcSockets((file) => readNetFile(machine, handle, file), proto, query);
  if (source !== undefined) return { source };
  if (proto === 'vsock' && hasVsock(machine, handle)) {
    const note = 'vsock: this kernel lacks the module vsock_diag, and /proc has no table of vsock sockets';
    return { note, complete: false };
  }
  // A kernel without the protocol has no sockets of it; without sock_diag the kernel may have some.
  return hasDiag || proto === 'vsock'
    ? { note: `${proto}: not supported by this kernel`, complete: true }
    : { note: `${proto}: /proc has no table for it`, complete: false };
}

/** Whether the kernel has vsock sockets: `/proc/net/protocols` has a line of each protocol. */
function hasVsock(machine: Machine, handle: NetnsHandle): boolean {
  const protocols = readNetFile(machine, handle, 'protocols')?.toString('latin1') ?? '';
  return /^AF_VSOCK\s/m.test(protocols);
}

/** A diag socket in the target's network namespace, or why it cannot be opened and the folder that is read instead. */
function openDiag(machine: Machine, handle: NetnsHandle): { socket: DiagSocket } | { note: string; folder: string } {
  let netnsFd: number | undefined;
  try {
    if (!handle.own) netnsFd = openNetns(machine, handle);
    return { socket: DiagSocket.open(machine.systemCalls(), netnsFd) };
  } catch (error) {
    const why = whyNotEntered(machine, error);
    if (why === undefined) throw error;
    return { note: why.note, folder: folderWithoutEntering(machine, handle, why.reason, error) };
  } finally {
    if (netnsFd !== undefined) fs.closeSync(netnsFd);
  }
}
