import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { sortGroups } from '../../count/sort-groups.ts';
import { narrowed } from '../../filter/bound-filter.ts';
import { explainFilter } from '../../filter/explain.ts';
import type { Filter } from '../../filter/syntax.ts';
import { eachAtom } from '../../filter/tree.ts';
import { Failure } from '../../model/failure.ts';
import type { Group } from '../../model/report/group.ts';
import type { GroupReport, SocketReport } from '../../model/report/report.ts';
import { MEASURED_ORDERS } from '../../model/report/socket-order.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { countGroups } from '../../queries/count-groups.ts';
import { listSockets, type Sockets } from '../../queries/list-sockets.ts';
import { orderSockets } from '../../queries/order-sockets.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { renderGroups } from '../../render/group-table.ts';
import { groupsJson, groupsNdjson, type Pieces, socketsJson, socketsNdjson } from '../../render/json.ts';
import { renderOtherSockets } from '../../render/other-table.ts';
import { renderInetSockets, renderUnixSockets } from '../../render/socket-table.ts';
import { openSnapshot } from '../../sources/open-snapshot.ts';
import type { Recorded } from '../../sources/open-source.ts';
import { HiddenOwners, hiddenNote } from '../../sources/scope/hidden-owners.ts';
import type { NetnsSnapshot, Snapshot } from '../../sources/snapshot.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNote, writeNotes } from '../notes.ts';
import { readFilter } from '../read-filter.ts';
import type { LsOrder } from './order.ts';

export interface LsOptions {
  /** A TARGET as typed, several with commas; undefined for all of a recording. */
  target: string | undefined;
  /** Whether a container as TARGET means its whole network namespace. */
  wholeNetns?: boolean | undefined;
  /** The recording to read; undefined for this machine. */
  from?: Recorded | undefined;
  /** As typed; empty for all sockets. */
  filter: string;
  /** Parse the filter like ss: `and` and `or` have equal precedence. */
  asSs: boolean;
  /** Show how the filter is evaluated instead of evaluating it. */
  explain: boolean;
  query: SocketQuery;
  /** Show the processes that hold each socket. */
  processes: boolean;
  /** Plain numbers, no names. */
  numeric: boolean;
  /** Whether a terminal shows every entry in TIME_WAIT, however many there are. */
  all?: boolean;
  /** What is counted instead of listed, how it is sorted, and how many are shown; undefined for a list of all. */
  order?: LsOrder | undefined;
  format: Format;
}

/** `socklens ls`: the sockets of the targets, or their counts. */
export async function ls(context: CommandContext, options: LsOptions): Promise<void> {
  // An error in the filter is reported before anything is read.
  const filter = readFilter(context, options.filter, options.asSs);
  const { from, target, wholeNetns } = options;
  if (from === undefined && target === undefined)
    throw new Failure('usage', 'ls needs a TARGET (see socklens ls --help)');
  if (from !== undefined && options.explain)
    throw new Failure('usage', '--explain-filter and --from exclude each other: no kernel filters a recording');
  const snapshot = await openSnapshot(context.machine, { target, wholeNetns, from });
  try {
    if (options.explain) await explain(context, snapshot, filter, options.query);
    else if (options.order !== undefined && options.order.by.length > 0)
      await count(context, snapshot, filter, options, options.order);
    else await list(context, snapshot, filter, options);
  } finally {
    snapshot.close();
  }
}

async function list(context: CommandContext, snapshot: Snapshot, filter: Filter, options: LsOptions): Promise<void> {
  const { format, order } = options;
  const key = order?.list.key;
  const isMeasured = key !== undefined && MEASURED_ORDERS.includes(key);
  const query = isMeasured ? { ...options.query, tcpInfo: true } : options.query;
  const processes = options.processes || format !== 'text' || key === 'process';
  const wants = { query, filter, processes, names: !options.numeric };
  const read = async (netns: NetnsSnapshot) => {
    const report = await listSockets(netns, wants);
    return order === undefined ? report : orderSockets(report, order.list);
  };
  if (key === 'age' && format === 'text') writeNote(context, AGE_NOTE);
  writeList(context, await eachNetns(context, snapshot, read), options, filter);
}

async function count(
  context: CommandContext,
  snapshot: Snapshot,
  filter: Filter,
  options: LsOptions,
  order: LsOrder,
): Promise<void> {
  const wants = { query: options.query, filter, keys: order.by, names: !options.numeric };
  const counted = await eachNetns(context, snapshot, (netns) => countGroups(netns, wants));
  writeCounts(context, counted, options.format, order);
}

function writeList(context: CommandContext, reports: readonly Sockets[], options: LsOptions, filter: Filter): void {
  const { format } = options;
  const contextOf = (report: SocketReport) => (report as Sockets).context;
  if (format === 'json') writePieces(context, socketsJson(reports, contextOf));
  else if (format === 'ndjson') writePieces(context, socketsNdjson(reports, contextOf));
  else writeTables(context, reports, options, filter);
}

