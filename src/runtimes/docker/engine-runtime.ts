import fs from 'node:fs';
import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { type Runtime, RuntimeError, type RuntimeListener } from '../runtime.ts';
import { Silence } from '../silence.ts';
import { readContainerDetails, readContainerList } from './container-json.ts';
import type { EngineEndpoint } from './engine-address.ts';
import { followEngineEvents } from './engine-events.ts';
import { asRuntimeError, printable } from './failures.ts';
import { get } from './get.ts';
import { HTTP_LIMITS, type HttpAnswer, type HttpLimits } from './http.ts';
import type { ConnectUnix } from './unix-stream.ts';

/** Default time limit of a request with its answer, milliseconds. */
const DEADLINE_MS = 5000;

/** Options of the requests to an Engine. */
export interface EngineOptions {
  /** Time limit of a request with its answer, milliseconds; default 5000. */
  deadlineMs?: number;
  /** Connects to a UNIX socket with system calls, which starts faster; Node's HTTP client is used otherwise. */
  connectUnix?: ConnectUnix;
  limits?: HttpLimits;
}

/** Valid names in Docker and Podman; matches full ids too. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const ID_PREFIX = /^[0-9a-f]{1,64}$/;

/**
 * A runtime that speaks the Docker Engine's API: Docker, or Podman, of which `podman/` knows more.
 *
 * Paths carry no version, so that an Engine of any version answers. The answer's header says which of the two
 * it is: Podman may listen on Docker's socket.
 */
export class EngineRuntime implements Runtime {
  readonly endpoint: string;
  readonly #endpoint: EngineEndpoint;
  readonly #deadlineMs: number;
  readonly #connectUnix: ConnectUnix | undefined;
  readonly #limits: HttpLimits;
  readonly #silence = new Silence();
  #name: string;

  constructor(endpoint: EngineEndpoint, options: EngineOptions = {}) {
    this.endpoint = endpoint.uri;
    this.#endpoint = endpoint;
    this.#name = endpoint.runtime;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#connectUnix = options.connectUnix;
    this.#limits = options.limits ?? HTTP_LIMITS;
  }

  /** What the address suggests, until the first answer. */
  get name(): string {
    return this.#name;
  }

  async list(): Promise<ContainerFacts[]> {
    return this.#list('/containers/json');
  }

  async find(name: string): Promise<ContainerDetails[]> {
    const wanted = name.startsWith('/') ? name.slice(1) : name;
    // Other text is never a name, and could change the path of the request.
    if (!NAME.test(wanted)) return [];
    const found = await this.#inspect(wanted);
    if (found !== undefined && !(found instanceof RuntimeError)) return [found];
    // No container has that name or is the only one with that id prefix; several may have it.
    const several = ID_PREFIX.test(wanted) ? await this.#findByPrefix(wanted) : [];
    if (several.length === 0 && found !== undefined) throw found;
    return several;
  }

  async version(): Promise<string> {
    return this.#ask('/version', (answer) => {
      if (answer.status !== 200) throw this.#failed(answer);
      const { Version: version } = (parseJson(answer) ?? {}) as { Version?: unknown };
      return typeof version === 'string' ? version : '';
    });
  }

  follow(listener: RuntimeListener): () => void {
    const { address } = this.#endpoint;
    // `list` reports the reason.
    if (address.kind === 'unusable') return () => {};
    return followEngineEvents(address, this.#limits, {
      changed: () => {
        this.#silence.end();
        listener.changed();
      },
      refused: (answer) => listener.lost(this.#failed(answer)),
      failed: (error) => listener.lost(this.#runtimeError(error)),
      ended: () => listener.lost(undefined),
    });
  }

  async #findByPrefix(prefix: string): Promise<ContainerDetails[]> {
    const details: ContainerDetails[] = [];
    for (const { id } of await this.#list('/containers/json?all=1')) {
      if (!id.startsWith(prefix)) continue;
      const container = await this.#inspect(id);
      if (container instanceof RuntimeError) throw container;
      // One that was removed in the meantime is left out.
      if (container !== undefined) details.push(container);
    }
    return details;
  }

  async #list(path: string): Promise<ContainerFacts[]> {
    return this.question(path, (json) => readContainerList(json, this.#name));
  }

  /**
   * @returns undefined when there is no such container; an error for status 500, which Docker 20.10
   *   gives to a prefix of several ids as well (others may give 400 or 404)
   */
  async #inspect(name: string): Promise<ContainerDetails | RuntimeError | undefined> {
    return this.#ask(`/containers/${name}/json`, (answer) => {
      if (answer.status === 404 || answer.status === 400) return undefined;
      if (answer.status === 500) return this.#failed(answer);
      if (answer.status !== 200) throw this.#failed(answer);
      return readContainerDetails(parseJson(answer), this.#name);
    });
  }

  /**
   * Asks one question of the API.
   *
   * @param path with its query, percent-encoded
   * @param read makes the result from the answer's JSON
   * @throws {RuntimeError} also for a status that is not 200
   */
  async question<T>(path: string, read: (json: unknown) => T): Promise<T> {
    return this.#ask(path, (answer) => {
      if (answer.status !== 200) throw this.#failed(answer);
      return read(parseJson(answer));
    });
  }

  async #ask<T>(path: string, read: (answer: HttpAnswer) => T): Promise<T> {
    return this.#silence.unless(() => this.#askNow(path, read));
  }

  async #askNow<T>(path: string, read: (answer: HttpAnswer) => T): Promise<T> {
    try {
      const { address, source } = this.#endpoint;
      if (address.kind === 'unusable') {
        const what = `${this.#name}: ${printable(this.endpoint)} (${printable(source)})`;
        throw new RuntimeError(address.error, this.endpoint, `${what} ${address.reason}`);
      }
      if (address.kind === 'unix' && isMissing(address.path)) throw MISSING;
      const answer = await get(address, path, {
        deadlineMs: this.#deadlineMs,
        limits: this.#limits,
        connectUnix: this.#connectUnix,
      });
      this.#name = runtimeOfAnswer(answer) ?? this.#name;
      return read(answer);
    } catch (error) {
      throw this.#runtimeError(error);
    }
  }

  #runtimeError(error: unknown): RuntimeError {
    return asRuntimeError(error, { runtime: this.#name, endpoint: this.endpoint, deadlineMs: this.#deadlineMs });
  }

  /** The error for an answer with an error status. */
  #failed({ status, body }: HttpAnswer): RuntimeError {
    const at = `${this.#name}: ${printable(this.endpoint)}`;
    const why = printable(engineMessage(body));
    return new RuntimeError(
      'nonsense',
      this.endpoint,
      `${at} answered with status ${status} (${why}); see the Engine's log`,
    );
  }
}

/** The error that connecting would throw. The check spares connecting to the default sockets that do not exist. */
const MISSING = { code: 'ENOENT' };

/** @throws an error with an errno's name in `code` when the folder may not be searched */
function isMissing(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Podman identifies itself as Libpod. */
function runtimeOfAnswer({ headers }: HttpAnswer): 'podman' | 'docker' | undefined {
  const server = headers.get('server') ?? '';
  if (headers.has('libpod-api-version') || server.startsWith('Libpod/')) return 'podman';
  return server.startsWith('Docker/') ? 'docker' : undefined;
}

/** @throws {SyntaxError} */
function parseJson({ body }: HttpAnswer): unknown {
  return JSON.parse(body.toString('utf8'));
}

/** The text of `{"message": "…"}`; another body as it is. */
function engineMessage(body: Buffer): string {
  const text = body.toString('utf8', 0, 4096).trim();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
