/** How the page is served: whoever watches this machine or many hosts does it alike. */
import fs from 'node:fs';
import os from 'node:os';
import { formatEndpoint } from '../../base/endpoint-text.ts';
import { reasonOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import type { AccessOptions } from '../../serve/http/access.ts';
import type { ListenOptions } from '../../serve/http/listen.ts';
import { newToken, tokenOf, writeRunning } from '../../serve/kept/token.ts';
import type { CommandContext } from '../context.ts';
import { writeNote } from '../notes.ts';
import { linkOf } from './link.ts';
import type { ServeSettings } from './settings.ts';

/** Who may look. @throws {Failure} for a file of the token that cannot be used */
export function accessOf({ tokenFile, noToken, allowHosts, listen: { address, isAny } }: ServeSettings): AccessOptions {
  const token = noToken ? undefined : tokenFile === undefined ? newToken() : tokenOf(tokenFile);
  return { token, hosts: new Set([address, ...allowHosts].map((name) => name.toLowerCase())), anyAddress: isAny };
}

/** Where the page is for browsers, where nothing else is configured. @param port that it got, where any was wanted */
export function pageUrlOf({ listen: { address, isAny, port: wanted }, tls }: ServeSettings, port = wanted): string {
  return `${tls === undefined ? 'http' : 'https'}://${formatEndpoint(isAny ? os.hostname() : address, port)}`;
}

/** Certificate and key of the settings, as text; undefined for plain HTTP. @throws {Failure} */
export function tlsOf({ tls }: ServeSettings): ListenOptions['tls'] {
  return tls && { cert: readPem(tls.cert), key: readPem(tls.key) };
}

/** Prints the link, and writes it where `serve --link` finds it. @param port that it listens on */
export function announce(
  context: CommandContext,
  settings: ServeSettings,
  { token }: AccessOptions,
  port: number,
): void {
  const { listen: address, tls, data } = settings;
  const url = `${tls === undefined ? 'http' : 'https'}://${formatEndpoint(address.address, port)}`;
  writeRunning(data, { url, pid: process.pid, ...(token !== undefined && { token }) });
  // The output of a service is the journal, which others may read.
  const isShown = settings.tokenFile === undefined && token !== undefined;
  context.out.write(`${linkOf({ url, ...(isShown && { token }) })}\n`);
  if (!address.isLoopback && tls === undefined)
    writeNote(
      context,
      `${url} is plain HTTP: who is between it and the browser reads the token; pass --tls-cert and --tls-key`,
    );
}

function readPem(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure('usage', `${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
