import { type Context, Hono } from 'hono';
import { Failure } from '../../model/failure.ts';
import type { Fleet } from '../hosts/fleet.ts';
import { json } from './answers.ts';
import type { HostsAppParts } from './app-parts.ts';
import { noticeStream } from './stream-route.ts';

/** Longest name of a host or a peer that is asked for. */
const LONGEST = 500;

/** The paths below `/api/v1/hosts`: what a store has of many hosts. */
export function hostsRoutes(fleet: Fleet): Hono {
  const app = new Hono();
  app.get('/', async (context) => json(context, await fleet.hosts()));
  app.get('/containers', async (context) => json(context, await fleet.containers(nameOf(context, 'host'))));
  app.get('/peers', async (context) => json(context, await fleet.peers(nameOf(context, 'name') ?? '')));
  return app;
}

/** The paths below `/api/v1` of a page of many hosts alone. */
export function hostsOnlyRoutes({ fleet, session, streams }: HostsAppParts): Hono {
  const app = new Hono();
  app.get('/session', (context) => json(context, session));
  app.get('/stream', (context) => noticeStream(context, streams));
  app.route('/hosts', hostsRoutes(fleet));
  return app;
}

function nameOf(context: Context, key: string): string | undefined {
  const text = context.req.query(key)?.trim();
  if (text !== undefined && text.length > LONGEST)
    throw new Failure('usage', `${key}: longer than ${LONGEST} characters`);
  return text === '' ? undefined : text;
}
