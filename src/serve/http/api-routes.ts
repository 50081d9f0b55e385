import { type Context, Hono } from 'hono';
import { Failure } from '../../model/failure.ts';
import type { LimitsReport } from '../../model/report/limits-report.ts';
import { API_ACTIONS } from '../api/actions.ts';
import { argumentsOf } from '../api/arguments.ts';
import { containerLimits } from '../api/container-limits.ts';
import { Busy } from '../api/verb-runner.ts';
import { API_VERBS } from '../api/verbs.ts';
import { edgesAnswer, latestEdgesAnswer } from '../edges/edges-answer.ts';
import { historyAnswer } from '../kept/history-answer.ts';
import { problemOf, problemsWithin } from '../kept/stored-problems.ts';
import type { ContainerAnswer } from '../protocol/container.ts';
import { failed, json, jsonText, refuse } from './answers.ts';
import type { AppParts } from './app-parts.ts';
import { hostsRoutes } from './hosts-routes.ts';
import { incidentRoutes } from './incident-routes.ts';
import { streamAnswer } from './stream-route.ts';

/** Points of a history answer: the default and the most, as wide as a screen. */
const POINTS = { default: 600, most: 5000 };

/** Names of series and containers that a question may have. */
const MOST_NAMES = 2000;

/** Sockets that `container` lists. */
const MOST_SOCKETS = 5000;

/** The paths below `/api/v1`. */
export function apiRoutes(parts: AppParts): Hono {
  const { collector, doctor, history, session } = parts;
  const app = new Hono();
  app.get('/session', (context) => json(context, session));
  app.get('/overview', (context) => {
    const { latest } = collector;
    return latest === undefined ? notReady(context) : json(context, latest);
  });
  app.get('/problems', (context) => {
    const [fromMs, toMs] = [numberOf(context, 'from'), numberOf(context, 'to')];
    if (fromMs === undefined && toMs === undefined) return json(context, doctor.answer);
    return json(context, problemsWithin(doctor.answer, history, { fromMs: fromMs ?? 0, toMs: toMs ?? Date.now() }));
  });
  app.get('/problem', (context) => {
    const id = context.req.query('id') ?? '';
    const found = problemOf(doctor, history, id);
    return found === undefined ? refuse(context, 404, 'not-found', `no problem ${id}`) : json(context, found);
  });
  app.get('/alerts', (context) => json(context, parts.alerts?.answer ?? { receivers: [] }));
  app.get('/stream', (context) => streamAnswer(context, parts));
  app.get('/container', (context) => containerAnswer(context, parts));
  app.get('/connections', async (context) => {
    const toMs = numberOf(context, 'to') ?? Date.now();
    const fromMs = numberOf(context, 'from') ?? toMs - 3_600_000;
    if (!(fromMs < toMs)) throw new Failure('usage', 'from is not before to');
    return json(context, await parts.events.stored(context.req.query('filter') ?? '', fromMs, toMs));
  });
  app.get('/history', async (context) => {
    if (history === undefined) return refuse(context, 404, 'not-found', 'no history is kept');
    const containers = context.req.queries('container');
    const series = (context.req.queries('series') ?? ['*']).flatMap((text) => text.split(','));
    if (series.length > MOST_NAMES || (containers?.length ?? 0) > MOST_NAMES)
      throw new Failure('usage', `more than ${MOST_NAMES} names`);
    const question = { containers, series, ...timeOf(context) };
    const values = parts.storedValues ?? history;
    return json(context, await historyAnswer(history, values, question, context.req.raw.signal));
  });
  app.get('/edges', (context) => {
    const { latest } = collector;
    const container = context.req.query('container');
    const serviceOf = (port: number) => collector.serviceOf(port);
    if (history !== undefined) return json(context, edgesAnswer(history, { container, ...timeOf(context) }, serviceOf));
    const edges = parts.latestEdges();
    if (latest === undefined || edges === undefined) return notReady(context);
    return json(context, latestEdgesAnswer(edges, latest.rows, container, serviceOf));
  });
  if (parts.fleet !== undefined) app.route('/hosts', hostsRoutes(parts.fleet));
  if (parts.recorder !== undefined) app.route('/incidents', incidentRoutes(parts.recorder));
  for (const [name, verb] of Object.entries(API_VERBS))
    app.get(`/${name}`, (context) => documentAnswer(context, parts, argumentsOf(name, verb, queryOf(context))));
  for (const [name, verb] of Object.entries(API_ACTIONS)) {
    app.post(`/${name}`, (context) => {
      if (!parts.actions) return refuse(context, 403, 'forbidden', 'serve was started without --allow-actions');
      const query = queryOf(context);
      if (name === 'limits' && !query.has('set')) throw new Failure('usage', 'limits: the parameter set is missing');
      return documentAnswer(context, parts, argumentsOf(name, verb, query));
    });
  }
  return app;
}

