import { NetstatNameSource } from '../../collect/names/netstat-names.ts';
import { findPrograms } from '../../collect/owners/netstat-programs.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { resolveTargets } from '../../collect/target/resolve-targets.ts';
import { Failure } from '../../model/failure.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { inetHeader, unixHeader } from '../../render/netstat/headers.ts';
import { isSelected, writeInetRow } from '../../render/netstat/inet-rows.ts';
import type { NetstatNames } from '../../render/netstat/names.ts';
import type { NetstatOptions } from '../../render/netstat/options.ts';
import { eachUnixLine } from '../../render/netstat/unix-line.ts';
import { isUnixSelected, writeUnixRow } from '../../render/netstat/unix-rows.ts';
import type { CommandContext } from '../context.ts';
import { writeNote } from '../notes.ts';
import { parseNetstatArguments } from './arguments.ts';
import { addressesOf, type NetstatTable, readTables } from './netstat-tables.ts';

/** Pause between two rounds of `-c`. */
const ROUND_MS = 1000;

/**
 * `socklens netstat TARGET FLAGS`: what `nsenter -t PID -n netstat FLAGS` prints.
 *
 * @throws {Failure}
 */
export async function netstat(context: CommandContext, args: readonly string[]): Promise<void> {
  const parsed = parseNetstatArguments(args);
  if (parsed.kind === 'help') {
    const [{ commandHelp }, { netstatCommand }] = await Promise.all([
      import('../command-help.ts'),
      import('./command.ts'),
    ]);
    context.out.write(commandHelp('netstat', netstatCommand.docs));
    return;
  }
  if (parsed.kind === 'mistake') throw new Failure('usage', `netstat: ${parsed.message} (see socklens netstat --help)`);
  const { options, operands } = parsed;
  const [target, ...others] = operands;
  if (target === undefined)
    throw new Failure(
      'usage',
      'netstat needs a TARGET: a container, pid:N, netns:NAME or host (see socklens netstat --help)',
    );
  if (others.length > 0) {
    throw new Failure(
      'usage',
      `netstat: unexpected argument "${others.join(' ')}"; it prints one network namespace (ls takes several targets)`,
    );
  }
  const handle = oneNamespace(await resolveTargets(context.machine, target));
  const names = new NetstatNameSource(context.machine);
  for (;;) {
    await printOnce(context, handle, options, names);
    if (!options.continuous) return;
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}

/** The namespace of the targets. @throws {Failure} `usage` where they are in several: their rows could not be distinguished */
function oneNamespace(handles: readonly NetnsHandle[]): NetnsHandle {
  const [first] = handles;
  if (first === undefined) throw new Failure('no-target', 'netstat: none of the targets is running');
  const { netns, name } = first.target;
  const other = handles.find(({ target }) => target.netns !== netns);
  if (other === undefined) return first;
  throw new Failure(
    'usage',
    `netstat prints one network namespace; ${name} and ${other.target.name} are in two: name one of them (ls takes several)`,
  );
}

async function printOnce(
  context: CommandContext,
  handle: NetnsHandle,
  options: NetstatOptions,
  source: NetstatNameSource,
): Promise<void> {
  const { machine, out, err } = context;
  const { tables, unix } = readTables(machine, handle, options);
  if (!options.numericHosts) await source.findHosts(addressesOf(tables, options));
  const programs = options.programs ? findPrograms(machine) : undefined;
  if (programs?.warning !== undefined) err.write(programs.warning);
  if (programs?.note !== undefined) writeNote(context, programs.note);
  const names: NetstatNames = {
    host: (address) => source.host(address),
    service: (port, proto) => source.service(port, proto),
    user: (uid) => source.user(uid),
    program: (inode) => (inode === 0 ? undefined : programs?.of(inode)),
  };
  const writer = new ByteWriter();
  const toTerminal = out.columns !== undefined;
  if (tables.length > 0) {
    writer.ascii(inetHeader(options));
    for (const table of tables) writeTable(writer, table, options, names, toTerminal);
  }
  if (unix !== undefined) {
    writer.ascii(unixHeader(options));
    const bogus = eachUnixLine(unix, (line) => {
      if (isUnixSelected(line, options)) writeUnixRow(writer, line, options, names, toTerminal);
    });
    for (let line = 0; line < bogus; line++) err.write('warning, got bogus unix line.\n');
  }
  out.write(writer.bytes());
}

function writeTable(
  writer: ByteWriter,
  table: NetstatTable,
  options: NetstatOptions,
  names: NetstatNames,
  toTerminal: boolean,
): void {
  table.rows.each((socket) => {
    if (isSelected(socket, table.kind, options)) {
      writeInetRow(writer, socket, table.kind, options, names, toTerminal);
    }
  });
}
