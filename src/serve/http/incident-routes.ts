import fs from 'node:fs';
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import { Failure } from '../../model/failure.ts';
import type { FlightRecorder } from '../../sources/incidents/flight-recorder.ts';
import type { IncidentsAnswer } from '../protocol.ts';
import { json } from './answers.ts';

/** Characters of a name. */
const LONGEST_NAME = 200;

/** Bytes of the body of a request: a name. */
const MOST_BYTES = 4096;

/** The paths below `/api/v1/incidents`: list, save, rename, delete, download. */
export function incidentRoutes(recorder: FlightRecorder): Hono {
  const app = new Hono();
  const { incidents } = recorder;
  const known = (context: Context) => {
    const incident = incidents.find(context.req.param('id') ?? '');
    if (incident === undefined) throw new Failure('no-target', 'no such incident');
    return incident;
  };
  app.get('/', (context) => json(context, incidentsAnswer(recorder)));
  app.post('/', async (context) => {
    const name = await nameOf(context);
    const incident = recorder.save({ cause: 'by hand', isAutomatic: false, ...(name !== undefined && { name }) });
    context.status(201);
    return json(context, incident);
  });
  app.get('/:id', (context) => json(context, known(context)));
  app.patch('/:id', async (context) => {
    const name = await nameOf(context);
    if (name === undefined) throw new Failure('usage', 'the name is missing: {"name": "…"}');
    return json(context, incidents.rename(known(context).id, name));
  });
  app.delete('/:id', (context) => {
    incidents.delete(known(context).id);
    return context.body(null, 204);
  });
  app.get('/:id/recording', (context) => {
    const { id, state } = known(context);
    if (state !== 'saved') throw new Failure('no-target', `incident ${id} is not recorded yet: ${state}`);
    const file = incidents.recordingOf(id);
    const { size } = fs.statSync(file);
    context.header('Content-Type', 'application/octet-stream');
    context.header('Content-Length', String(size));
    context.header('Content-Disposition', `attachment; filename="socklens-${id}.slr"`);
    context.header('Cache-Control', 'no-store');
    return context.body(Readable.toWeb(fs.createReadStream(file)) as ReadableStream);
  });
  return app;
}

function incidentsAnswer({ incidents, notKept, bytes, fromMs, options }: FlightRecorder): IncidentsAnswer {
  const { keepMs, maxBytes, maxIncidents, maxIncidentBytes, incidentMs } = options;
  const ring = { bytes, maxBytes, keepMs, ...(fromMs !== undefined && { fromMs }) };
  return { incidents: incidents.list(), notKept, ring, maxIncidents, maxIncidentBytes, incidentMs };
}

/** The name in the body of a request; undefined for an empty body. @throws {Failure} `usage` */
async function nameOf(context: Context): Promise<string | undefined> {
  const text = await bodyOf(context);
  if (text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure('usage', 'the body is no JSON', { cause: error });
  }
  const name = (value as { name?: unknown } | null)?.name;
  if (name === undefined) return undefined;
  if (typeof name !== 'string' || name.length > LONGEST_NAME)
    throw new Failure('usage', `name: a text of at most ${LONGEST_NAME} characters`);
  return name;
}

/** @throws {Failure} `usage` for one that is too long, which is not read to its end */
async function bodyOf(context: Context): Promise<string> {
  const reader = context.req.raw.body?.getReader();
  if (reader === undefined) return '';
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const piece = next.value as Uint8Array;
    length += piece.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      throw new Failure('usage', 'the body is too long');
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
