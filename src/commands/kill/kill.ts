import { type CloseOutcome, closeSockets } from '../../act/close-sockets.ts';
import { formatEndpoint } from '../../base/endpoint-text.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import type { Machine } from '../../collect/machine.ts';
import { type HeldDescriptors, heldDescriptors } from '../../collect/owners/held-descriptors.ts';
import { uncountedNote } from '../../collect/owners/unknown-processes.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { Failure, type FailureKind } from '../../model/failure.ts';
import { socketRow } from '../../model/socket/make-socket-row.ts';
import { identityOf, type SocketIdentity } from '../../model/socket/socket-identity.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { InetSocketRow } from '../../model/socket/socket-row.ts';
import type { SocketSource } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { listSockets, type Sockets } from '../../queries/list-sockets.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { renderInetSockets } from '../../render/socket-table.ts';
import { LiveSnapshot } from '../../sources/live/live-snapshot.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNotes } from '../notes.ts';
import { readFilter } from '../read-filter.ts';
import { closeEffects } from './close-effects.ts';
import { closingJson, closingNdjson } from './closing-json.ts';
import { countOf, descriptorText } from './descriptor-text.ts';

export interface KillOptions {
  /** A TARGET as typed, several with commas. */
  target: string;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** As typed; an empty one is refused. */
  filter: string;
  /** Parse the filter like ss. */
  asSs: boolean;
  query: SocketQuery;
  /** Plain numbers, no names. */
  numeric: boolean;
  /** Do not ask for confirmation. */
  yes: boolean;
  /** Show what would be closed, and close nothing. */
  dryRun: boolean;
  includingListeners: boolean;
  format: Format;
}

/** What matched in one target. */
interface Match {
  handle: NetnsHandle;
  report: Sockets;
  closing: Closing[];
  /** Descriptors of the sockets before closing, and of the closed ones after it; absent where nothing was closed. */
  descriptors: { before: readonly HeldDescriptors[]; after?: readonly HeldDescriptors[] };
}

/** A socket to close; the outcome is added when it has been tried. */
export interface Closing {
  identity: SocketIdentity;
  row: InetSocketRow;
  outcome?: CloseOutcome;
}

/** `socklens kill`: shows the sockets that match, asks, and closes each. */
export async function kill(context: CommandContext, options: KillOptions): Promise<void> {
  const filter = readFilter(context, options.filter, options.asSs);
  if (filter.tree === undefined) {
    throw new Failure(
      'usage',
      'kill needs a FILTER that selects the sockets to close (state close-wait, dst db:3306, …)',
    );
  }
  if (!options.yes && !options.dryRun && context.confirm === undefined) {
    throw new Failure('usage', 'kill: stdin is not a terminal; pass --yes to confirm, or --dry-run to only show');
  }
  const snapshot = await LiveSnapshot.of(context.machine, options.target, options.wholeNetns);
  const wants = { query: options.query, filter, processes: true, names: !options.numeric };
  const matches: Match[] = [];
  for (const netns of snapshot.namespaces) {
    matches.push(select(context.machine, snapshot.handleOf(netns), await listSockets(netns, wants), options));
  }
  const all = matches.flatMap(({ closing }) => closing);
  show(context, matches, options);
  if (all.length > 0 && !options.dryRun && (options.yes || (await context.confirm?.(question(all.length))))) {
    for (const match of matches) act(context, match, options);
  }
  if (options.format === 'json') context.out.write(closingJson(documents(matches, options)));
  else if (options.format === 'ndjson')
    for (const line of closingNdjson(documents(matches, options))) context.out.write(line);
  conclude(context, matches, options);
}

/** Selects the sockets to close. Listeners are left out unless `--including-listeners` is given. */
function select(machine: Machine, handle: NetnsHandle, report: Sockets, options: KillOptions): Match {
  const closing: Closing[] = [];
  let listeners = 0;
  report.sockets.each((socket) => {
    const identity = identityOf(socket);
    if (identity === undefined) return;
    if (socket.state === TCP_STATE.LISTEN && !options.includingListeners) listeners++;
    else closing.push({ identity, row: socketRow(socket, report.context) as InetSocketRow });
  });
  if (listeners > 0) report.coverage.notes.push(leftOut(listeners));
  const { processes, denied } = heldDescriptors(machine, inodesOf(closing));
  const descriptors = { before: processes };
  const { notes } = report.coverage;
  const uncounted = denied.length === 0 ? undefined : uncountedNote(machine, denied);
  if (uncounted !== undefined && !report.coverage.notes.includes(uncounted)) notes.push(uncounted);
  return { handle, report: { ...report, sockets: withoutListeners(report.sockets, options) }, closing, descriptors };
}

