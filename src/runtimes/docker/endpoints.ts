import fs from 'node:fs';
import { currentContext, readContext, tlsOfFolder } from './context.ts';
import type { EngineEndpoint } from './engine-address.ts';
import { nonsense, parseEngineAddress } from './engine-address.ts';
import { locate, type MachineNames, THIS_MACHINE } from './this-machine.ts';

/** The socket that Docker's Engine listens on. */
const DOCKER_SOCKET = '/var/run/docker.sock';

/** The socket where Podman's service offers the Docker Engine's API. */
const PODMAN_SOCKET = '/run/podman/podman.sock';

/**
 * Where Engines may listen, in the order in which they are asked. Nothing is connected to.
 *
 * For Docker DOCKER_HOST, else the context of DOCKER_CONTEXT or `config.json`, else the default sockets,
 * including the rootless one. For Podman CONTAINER_HOST, else its default sockets. An address on another
 * machine is included, and asking it fails with the reason.
 *
 * @param env the environment
 * @param home the user's home folder, which has `.docker`
 */
export function dockerEndpoints(
  env: NodeJS.ProcessEnv,
  home: string,
  machine: MachineNames = THIS_MACHINE,
): EngineEndpoint[] {
  const endpoints = [...ofDocker(env, home), ...ofPodman(env)].map((endpoint): EngineEndpoint => {
    const { address } = endpoint;
    return address.kind === 'unusable' ? endpoint : { ...endpoint, address: locate(address, machine) };
  });
  return withoutRepetition(endpoints);
}

/**
 * The sockets of users' own Engines that are there and may be looked up: rootless Docker and Podman. None where a setting
 * names the Engine.
 *
 * @param run folder with a folder for each user who is logged in, pam_systemd(8)
 */
export function userEndpoints(env: NodeJS.ProcessEnv, home: string, run: string): EngineEndpoint[] {
  const files = [
    ...(ofDocker(env, home).every(({ source }) => source === 'default') ? ['docker.sock'] : []),
    ...(env.CONTAINER_HOST ? [] : ['podman/podman.sock']),
  ];
  return foldersIn(run).flatMap((folder) =>
    files
      .map((file) => `${run}/${folder}/${file}`)
      .filter(isThere)
      .map((path) => endpoint('docker', `unix://${path}`, 'default')),
  );
}

/** Names of entries, which are uids; empty where there are none. */
function foldersIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function ofDocker(env: NodeJS.ProcessEnv, home: string): EngineEndpoint[] {
  const folder = env.DOCKER_CONFIG || `${home}/.docker`;
  const host = env.DOCKER_HOST;
  if (host) return [endpoint('docker', host, 'DOCKER_HOST', tlsOfEnvironment(env, folder))];
  const context = contextEndpoint(env, folder);
  if (context !== undefined) return [context];
  const sockets = [DOCKER_SOCKET];
  if (env.XDG_RUNTIME_DIR) sockets.push(`${env.XDG_RUNTIME_DIR}/docker.sock`);
  return sockets.map((path) => endpoint('docker', `unix://${path}`, 'default'));
}

function contextEndpoint(env: NodeJS.ProcessEnv, folder: string): EngineEndpoint | undefined {
  let name: string | undefined;
  try {
    name = currentContext(env, folder);
  } catch (error) {
    const reason = `does not name the current context (${(error as Error).message})`;
    return { runtime: 'docker', uri: `${folder}/config.json`, source: 'configuration', address: nonsense(reason) };
  }
  if (name === undefined) return undefined;
  const { uri, address } = readContext(name, folder);
  return { runtime: expectedAt(uri, 'docker'), uri, source: `context ${JSON.stringify(name)}`, address };
}

function ofPodman(env: NodeJS.ProcessEnv): EngineEndpoint[] {
  const host = env.CONTAINER_HOST;
  if (host) return [endpoint('podman', host, 'CONTAINER_HOST')];
  const sockets = [PODMAN_SOCKET];
  if (env.XDG_RUNTIME_DIR) sockets.push(`${env.XDG_RUNTIME_DIR}/podman/podman.sock`);
  return sockets.map((path) => endpoint('podman', `unix://${path}`, 'default'));
}

function endpoint(
  runtime: EngineEndpoint['runtime'],
  uri: string,
  source: string,
  tls?: ReturnType<typeof tlsOfEnvironment>,
): EngineEndpoint {
  return { runtime: expectedAt(uri, runtime), uri, source, address: parseEngineAddress(uri, tls) };
}

function expectedAt(uri: string, otherwise: EngineEndpoint['runtime']): EngineEndpoint['runtime'] {
  return uri.endsWith('/podman.sock') ? 'podman' : otherwise;
}

/** DOCKER_TLS_VERIFY, whatever its value, and DOCKER_TLS turn TLS on, as for the `docker` program. */
function tlsOfEnvironment(env: NodeJS.ProcessEnv, folder: string) {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !env.DOCKER_TLS) return undefined;
  return tlsOfFolder(env.DOCKER_CERT_PATH || folder, verify);
}

/** Docker's socket may be a link to Podman's: each socket is asked once. */
function withoutRepetition(endpoints: readonly EngineEndpoint[]): EngineEndpoint[] {
  const seen = new Set<string>();
  return endpoints.filter(({ uri, address }) => {
    const key = address.kind === 'unix' ? realPath(address.path) : uri;
    return !seen.has(key) && seen.add(key);
  });
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}
