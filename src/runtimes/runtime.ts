import type { ContainerDetails, ContainerFacts } from '../model/container.ts';

/**
 * A container runtime that can be asked. Adapters pass one contract suite,
 * `test/integration/runtime-contract.ts`.
 */
export interface Runtime {
  /**
   * `docker` or `podman`: which program answers, not which API it speaks. Until it has answered,
   * what its address suggests.
   */
  readonly name: string;
  /** What is asked, for messages: `unix:///var/run/docker.sock`. */
  readonly endpoint: string;

  /**
   * The running containers, in one question.
   *
   * @throws {RuntimeError}
   */
  list(): Promise<ContainerFacts[]>;

  /**
   * The containers that `name` can mean, running or not: an exact name first (then it is the only
   * answer), or all whose id begins with `name`. An empty array when there is none.
   *
   * @throws {RuntimeError}
   */
  find(name: string): Promise<ContainerDetails[]>;

  /**
   * Calls `changed` whenever containers may have come, gone or changed, until it is ended. Absent where
   * a runtime has nothing to say of itself: then only looking tells.
   *
   * @returns ends it
   */
  follow?(changed: () => void): () => void;
}

/**
 * Why a runtime could not answer.
 *
 * * `absent`: nothing listens there (no socket, connection refused)
 * * `denied`: the socket's mode does not permit it
 * * `elsewhere`: the endpoint is on another machine (ssh://, or tcp:// to an address that is not this one)
 * * `silent`: no answer in time
 * * `nonsense`: an answer that is not the API's or that says that the runtime failed, or a setting
 *   that leads to no runtime
 */
export type RuntimeErrorKind = 'absent' | 'denied' | 'elsewhere' | 'silent' | 'nonsense';

/** A runtime that could not answer. The message is one line for a person and safe for a terminal. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly kind: RuntimeErrorKind;
  readonly endpoint: string;

  constructor(kind: RuntimeErrorKind, endpoint: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.endpoint = endpoint;
  }
}
