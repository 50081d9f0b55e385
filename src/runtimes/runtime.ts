import type { ContainerDetails, ContainerFacts } from '../model/container/container.ts';

/**
 * A container runtime that can be asked. Adapters pass one contract suite,
 * `test/support/runtimes/contract.ts`.
 */
export interface Runtime {
  /**
   * `docker`, `podman`, `containerd` or `cri-o`: which program answers, not which API it speaks. Before the first answer,
   * what its address suggests.
   */
  readonly name: string;
  /** Its address, for messages: `unix:///var/run/docker.sock`. */
  readonly endpoint: string;

  /**
   * Why the last {@link list} was made without the runtime's API, and may lack addresses and labels; undefined where the
   * API answered. Absent for a runtime that has no other way.
   */
  readonly shortfall?: RuntimeError | undefined;

  /**
   * What the runtime says its version is, `20.10.24`; empty where it says none. Absent for a runtime that does not tell.
   *
   * @throws {RuntimeError}
   */
  version?(): Promise<string>;

  /**
   * The running containers, with one request, or a few at once. What only holds the namespaces of a pod is among them.
   *
   * @throws {RuntimeError}
   */
  list(): Promise<ContainerFacts[]>;

  /**
   * The containers that match `name`, running or not: the one with exactly that name, or else all whose
   * id begins with it. An empty array when there is none.
   *
   * @throws {RuntimeError}
   */
  find(name: string): Promise<ContainerDetails[]>;

  /**
   * Subscribes to the runtime's events. A stream that is lost is opened again. Absent for a runtime without events:
   * changes then show in {@link list} only.
   *
   * @returns a function that ends the subscription
   */
  follow?(listener: RuntimeListener): () => void;
}

/** Receives changes of a runtime's containers. */
export interface RuntimeListener {
  /** The stream was opened, or containers may have started, stopped or changed. */
  changed(): void;
  /**
   * The stream was lost, or could not be opened: no changes are reported until the next `changed`.
   *
   * @param error why it could not be opened; undefined when an open stream ended because the runtime stops
   */
  lost(error: RuntimeError | undefined): void;
  /** The last call: the runtime has no events. Its changes show in {@link Runtime.list} only. */
  none?(): void;
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
