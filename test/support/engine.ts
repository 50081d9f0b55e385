/**
 * A real Docker Engine for the tests: the machine's, or a private one for the run. Requests use
 * `node:http` and no code under test.
 *
 * The global set-up calls `acquireEngine` once, which sets environment variables; `testEngine` reads
 * them in a test file.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { BUSYBOX, staticBusybox } from './busybox.ts';
import { startPrivateEngine } from './engine-private.ts';
import { enterNetns } from './enter-netns.ts';
import { machineOf } from './private-namespaces.ts';

const ENDPOINT_VARIABLE = 'SOCKLENS_TEST_ENGINE';
const IMAGE_VARIABLE = 'SOCKLENS_TEST_IMAGE';
const HOST_PID_VARIABLE = 'SOCKLENS_TEST_ENGINE_HOST';
/** Set by the user to start a private Engine although the machine has one. */
const PRIVATE_VARIABLE = 'SOCKLENS_TEST_PRIVATE_ENGINE';
const MISSING_VARIABLE = 'SOCKLENS_TEST_ENGINE_MISSING';

/** Label of the tests' containers, for cleaning up by hand. */
const LABEL = 'socklens.test';

/** Options of `docker run`. */
export interface RunOptions {
  /** Default: a unique name. */
  name?: string;
  /** Script for busybox's `sh -c`; default `sleep 1000000`. */
  script?: string;
  labels?: Record<string, string>;
  /** `UID` of its processes; default root. */
  user?: string;
  /** `bridge` (the default), `host`, `none`, `container:NAME`, or a network's name. */
  network?: string;
  ulimits?: { Name: string; Soft: number; Hard: number }[];
  /** Host port for each container port, such as `8080/tcp`; 0 for any. */
  publish?: Record<string, number>;
  /** Further fields of the API's HostConfig. */
  hostConfig?: Record<string, unknown>;
}

/** A running container. */
export interface RunningContainer {
  id: string;
  name: string;
  /** Process id of its first process, in the host's pid namespace. */
  pid: number;
}

/** An Engine with an image for the tests. */
export class TestEngine {
  /** Value for DOCKER_HOST: `unix:///…`. */
  readonly endpoint: string;
  readonly image: string;
  /**
   * A process in the network namespace that is `--network host` for containers: the holder of a private
   * Engine's namespaces, or this process for the machine's Engine. Not process 1, whose namespace file
   * only root may read.
   */
  readonly hostPid: number;
  readonly #made = new Set<string>();
  readonly #networks = new Set<string>();
  #counter = 0;

  constructor(endpoint: string, image: string, hostPid: number) {
    this.endpoint = endpoint;
    this.image = image;
    this.hostPid = hostPid;
  }

  /** Command prefix that makes the containers' `--network host` the target `host` of socklens. */
  get asMachine(): string[] {
    return this.hostPid === process.pid ? [] : machineOf(this.hostPid);
  }

  /**
   * Moves this process and its future children into the containers' `--network host`, from where their
   * addresses and published ports are reachable. For the rest of the test file, which has its own process.
   */
  enterHostNetwork(): void {
    if (this.hostPid !== process.pid) enterNetns(`/proc/${this.hostPid}/ns/net`);
  }

  /** Creates and starts a container. */
  async run(options: RunOptions = {}): Promise<RunningContainer> {
    const name = options.name ?? this.uniqueName();
    const id = await this.create(name, options);
    await this.ask('POST', `/containers/${id}/start`);
    const { State } = (await this.ask('GET', `/containers/${id}/json`)) as { State: { Pid: number } };
    return { id, name, pid: State.Pid };
  }