function queryOf(context: Context): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

async function documentAnswer(context: Context, { runner }: AppParts, args: readonly string[]): Promise<Response> {
  try {
    return jsonText(context, await runner.document(args, context.req.raw.signal));
  } catch (error) {
    return error instanceof Busy ? busy(context) : failed(context, error);
  }
}

/** Everything of one row: read now, by the code of `ls` and `limits`. */
async function containerAnswer(context: Context, { collector, runner }: AppParts): Promise<Response> {
  const name = context.req.query('name') ?? '';
  const filter = context.req.query('filter')?.trim() ?? '';
  if (collector.latest === undefined) return notReady(context);
  const answer = collector.containerAnswer(name);
  if (answer === undefined) throw new Failure('no-target', `${name}: not running, or not watched`);
  const { signal } = context.req.raw;
  // What belongs to nobody is no TARGET, nor what has stopped.
  if (answer.row.status === 'stopped' || answer.row.runtime === '-' || name.startsWith('-'))
    return json(context, answer);
  const more = filter === '' ? [] : [/\s/.test(filter) ? filter : `(${filter})`];
  const listing = ['ls', '--info', '--processes', `--limit=${MOST_SOCKETS}`, '--json', targetOf(answer.row), ...more];
  try {
    const sockets = JSON.parse(await runner.document(listing, signal)) as Listing;
    const wantsLimits = context.req.query('limits') !== '0';
    const limits = wantsLimits
      ? await limitsOf(runner.document(['limits', '--json', targetOf(answer.row)], signal))
      : undefined;
    const whole: ContainerAnswer = {
      ...answer,
      ...(limits !== undefined && { limits }),
      sockets: sockets.sockets,
      matching: sockets.total?.sockets ?? sockets.sockets.length,
      maxSockets: MOST_SOCKETS,
    };
    return json(context, whole);
  } catch (error) {
    return error instanceof Busy ? busy(context) : failed(context, error);
  }
}

/** What `ls --json` prints of one target. */
interface Listing {
  sockets: NonNullable<ContainerAnswer['sockets']>;
  total?: { sockets: number };
}

/** A container is named by its id: names can be those of filters, and of several runtimes. */
function targetOf({ id, name, runtime }: ContainerAnswer['row']): string {
  return runtime === 'host' || runtime === 'netns' ? name : id;
}

/** From the document of `limits`; undefined where they cannot be read. */
async function limitsOf(reading: Promise<string>): Promise<ContainerAnswer['limits']> {
  try {
    return containerLimits(JSON.parse(await reading) as LimitsReport);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The part of time that a question is about, the last hour without parameters. */
function timeOf(context: Context): { fromMs: number; toMs: number; points: number } {
  const toMs = numberOf(context, 'to') ?? Date.now();
  const fromMs = numberOf(context, 'from') ?? toMs - 3_600_000;
  if (!(fromMs < toMs)) throw new Failure('usage', 'from is not before to');
  const points = Math.max(1, Math.min(numberOf(context, 'points') ?? POINTS.default, POINTS.most));
  return { fromMs, toMs, points };
}

function numberOf(context: Context, key: string): number | undefined {
  const text = context.req.query(key);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new Failure('usage', `${key}: "${text}" is no time in milliseconds`);
  return Number(text);
}

function notReady(context: Context): Response {
  context.header('Retry-After', '1');
  return refuse(context, 503, 'not-ready', 'the first sample is not there yet');
}

function busy(context: Context): Response {
  context.header('Retry-After', '2');
  return refuse(context, 503, 'too-many', 'too many requests at once');
}