function inodesOf(closing: readonly Closing[]): Set<number> {
  return new Set(closing.map(({ identity }) => identity.inode));
}

function leftOut(listeners: number): string {
  const sockets = plural(listeners, 'listening socket');
  return `${sockets} left out: --including-listeners closes them too, and the service stays down until it listens again`;
}

function withoutListeners(sockets: SocketSource, { includingListeners }: KillOptions): SocketSource {
  return {
    each(visit) {
      sockets.each((socket) => {
        if (includingListeners || socket.state !== TCP_STATE.LISTEN) visit(socket);
      });
    },
  };
}

/** Prints the table, and the effect of closing. */
function show(context: CommandContext, matches: readonly Match[], { format }: KillOptions): void {
  const writer = new ByteWriter();
  writeNotes(
    context,
    matches.map(({ report }) => report),
  );
  for (const { report, closing, descriptors } of matches) {
    if (format !== 'text') continue;
    if (matches.length > 1) writer.text(`${safeText(report.target.name)}:\n`);
    if (closing.length === 0) writer.ascii('nothing matches\n');
    else
      renderInetSockets(writer, report.sockets, {
        ...report.context,
        processes: true,
        width: context.out.columns,
        colour: context.out.colour,
      });
    for (const line of closeEffects(report.sockets)) writer.text(`${line}\n`);
    const held = descriptorText(descriptors.before, false);
    if (held !== undefined) writer.text(`${held}\n`);
  }
  if (writer.length > 0) context.out.write(writer.bytes());
}

function question(count: number): string {
  return count === 1 ? 'Close this socket?' : `Close these ${count} sockets?`;
}

function act(context: CommandContext, match: Match, { format }: KillOptions): void {
  const { handle, closing, descriptors } = match;
  const bySocket = new Map(closing.map((one) => [one.identity, one]));
  closeSockets(context.machine, handle, [...bySocket.keys()], (identity, outcome) => {
    const one = bySocket.get(identity);
    if (one === undefined) return;
    one.outcome = outcome;
    if (format === 'text') context.out.write(`${outcomeText(outcome)}  ${endpoints(one.row)}\n`);
  });
  // One end of a connection within the target may have reset the other one.
  const closed = closing.filter(({ outcome }) => outcome !== undefined && outcome.kind !== 'refused');
  descriptors.after = heldDescriptors(context.machine, inodesOf(closed)).processes;
}

function outcomeText(outcome: CloseOutcome): string {
  switch (outcome.kind) {
    case 'closed':
      return 'closed';
    case 'gone':
      return 'already closed';
    case 'refused':
      return `refused: ${outcome.reason}`;
  }
}

function endpoints({ proto, local, peer }: InetSocketRow): string {
  return `${proto} ${formatEndpoint(local.address, local.port)} ${formatEndpoint(peer.address, peer.port)}`;
}

function documents(matches: readonly Match[], { dryRun }: KillOptions) {
  return matches.map(({ report, closing, descriptors: { before, after } }) => ({
    report,
    dryRun,
    closing,
    descriptors: { before: countOf(before), ...(after !== undefined && { after: countOf(after) }) },
  }));
}

/** Prints the last line. @throws {Failure} when the kernel refused to close a socket */
function conclude({ out }: CommandContext, matches: readonly Match[], { dryRun, format }: KillOptions): void {
  const all = matches.flatMap(({ closing }) => closing);
  const count = (kind: CloseOutcome['kind']) => all.filter(({ outcome }) => outcome?.kind === kind).length;
  const done = all.some(({ outcome }) => outcome !== undefined);
  if (format === 'text' && all.length > 0) {
    if (done) out.write(`${count('closed')} closed, ${count('gone')} already closed, ${count('refused')} refused\n`);
    else out.write(dryRun ? 'nothing was closed: --dry-run\n' : 'nothing was closed\n');
    const held = descriptorText(
      matches.flatMap(({ descriptors }) => descriptors.after ?? []),
      true,
    );
    if (held !== undefined) out.write(`${held}\n`);
  }
  const worst = worstRefusal(all);
  if (worst === undefined) return;
  throw new Failure(worst.because, `kill: ${count('refused')} of ${all.length} could not be closed: ${worst.reason}`);
}

/** Kinds of refusal, the most important first: only one is reported. */
const KINDS: readonly FailureKind[] = ['fault', 'not-permitted', 'unsupported'];

function worstRefusal(all: readonly Closing[]): Extract<CloseOutcome, { kind: 'refused' }> | undefined {
  for (const kind of KINDS) {
    for (const { outcome } of all) if (outcome?.kind === 'refused' && outcome.because === kind) return outcome;
  }
  return undefined;
}