  /** Creates a container and does not start it. @returns its id */
  async create(name: string, options: RunOptions = {}): Promise<string> {
    const published = Object.entries(options.publish ?? {});
    const { Id } = (await this.ask('POST', `/containers/create?name=${name}`, {
      Image: this.image,
      Cmd: [BUSYBOX, 'sh', '-c', options.script ?? 'exec /bin/busybox sleep 1000000'],
      // A shell as process 1 ignores SIGTERM, and a stopping Engine would wait ten seconds for it.
      StopTimeout: 0,
      User: options.user ?? '',
      Labels: { [LABEL]: String(process.pid), ...options.labels },
      ExposedPorts: Object.fromEntries(published.map(([port]) => [port, {}])),
      HostConfig: {
        NetworkMode: options.network ?? 'bridge',
        Ulimits: options.ulimits ?? [],
        Init: false,
        PortBindings: Object.fromEntries(
          published.map(([port, host]) => [port, [{ HostIp: '127.0.0.1', HostPort: String(host) }]]),
        ),
        ...hostMounts(),
        ...options.hostConfig,
      },
    })) as { Id: string };
    this.#made.add(Id);
    return Id;
  }

  /** A name that is unique among test files. */
  uniqueName(prefix = 'sltest'): string {
    return `${prefix}-${process.pid}-${this.#counter++}`;
  }

  /** Creates a user-defined bridge network. @returns its name */
  async createNetwork(options: Record<string, unknown> = {}): Promise<string> {
    const name = this.uniqueName('slnet');
    await this.ask('POST', '/networks/create', { Name: name, Driver: 'bridge', ...options });
    this.#networks.add(name);
    return name;
  }

  /** Stops a container with SIGKILL at once. */
  async stop(id: string): Promise<void> {
    await this.ask('POST', `/containers/${id}/stop?t=0`);
  }

  async remove(id: string): Promise<void> {
    this.#made.delete(id);
    await this.ask('DELETE', `/containers/${id}?force=1&v=1`);
  }

