import manifest from '../../../package.json' with { type: 'json' };
import type { Config, ServeConfig } from '../../collect/config/config-file.ts';
import { Failure } from '../../model/failure.ts';
import { readSecret } from '../../serve/kept/private-file.ts';
import type { StoreTarget } from '../../serve/store/store-client.ts';
import { secretHeaders } from './headers.ts';
import { checkedUrl } from './push-settings.ts';

/** Options of a store as typed; undefined for one that was not given. */
export interface GivenStore {
  store: string | undefined;
  storeTokenFile: string | undefined;
  storeAs: string | undefined;
}

/** A store that history is read from. */
export interface StoreSettings {
  url: string;
  tokenFile: string | undefined;
  /** Label `instance` of this host in it; undefined for the one that has the name of this host. */
  instance: string | undefined;
  /** Where it is and what authorizes; reads the secrets. @throws {Failure} `usage`, `not-permitted`; without a secret */
  target(): StoreTarget;
}

/**
 * Settings in force: the command line before the file; undefined where there is no store.
 *
 * @param env the environment, for `store-headers-env`
 * @throws {Failure} `usage`
 */
export function storeSettings(
  given: GivenStore & { pushAs: string | undefined },
  { serve: inFile = {}, file }: Pick<Config, 'serve' | 'file'>,
  env: Readonly<Record<string, string | undefined>>,
): StoreSettings | undefined {
  const url = given.store ?? inFile.store;
  if (url === undefined) return undefined;
  const tokenFile = given.storeTokenFile ?? inFile['store-token-file'];
  const base = baseOf(url);
  return {
    url: base,
    tokenFile,
    instance: given.storeAs ?? inFile['store-as'] ?? given.pushAs ?? inFile['push-as'],
    target: () => ({
      url: base,
      headers: authorizationOf(tokenFile, inFile, file, env),
      version: manifest.version,
    }),
  };
}

/** Where the paths of the API begin: what is behind it may be written too. @throws {Failure} `usage` */
function baseOf(text: string): string {
  const url = URL.parse(checkedUrl(text, '--store'));
  if (url === null || url.search !== '' || url.hash !== '')
    throw new Failure('usage', `--store: "${text}" has more than a path; write http://HOST:PORT`);
  return url.href.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
}

/** The headers that authorize; none where nothing is configured. */
function authorizationOf(
  tokenFile: string | undefined,
  inFile: ServeConfig,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const where = (key: string) => `${file}: serve.store-${key}`;
  const named = { file: inFile['store-headers-file'], variable: inFile['store-headers-env'] };
  const headers = secretHeaders(named, env, where) ?? {};
  if (tokenFile === undefined) return headers;
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'))
    throw new Failure('usage', `${where('token-file')}: the headers have an Authorization too`);
  const token = readSecret(tokenFile);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Failure('usage', `${tokenFile}: holds no token: one line without blanks`);
  return { ...headers, authorization: `Bearer ${token}` };
}
