import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { type Discovery, targetGroups } from '../hosts/discovery.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { TEXT_FORMAT } from '../metrics/text-format.ts';
import { type AccessOptions, bears, isLoopbackHost, unauthorized } from './access.ts';
import { acceptsGzip, json, refuse } from './answers.ts';

/** Who may read `/metrics`; it may change while the server runs. */
export interface MetricsAccess {
  /** Undefined for none of its own; that of the page is good for metrics too. */
  token: string | undefined;
  /** Whether everybody may, `--metrics-open`. */
  isOpen: boolean;
  /** Whether only this machine reaches the listener: then it is open where it has no token of its own. */
  isLoopback: boolean;
}

/**
 * Refuses who may not read metrics. Without a token of their own they are open to this machine itself, as far as the
 * request came from nowhere else: a proxy that leads here passes its own name on.
 */
function withMetricsToken(page: Pick<AccessOptions, 'token'>, access: MetricsAccess): MiddlewareHandler {
  return async (context, next) => {
    const tokens = [access.token, page.token].filter((token) => token !== undefined);
    const isLocal = access.isLoopback && isLoopbackHost(context.req.header('host') ?? '');
    const isOpen = tokens.length === 0 || (access.token === undefined && (access.isOpen || isLocal));
    if (!isOpen && !tokens.some((token) => bears(context, token)))
      return unauthorized(context, 'the token is missing or wrong; it is that of --metrics-token-file');
    await next();
    return undefined;
  };
}

/** Beside what else happens: of a thousand containers it takes 25 ms. */
const gzip = promisify(zlib.gzip);

/** `/metrics`: the last tick. */
async function metricsAnswer(context: Context, metrics: Pick<Metrics, 'text'>): Promise<Response> {
  const text = metrics.text();
  if (text === undefined) {
    context.header('Retry-After', '1');
    return refuse(context, 503, 'not-ready', 'the first sample is not there yet');
  }
  context.header('Content-Type', TEXT_FORMAT);
  context.header('Cache-Control', 'no-store');
  context.header('Vary', 'Accept-Encoding');
  if (!acceptsGzip(context)) return context.body(text);
  context.header('Content-Encoding', 'gzip');
  return context.body(Uint8Array.from(await gzip(text, { level: 1 })));
}

/** What engines ask for: `/metrics`, and `/sd` for the hosts that are to be scraped. */
export interface EngineParts {
  /** Undefined where nothing is watched: then there is no `/metrics`. */
  metrics: Pick<Metrics, 'text'> | undefined;
  discovery: Discovery;
}

/** Adds the routes for engines, which have an access of their own. @param page of what else is served there */
export function addEngineRoutes(
  app: Hono,
  { metrics, discovery }: EngineParts,
  page: Pick<AccessOptions, 'token'>,
  access: MetricsAccess,
): void {
  const mayRead = withMetricsToken(page, access);
  if (metrics !== undefined) app.get('/metrics', mayRead, (context) => metricsAnswer(context, metrics));
  app.get('/sd', mayRead, (context) => json(context, targetGroups(discovery)));
}

/** The routes of `--metrics-listen`: those for engines, and nothing else. */
export function createMetricsApp(parts: EngineParts, access: MetricsAccess): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    // A name that leads here by DNS rebinding is refused where nothing else protects: Prometheus asks by any name.
    const isForeign = access.isLoopback && !isLoopbackHost(context.req.header('host') ?? '');
    if (isForeign && access.token === undefined && !access.isOpen)
      return refuse(context, 421, 'forbidden', 'this name is not known here');
    await next();
    return undefined;
  });
  addEngineRoutes(app, parts, { token: undefined }, access);
  app.notFound((context) => refuse(context, 404, 'not-found', 'only /metrics and /sd are here'));
  return app;
}