  /** Removes all containers and networks that were made through this object. */
  async removeAll(): Promise<void> {
    await Promise.all([...this.#made].map((id) => this.remove(id).catch(() => {})));
    for (const name of this.#networks) await this.ask('DELETE', `/networks/${name}`).catch(() => {});
    this.#networks.clear();
  }

  /** Sends a request to the API. @throws for a status outside 200 to 299, with the Engine's message */
  ask(method: string, apiPath: string, body?: unknown): Promise<unknown> {
    return askEngine(this.endpoint, method, apiPath, body);
  }
}

/**
 * The Engine that the global set-up found or started.
 *
 * @returns a reason instead of an Engine when there is none
 * @throws where the variable CI is set and there is none
 */
export function testEngine(): TestEngine | string {
  const endpoint = process.env[ENDPOINT_VARIABLE];
  const image = process.env[IMAGE_VARIABLE];
  const hostPid = Number(process.env[HOST_PID_VARIABLE] ?? process.pid);
  if (endpoint !== undefined && image !== undefined) return new TestEngine(endpoint, image, hostPid);
  const reason = process.env[MISSING_VARIABLE] ?? 'no Docker Engine: the global set-up did not run';
  if (process.env.CI) throw new Error(`${reason}; CI is set, so its tests may not be skipped`);
  return reason;
}

/** The Engine of the whole test run. */
export interface AcquiredEngine {
  endpoint: string;
  /** Removes the tests' containers and image, and stops a private Engine. */
  release(): Promise<void>;
}

/**
 * Finds an Engine or starts a private one, imports the image, and sets the environment variables that
 * the workers inherit.
 *
 * @returns the reason when there is no Engine and none can be started
 */
export async function acquireEngine(): Promise<AcquiredEngine | string> {
  const found = await findEngine();
  const started = found === undefined ? await startPrivateEngine(ping) : undefined;
  if (typeof started === 'string') {
    process.env[MISSING_VARIABLE] = started;
    return started;
  }
  const endpoint = found ?? started?.endpoint ?? '';
  const image = `socklens-test:${process.pid}`;
  try {
    await importImage(endpoint, image);
  } catch (error) {
    await started?.stop();
    throw error;
  }
  process.env[ENDPOINT_VARIABLE] = endpoint;
  process.env[IMAGE_VARIABLE] = image;
  if (started !== undefined) process.env[HOST_PID_VARIABLE] = String(started.hostPid);
  return {
    endpoint,
    async release() {
      try {
        await removeContainersOf(endpoint, image);
        await askEngine(endpoint, 'DELETE', `/images/${image}?force=1`).catch(() => {});
      } finally {
        await started?.stop();
      }
    },
  };
}

/** A private Engine of one test file, which may restart it. */
export interface OwnEngine {
  docker: TestEngine;
  /** Process id of its daemon. */
  daemonPid(): number | undefined;
  /** Stops the daemon, and with it the containers, unless it was started with `--live-restore`; all of them stay. */
  down(): Promise<void>;
  /** Starts the daemon again. */
  up(): Promise<void>;
  /** One after the other. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a private Engine and imports the image.
 *
 * @param options of dockerd, such as `--live-restore`
 * @throws when it cannot be started
 */
export async function startOwnEngine(options: readonly string[]): Promise<OwnEngine> {
  const started = await startPrivateEngine(ping, options);
  if (typeof started === 'string') throw new Error(started);
  const image = `socklens-test:${process.pid}`;
  await importImage(started.endpoint, image);
  return { ...started, docker: new TestEngine(started.endpoint, image, started.hostPid) };
}

async function findEngine(): Promise<string | undefined> {
  if (process.env[PRIVATE_VARIABLE]) return undefined;
  const candidates = [process.env.DOCKER_HOST, 'unix:///var/run/docker.sock'];
  for (const candidate of candidates) if (candidate && (await ping(candidate))) return candidate;
  return undefined;
}

async function ping(endpoint: string): Promise<boolean> {
  return askEngine(endpoint, 'GET', '/_ping').then(
    () => true,
    () => false,
  );
}

async function removeContainersOf(endpoint: string, image: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ ancestor: [image] }));
  const list = (await askEngine(endpoint, 'GET', `/containers/json?all=1&filters=${filters}`)) as { Id: string }[];
  await Promise.all(
    list.map(({ Id }) => askEngine(endpoint, 'DELETE', `/containers/${Id}?force=1&v=1`).catch(() => {})),
  );
}

/** Imports an image of a static busybox, or an empty image with the host's programs mounted. Nothing is pulled. */
async function importImage(endpoint: string, image: string): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-image-'));
  try {
    for (const name of ['bin', 'lib', 'lib64', 'usr', 'tmp', 'etc', 'dev', 'proc', 'sys']) {
      fs.mkdirSync(`${folder}/${name}`);
    }
    const busybox = staticBusybox();
    if (busybox !== undefined) fs.copyFileSync(busybox, `${folder}${BUSYBOX}`);
    const tar = execFileSync('tar', ['-C', folder, '--owner=0', '--group=0', '-c', '.'], { maxBuffer: 1 << 28 });
    const [repository, tag] = image.split(':');
    await askEngine(endpoint, 'POST', `/images/create?fromSrc=-&repo=${repository}&tag=${tag}`, tar);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function hostMounts(): { Binds?: string[] } {
  if (staticBusybox() !== undefined) return {};
  const folders = ['/usr', '/lib', '/lib64', '/bin'].filter((folder) => fs.existsSync(folder));
  return { Binds: folders.map((folder) => `${folder}:${folder}:ro`) };
}

function askEngine(endpoint: string, method: string, apiPath: string, body?: unknown): Promise<unknown> {
  const url = new URL(endpoint);
  const where =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: Number(url.port || 2375) };
  const isTar = body instanceof Buffer;
  const content = body === undefined || isTar ? body : JSON.stringify(body);
  const type = isTar ? 'application/x-tar' : 'application/json';
  return new Promise((resolve, reject) => {
    const headers = content === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) };
    const request = http.request({ ...where, method, path: apiPath, headers, agent: false, timeout: 240_000 });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${method} ${apiPath}: no answer in a minute`)));
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 299) reject(new Error(`${method} ${apiPath}: ${status} ${text.trim()}`));
        else resolve(response.headers['content-type'] === 'application/json' ? parseJson(text) : text);
      });
    });
    request.end(content);
  });
}

/** Answers that are a stream of JSON objects, such as an import's, are returned as text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
