import zlib from 'node:zlib';
import { type Context, Hono } from 'hono';
import { Failure } from '../../model/failure.ts';
import type { PageFile } from '../../packaged/page-files.ts';
import { ownOriginOnly, withToken } from './access.ts';
import { acceptsGzip, failed, refuse } from './answers.ts';
import { apiRoutes } from './api-routes.ts';
import type { AppParts, HostsAppParts, PageParts } from './app-parts.ts';
import { hostsOnlyRoutes } from './hosts-routes.ts';
import { addEngineRoutes, type EngineParts } from './metrics-routes.ts';

/** The routes of `serve`; without a port, for tests. */
export function createApp(parts: AppParts): Hono {
  return pageApp(parts, parts, { api: apiRoutes(parts), isReady: () => parts.collector.latest !== undefined });
}

/** The routes of `serve --hosts-only`. */
export function createHostsApp(parts: HostsAppParts): Hono {
  const engines = { metrics: undefined, discovery: parts.discovery };
  return pageApp(parts, engines, { api: hostsOnlyRoutes(parts), isReady: () => true });
}

function pageApp(
  parts: PageParts,
  engines: EngineParts,
  { api, isReady }: { api: Hono; isReady: () => boolean },
): Hono {
  const app = new Hono();
  app.use(ownOriginOnly(parts.access));
  app.use(readOnly);
  app.get('/healthz', (context) => plain(context, 'ok'));
  app.get('/readyz', (context) => plain(context, isReady() ? 'ok' : 'not ready'));
  addEngineRoutes(app, engines, parts.access, parts.metricsAccess);
  app.use('/api/*', withToken(parts.access));
  app.route('/api/v1', api);
  addPage(app, parts.files);
  app.notFound((context) => refuse(context, 404, 'not-found', 'there is nothing here'));
  app.onError((error, context) => {
    if (!(error instanceof Failure) || error.kind === 'fault') parts.onError(error);
    return failed(context, error);
  });
  return app;
}

/** Refuses every method but those that only read, outside of the API. */
async function readOnly(context: Context, next: () => Promise<void>): Promise<Response | undefined> {
  const { method } = context.req;
  if (method !== 'GET' && method !== 'HEAD' && !CHANGING.test(`${method} ${context.req.path}`)) {
    context.header('Allow', 'GET, HEAD');
    return refuse(context, 405, 'usage', `${method} is not possible here`);
  }
  await next();
  return undefined;
}

/** The requests that change something. */
const CHANGING = /^(POST \/api\/v1\/(incidents|kill|limits)|(PATCH|DELETE) \/api\/v1\/incidents\/[^/]+)$/;

function plain(context: Context, text: string): Response {
  context.header('Cache-Control', 'no-store');
  return context.text(`${text}\n`, text === 'ok' ? 200 : 503);
}

/** Adds a route for each file; a path of a request never reaches the file system. */
function addPage(app: Hono, files: ReadonlyMap<string, PageFile>): void {
  for (const [name, { type, bytes, isImmutable }] of files) {
    const body = Uint8Array.from(bytes);
    const zipped = Uint8Array.from(zlib.gzipSync(body, { level: 9 }));
    const tag = `"${zlib.crc32(body).toString(16)}-${body.length}"`;
    app.get(`/${name}`, (context) => {
      context.header('Content-Type', type);
      context.header('Cache-Control', isImmutable ? 'max-age=31536000, immutable' : 'no-cache');
      context.header('ETag', tag);
      context.header('Vary', 'Accept-Encoding');
      if (context.req.header('if-none-match') === tag) return context.body(null, 304);
      if (!acceptsGzip(context)) return context.body(body);
      context.header('Content-Encoding', 'gzip');
      return context.body(zipped);
    });
  }
}
