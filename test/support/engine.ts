/**
 * A real Docker Engine for the tests: one that is reachable, or a private one that is started and
 * stopped again. Talks to it with `node:http`, so that nothing under test is needed to test it.
 *
 * `acquireEngine` is called once, by the global set-up, and tells the test files through the
 * environment; `testEngine` gives a test file what was found.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { startPrivateEngine } from './engine-private.ts';
import { enterNetns } from './enter-netns.ts';
import { machineOf } from './private-namespaces.ts';

const ENDPOINT_VARIABLE = 'SOCKLENS_TEST_ENGINE';
const IMAGE_VARIABLE = 'SOCKLENS_TEST_IMAGE';
const HOST_PID_VARIABLE = 'SOCKLENS_TEST_ENGINE_HOST';
/** Set by who runs the tests: an Engine of the machine's is left alone. */
const PRIVATE_VARIABLE = 'SOCKLENS_TEST_PRIVATE_ENGINE';
const MISSING_VARIABLE = 'SOCKLENS_TEST_ENGINE_MISSING';

/** Containers that a test file made carry it, so that a cleanup finds them. */
const LABEL = 'socklens.test';

const BUSYBOX = '/bin/busybox';

/** What `docker run` would be told. */
export interface RunOptions {
  /** One is made up when it is left out. */
  name?: string;
  /** Run with `sh -c`; programs are busybox's. `sleep 1000000` when left out. */
  script?: string;
  labels?: Record<string, string>;
  /** `bridge` (the default), `host`, `none`, `container:NAME`, or a network's name. */
  network?: string;
  ulimits?: { Name: string; Soft: number; Hard: number }[];
  /** `8080/tcp` to the host's port; 0 for any. */
  publish?: Record<string, number>;
  /** More of the API's HostConfig. */
  hostConfig?: Record<string, unknown>;
}

/** A running container. */
export interface RunningContainer {
  id: string;
  name: string;
  /** Of its first process, on this machine. */
  pid: number;
}

/** An Engine and an image to run. */
export class TestEngine {
  /** `unix:///…`: what DOCKER_HOST would be. */
  readonly endpoint: string;
  readonly image: string;
  /**
   * A process in the network that containers know as `host`: the holder of a private Engine's namespaces,
   * this process for the machine's own Engine. Process 1 does not let everybody see its namespace.
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

  /** Words before socklens, for which the target `host` is the network that containers know as `host`. */
  get asMachine(): string[] {
    return this.hostPid === process.pid ? [] : machineOf(this.hostPid);
  }

  /**
   * Moves this process and all that it starts from now on into the network that containers know as
   * `host`, from where their addresses and published ports are reached. There is no way back: a test
   * file has a process of its own.
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
      // An Engine that ends does not wait ten seconds for a shell, which takes no SIGTERM.
      StopTimeout: 0,
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

  /** A name that no other test uses. */
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

  /** Stops without the ten seconds of grace. */
  async stop(id: string): Promise<void> {
    await this.ask('POST', `/containers/${id}/stop?t=0`);
  }

  async remove(id: string): Promise<void> {
    this.#made.delete(id);
    await this.ask('DELETE', `/containers/${id}?force=1&v=1`);
  }

  /** Removes all that was made through this object. */
  async removeAll(): Promise<void> {
    await Promise.all([...this.#made].map((id) => this.remove(id).catch(() => {})));
    for (const name of this.#networks) await this.ask('DELETE', `/networks/${name}`).catch(() => {});
    this.#networks.clear();
  }

  /** Asks the API. @throws when the status is not one of success; the message has the Engine's own */
  ask(method: string, apiPath: string, body?: unknown): Promise<unknown> {
    return askEngine(this.endpoint, method, apiPath, body);
  }
}

/**
 * What the global set-up found.
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

/** An Engine for the whole run. */
export interface AcquiredEngine {
  endpoint: string;
  /** Stops what was started and removes what was made. */
  release(): Promise<void>;
}

/**
 * Finds an Engine or starts a private one, makes an image in it, and tells the test files through
 * the environment of this process, which its workers inherit.
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
      await removeContainersOf(endpoint, image);
      await askEngine(endpoint, 'DELETE', `/images/${image}?force=1`).catch(() => {});
      await started?.stop();
    },
  };
}

/** An Engine of one test file's own, which that may restart. */
export interface OwnEngine {
  docker: TestEngine;
  /** Process id of its daemon. */
  daemonPid(): number | undefined;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts an Engine with an image in it.
 *
 * @param options of dockerd, such as `--live-restore`
 * @throws when there is none
 */
export async function startOwnEngine(options: readonly string[]): Promise<OwnEngine> {
  const started = await startPrivateEngine(ping, options);
  if (typeof started === 'string') throw new Error(started);
  const image = `socklens-test:${process.pid}`;
  await importImage(started.endpoint, image);
  const { daemonPid, restart, stop } = started;
  return { docker: new TestEngine(started.endpoint, image, started.hostPid), daemonPid, restart, stop };
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

/** An image of a static busybox, or an empty one that gets the host's programs mounted. No image can be pulled. */
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

function staticBusybox(): string | undefined {
  return [BUSYBOX, '/usr/bin/busybox'].find((file) => fs.existsSync(file) && isStatic(file));
}

/** Whether an ELF64 program names no interpreter: no program header of type PT_INTERP, elf(5). */
function isStatic(file: string): boolean {
  const elf = fs.readFileSync(file);
  const headers = Number(elf.readBigUInt64LE(32));
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)];
  for (let index = 0; index < count; index++) if (elf.readUInt32LE(headers + index * size) === 3) return false;
  return true;
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
    const request = http.request({ ...where, method, path: apiPath, headers, agent: false, timeout: 60_000 });
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

/** Some answers (of an import) are a stream of JSON: those stay text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
