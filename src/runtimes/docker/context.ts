import fs from 'node:fs';
import { type EngineAddress, nonsense, parseEngineAddress, type UnusableAddress } from './engine-address.ts';
import { asObject, asObjectOrNone, asStringOrNone } from './json.ts';
import type { EngineTls } from './tls.ts';

/** Where a context leads. */
export interface ContextEndpoint {
  /** As the context writes it; the context's name where it has none. */
  uri: string;
  address: EngineAddress | UnusableAddress;
}

/** The context that means the environment and the default sockets. */
const DEFAULT = 'default';

/**
 * The name of the context that `docker` would use, from DOCKER_CONTEXT or `config.json`.
 *
 * @param folder Docker's configuration, `~/.docker`
 * @returns undefined for the default
 * @throws when `config.json` cannot be read or is not JSON
 */
export function currentContext(env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const name = env.DOCKER_CONTEXT || contextOfConfig(folder);
  return name === '' || name === DEFAULT ? undefined : name;
}

function contextOfConfig(folder: string): string {
  const text = readIfThere(`${folder}/config.json`);
  return text === undefined ? '' : asStringOrNone(asObject(JSON.parse(text), '').currentContext, 'currentContext');
}

/**
 * Where a context leads, by `contexts/meta/<SHA-256 of its name>/meta.json`:
 *
 *     {"Name": "remote", "Endpoints": {"docker": {"Host": "ssh://…", "SkipTLSVerify": false}}}
 *
 * and `contexts/tls/<SHA-256>/docker/` has its certificates.
 */
export function readContext(name: string, folder: string): ContextEndpoint {
  // Loaded here because few users have a context.
  const digest = process.getBuiltinModule('node:crypto').createHash('sha256').update(name).digest('hex');
  const file = `${folder}/contexts/meta/${digest}/meta.json`;
  try {
    const text = readIfThere(file);
    if (text === undefined) return { uri: name, address: nonsense(`is a context without ${file}`) };
    const endpoints = asObjectOrNone(asObject(JSON.parse(text), '').Endpoints, 'Endpoints');
    const docker = asObjectOrNone(endpoints.docker, 'Endpoints.docker');
    const uri = asStringOrNone(docker.Host, 'Endpoints.docker.Host');
    if (uri === '') return { uri: name, address: nonsense(`is a context without a host in ${file}`) };
    const tls = tlsOfFolder(`${folder}/contexts/tls/${digest}/docker`, docker.SkipTLSVerify !== true);
    const used = tls.ca !== undefined || tls.cert !== undefined || !tls.verify;
    return { uri, address: parseEngineAddress(uri, used ? tls : undefined) };
  } catch (error) {
    return {
      uri: name,
      address: nonsense(`is a context that cannot be read from ${file} (${(error as Error).message})`),
    };
  }
}

/** The certificates in a folder, each under the name that Docker gives it, where it exists. */
export function tlsOfFolder(folder: string, verify: boolean): EngineTls {
  const tls: EngineTls = { verify };
  for (const part of ['ca', 'cert', 'key'] as const) {
    const file = `${folder}/${part}.pem`;
    if (fs.existsSync(file)) tls[part] = file;
  }
  return tls;
}

function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
