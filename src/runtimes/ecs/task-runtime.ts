import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import type { EngineAddress } from '../docker/engine-address.ts';
import { connectionFailure, printable } from '../docker/failures.ts';
import { get } from '../docker/get.ts';
import { DeadlineError, HttpError, type HttpLimits } from '../docker/http.ts';
import { ShapeError } from '../docker/json.ts';
import { type Runtime, RuntimeError } from '../runtime.ts';
import { readTask } from './task-metadata.ts';

/** Time limit of a request with its answer, milliseconds. The endpoint is on the same machine. */
const DEADLINE_MS = 2000;

/** A task has at most ten containers. */
const LIMITS: HttpLimits = { header: 64 * 1024, body: 4 * 1024 * 1024 };

/**
 * The task that socklens runs in, by its metadata endpoint: the only one that can be asked in a container of ECS, on Fargate
 * above all. It tells no PID; a container's cgroup ends in its id.
 */
export class TaskRuntime implements Runtime {
  readonly name = 'ecs';
  readonly endpoint: string;

  /** @param endpoint value of ECS_CONTAINER_METADATA_URI_V4 */
  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  async list(): Promise<ContainerFacts[]> {
    return (await this.#containers()).filter(({ running }) => running);
  }

  async find(name: string): Promise<ContainerDetails[]> {
    const containers = await this.#containers();
    const exact = containers.filter((container) => container.name === name || container.id === name);
    return exact.length > 0 || name.length < SHORTEST ? exact : containers.filter(({ id }) => id.startsWith(name));
  }

  async #containers(): Promise<ContainerDetails[]> {
    try {
      const { address, path } = this.#address();
      const { status, body } = await get(address, `${path}/task`, { deadlineMs: DEADLINE_MS, limits: LIMITS });
      if (status !== 200) throw new HttpError(`status ${status}`);
      return readTask(JSON.parse(body.toString('utf8')));
    } catch (error) {
      throw this.#runtimeError(error);
    }
  }

  #address(): { address: EngineAddress; path: string } {
    const url = URL.canParse(this.endpoint) ? new URL(this.endpoint) : undefined;
    if (url?.protocol !== 'http:')
      throw new RuntimeError('nonsense', this.endpoint, `${this.#at()} is not an http URL`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? 80 : Number(url.port);
    return { address: { kind: 'tcp', host, connectTo: host, port }, path: url.pathname.replace(/\/$/, '') };
  }

  #runtimeError(error: unknown): RuntimeError {
    if (error instanceof RuntimeError) return error;
    const make = (kind: RuntimeError['kind'], text: string) =>
      new RuntimeError(kind, this.endpoint, `${this.#at()} ${text}`, { cause: error });
    if (error instanceof DeadlineError) return make('silent', `did not answer within ${DEADLINE_MS / 1000} s`);
    if (error instanceof SyntaxError) return make('nonsense', 'gave an answer that is cut off or not JSON');
    if (error instanceof HttpError || error instanceof ShapeError)
      return make('nonsense', `gave an answer that is not the metadata of a task (${printable(error.message)})`);
    const [kind, clause] = connectionFailure((error as NodeJS.ErrnoException).code, 'the agent', String(error));
    return make(kind, clause);
  }

  #at(): string {
    return `ecs: ${printable(this.endpoint)} (ECS_CONTAINER_METADATA_URI_V4)`;
  }
}

/** Digits of an id prefix that is compared, as of other runtimes. */
const SHORTEST = 4;
