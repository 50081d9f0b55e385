import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { clockText } from '../../base/duration.ts';
import { reasonOf } from '../../base/errno.ts';
import { safeText } from '../../base/safe-text.ts';
import { sizeText } from '../../base/size.ts';
import { Failure } from '../../model/failure.ts';
import { ByteWriter } from '../../render/byte-writer.ts';
import { SCHEMA_VERSION } from '../../render/json.ts';
import { Table } from '../../render/table.ts';
import type { Incident } from '../../sources/incidents/incident.ts';
import { IncidentFolder } from '../../sources/incidents/incident-folder.ts';
import { RecordingFile } from '../../sources/recorder/recording-file.ts';
import type { CommandContext, Format } from '../context.ts';
import { writeNote } from '../notes.ts';

/** How long a running `serve` has to take an incident: its ticks are a second apart, more where the machine is busy. */
const TAKEN_MS = 10_000;
const POLL_MS = 50;

/** `incident list`. */
export function listIncidents(context: CommandContext, folder: string, format: Format): void {
  const incidents = new IncidentFolder(folder);
  const list = incidents.list();
  if (format !== 'text') {
    writeJson(
      context,
      list.map((incident) => withFile(incident, incidents)),
      format,
    );
    return;
  }
  if (list.length === 0) {
    writeNote(context, `no incidents in ${folder}; socklens incident save keeps what a running serve has recorded`);
    return;
  }
  const table = new Table([
    { title: 'ID', align: 'left' },
    { title: 'MOMENT', align: 'left' },
    { title: 'SIZE', align: 'right', drop: 1 },
    { title: 'STATE', align: 'left' },
    { title: 'NAME', align: 'left', optional: true, shorten: 'name' },
    { title: 'CAUSE', align: 'left', drop: 2, shorten: 'name' },
  ]);
  for (const incident of list) {
    table.text(incident.id);
    table.text(momentText(incident.atMs));
    table.text(incident.state === 'saved' ? sizeText(incident.bytes) : '-');
    table.text(stateText(incident));
    table.text(incident.name);
    table.text(incident.cause);
  }
  const writer = new ByteWriter();
  table.render(writer, context.out.columns, context.out.colour);
  context.out.write(writer.bytes());
}

/**
 * `incident save`: asks the `serve` that runs on the folder, by a file in it.
 *
 * @throws {Failure} `io` where none takes it
 */
export async function saveIncident(
  context: CommandContext,
  folder: string,
  name: string,
  format: Format,
): Promise<void> {
  const incidents = new IncidentFolder(folder);
  if (!fs.existsSync(folder))
    throw new Failure('usage', `${folder}: no such folder; name that of socklens serve by --data`);
  const atMs = Date.now();
  const times = { atMs, fromMs: atMs, toMs: atMs };
  const { id } = incidents.add({ name, cause: 'by hand', isAutomatic: false, ...times }, 'wanted');
  const stop = context.stopSignal?.();
  let taken = incidents.get(id);
  for (let waited = 0; taken.state === 'wanted'; waited += POLL_MS) {
    if (waited >= TAKEN_MS || stop?.aborted) {
      incidents.delete(id);
      throw new Failure('io', `no running socklens serve uses ${folder}; start it, or name its folder by --data`);
    }
    await setTimeout(POLL_MS);
    taken = incidents.get(id);
  }
  if (taken.state === 'failed') throw new Failure('io', `${id}: ${taken.error ?? 'not saved'}`);
  if (format !== 'text') writeJson(context, [withFile(taken, incidents)], format);
  else {
    context.out.write(`${id}\n`);
    const until = clockText(new Date(taken.toMs)).slice(0, 8);
    writeNote(context, `recording until ${until}; then: socklens doctor --from ${id}`);
  }
}

/** `incident export`. @throws {Failure} `usage` for an unknown one and a file that exists, `io` while it is being recorded */
export function exportIncident(context: CommandContext, folder: string, id: string, output: string | undefined): void {
  const incidents = new IncidentFolder(folder);
  const incident = incidents.get(id);
  if (incident.state !== 'saved') throw new Failure('io', `${id}: no recording yet: ${stateText(incident)}`);
  const file = output ?? `${id}.slr`;
  RecordingFile.mayCreate(file);
  try {
    fs.copyFileSync(incidents.recordingOf(id), file, fs.constants.COPYFILE_EXCL);
    // Addresses and names may be confidential.
    fs.chmodSync(file, 0o600);
  } catch (error) {
    throw new Failure('io', `${file}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
  writeNote(context, `${file}: ${sizeText(incident.bytes)}`);
}

/** `incident rename`. @throws {Failure} `usage` for an unknown one */
export function renameIncident(folder: string, id: string, name: string): void {
  new IncidentFolder(folder).rename(id, name);
}

/** `incident delete`. @throws {Failure} `usage` for an unknown one */
export function deleteIncident(context: CommandContext, folder: string, id: string): void {
  new IncidentFolder(folder).delete(id);
  writeNote(context, `${id}: deleted`);
}

function withFile(incident: Incident, incidents: IncidentFolder) {
  return { ...incident, ...(incident.state === 'saved' && { file: incidents.recordingOf(incident.id) }) };
}

function writeJson(context: CommandContext, list: readonly object[], format: Format): void {
  if (format === 'json')
    context.out.write(`${JSON.stringify({ schema: SCHEMA_VERSION, incidents: list }, undefined, 2)}\n`);
  else for (const incident of list) context.out.write(`${JSON.stringify(incident)}\n`);
}

function stateText({ state, toMs, error }: Incident): string {
  if (state === 'recording') return `recording until ${clockText(new Date(toMs)).slice(0, 8)}`;
  if (state === 'failed') return `failed: ${safeText(error ?? '')}`;
  return state;
}

function momentText(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockText(at).slice(0, 8)}`;
}
