import { createHash, timingSafeEqual } from 'node:crypto';
import net from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import { refuse } from './answers.ts';

/** Who may ask; it may change while the server runs. */
export interface AccessOptions {
  /** Undefined where none is needed: `--no-token`, on loopback alone. */
  token: string | undefined;
  /** Names and addresses of this server beside loopback, lower case: the bound address, `--allow-host`. */
  hosts: ReadonlySet<string>;
  /** Whether it is bound to every address, so that each address of the machine is its own. */
  anyAddress: boolean;
}

/** Headers of every answer: nothing of another origin is loaded, and no other origin may read or frame an answer. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/**
 * Refuses what no page of this server and no script with its token asks: another `Host` (DNS rebinding), a foreign
 * origin, a foreign site that is more than a link to the page.
 */
export function ownOriginOnly(options: AccessOptions): MiddlewareHandler {
  return async (context, next) => {
    const refused = foreign(context, options);
    if (refused === undefined) await next();
    else context.res = refused;
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
  };
}

function foreign(context: Context, options: AccessOptions): Response | undefined {
  const host = context.req.header('host') ?? '';
  if (!isOwnHost(host, options))
    return refuse(context, 421, 'forbidden', 'this name is not known here; name it with --allow-host');
  const origin = context.req.header('origin');
  if (origin !== undefined && !isOwnOrigin(origin, host))
    return refuse(context, 403, 'forbidden', 'requests of other origins are refused');
  const site = context.req.header('sec-fetch-site');
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  // Other ports of this machine are the same site: they are the containers that are watched.
  const isLink = context.req.header('sec-fetch-mode') === 'navigate' && context.req.path === '/';
  if (!isOwnSite && !isLink) return refuse(context, 403, 'forbidden', 'requests of other sites are refused');
  return undefined;
}

/** Whether a `Host` header names this server. Its port may differ: a forwarded one is another. */
export function isOwnHost(header: string, { hosts, anyAddress }: Pick<AccessOptions, 'hosts' | 'anyAddress'>): boolean {
  const name = hostName(header);
  if (name === undefined) return false;
  if (isLoopbackName(name) || hosts.has(name)) return true;
  // An attacker's name can be made to resolve to this address, but never be an address itself.
  return anyAddress && net.isIP(name) !== 0;
}

/** Whether a `Host` header names this machine for itself, as no proxy and no other machine does. */
export function isLoopbackHost(header: string): boolean {
  return isLoopbackName(hostName(header) ?? '');
}

function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return match === null ? undefined : (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '');
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || (net.isIPv4(name) && name.startsWith('127.'));
}

function isOwnOrigin(origin: string, host: string): boolean {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  return match?.[1]?.toLowerCase() === host.toLowerCase();
}

/** Refuses requests without the token, in a time that does not depend on how much of it is right. */
export function withToken(access: Pick<AccessOptions, 'token'>): MiddlewareHandler {
  return async (context, next) => {
    if (access.token !== undefined && !bears(context, access.token))
      return unauthorized(context, 'the token is missing or wrong; socklens serve --link prints the link');
    await next();
    return undefined;
  };
}

/** Whether a request has a token. */
export function bears(context: Context, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** The answer to a request without the right token. */
export function unauthorized(context: Context, message: string): Response {
  context.header('WWW-Authenticate', 'Bearer');
  return refuse(context, 401, 'unauthorized', message);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