function writeTables(context: CommandContext, reports: readonly Sockets[], options: LsOptions, filter: Filter): void {
  const { out } = context;
  const writer = new ByteWriter();
  // A pipe gets everything, and so does who asks for states, for all, or for an order.
  const isOrdered = reports.some(({ total }) => total !== undefined);
  const sumsUpTimeWait = out.columns !== undefined && !choosesStates(filter) && !options.all && !isOrdered;
  writeNotes(context, reports);
  reports.forEach((report, index) => {
    if (reports.length > 1) writeTitle(writer, report.target.name, index);
    const tableOptions = {
      ...report.context,
      processes: options.processes,
      width: out.columns,
      colour: out.colour,
      sumsUpTimeWait,
    };
    const before = writer.length;
    for (const render of [renderInetSockets, renderOtherSockets, renderUnixSockets]) {
      const table = new ByteWriter();
      render(table, report.sockets, tableOptions);
      if (writer.length > before && table.length > 0) writer.ascii('\n');
      writer.raw(table.bytes());
    }
    if (writer.length === before) writer.ascii('no sockets\n');
    const { total, shown } = countsOf(report);
    if (total > shown) writer.ascii(`and ${plural(total - shown, 'more socket')} (--limit ${shown})\n`);
  });
  out.write(writer.bytes());
}

function choosesStates({ tree }: Filter): boolean {
  let chooses = false;
  if (tree !== undefined)
    eachAtom(tree, ({ kind }) => {
      if (kind === 'states') chooses = true;
    });
  return chooses;
}

function writeCounts(context: CommandContext, counted: readonly GroupReport[], format: Format, order: LsOrder): void {
  const { out } = context;
  const reports = counted.map((report) => ({
    ...report,
    groups: ordered(report.groups, order.groups),
  }));
  if (format === 'text' && order.by.includes('age')) writeNote(context, AGE_NOTE);
  if (format === 'json') writePieces(context, groupsJson(reports));
  else if (format === 'ndjson') writePieces(context, groupsNdjson(reports));
  else {
    const writer = new ByteWriter();
    writeNotes(context, reports);
    reports.forEach((report, index) => {
      if (reports.length > 1) writeTitle(writer, report.target.name, index);
      renderGroups(writer, report, out.columns, out.colour);
    });
    out.write(writer.bytes());
  }
}

function ordered(groups: readonly Group[], { order, isReversed, limit }: LsOrder['groups']): Group[] {
  const sorted = sortGroups(groups, order);
  return (isReversed ? sorted.toReversed() : sorted).slice(0, limit);
}

/** The sockets of a report: how many there are, and how many are shown. */
function countsOf({ sockets, total }: SocketReport): { total: number; shown: number } {
  if (total === undefined) return { total: 0, shown: 0 };
  let shown = 0;
  sockets.each(() => {
    shown++;
  });
  return { total, shown };
}

/** Reads each namespace. With several, one that has stopped is reported and left out; a single one is an error. */
async function eachNetns<T>(
  context: CommandContext,
  { namespaces, notes }: Snapshot,
  read: (netns: NetnsSnapshot) => Promise<T>,
): Promise<T[]> {
  const reports: T[] = [];
  const missing: Failure[] = [];
  for (const netns of namespaces) {
    try {
      reports.push(await read(netns));
    } catch (error) {
      if (namespaces.length === 1 || !(error instanceof Failure) || !MAY_MISS.includes(error.kind)) throw error;
      missing.push(error);
    }
  }
  const refused = missing.find(({ kind }) => kind === 'not-permitted');
  if (refused !== undefined && reports.length === 0) throw refused;
  for (const note of [...notes, ...notesOf(missing)]) writeNote(context, note);
  return reports;
}

/** A line each; one for all whose sockets cannot be attributed. */
function notesOf(missing: readonly Failure[]): string[] {
  const hidden = missing.filter((error) => error instanceof HiddenOwners);
  const others = missing.filter((error) => !(error instanceof HiddenOwners)).map(({ message }) => message);
  return hidden.length > 0 ? [hiddenNote(hidden), ...others] : others;
}

/** Of several namespaces, one may have gone, and one may be readable by root alone. */
const MAY_MISS: readonly Failure['kind'][] = ['no-target', 'not-permitted'];

const AGE_NOTE =
  'age is a lower bound: the kernel records the last data and acknowledgement, not when a connection was opened';

function writeTitle(writer: ByteWriter, name: string, index: number): void {
  if (index > 0) writer.ascii('\n');
  writer.text(`${safeText(name)}:\n`);
}

function writePieces({ out }: CommandContext, pieces: Pieces): void {
  for (const piece of pieces) out.write(piece);
}

/** `--explain-filter`: how a filter was parsed, its kernel program in words, and which part is evaluated where. */
async function explain(
  { out }: CommandContext,
  { namespaces }: Snapshot,
  filter: Filter,
  query: SocketQuery,
): Promise<void> {
  for (const netns of namespaces) {
    const bound = await netns.bind(filter);
    const lines =
      bound === undefined
        ? ['no filter: every socket is shown']
        : explainFilter(filter.text, bound.tree, bound.compiled, narrowed(query, bound));
    if (namespaces.length > 1) out.write(`${safeText(netns.target.name)}:\n`);
    out.write(lines.map((line) => `${safeText(line)}\n`).join(''));
  }
}
