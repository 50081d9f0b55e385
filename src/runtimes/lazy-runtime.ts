import type { ContainerDetails, ContainerFacts } from '../model/container/container.ts';
import type { Runtime, RuntimeListener } from './runtime.ts';

/** A runtime whose code is loaded when it is asked: most machines do not have it. */
export class LazyRuntime implements Runtime {
  readonly endpoint: string;
  readonly #load: () => Promise<Runtime>;
  #loaded: Promise<Runtime> | undefined;
  #name: string;

  /** @param name what its address suggests @param load loads the code that speaks to it */
  constructor(name: string, endpoint: string, load: () => Promise<Runtime>) {
    this.#name = name;
    this.endpoint = endpoint;
    this.#load = load;
  }

  /** What the address suggests, until the first answer. */
  get name(): string {
    return this.#name;
  }

  /** Empty for a runtime that does not tell. */
  async version(): Promise<string> {
    return this.#ask(async (runtime) => (await runtime.version?.()) ?? '');
  }

  async list(): Promise<ContainerFacts[]> {
    return this.#ask((runtime) => runtime.list());
  }

  async find(name: string): Promise<ContainerDetails[]> {
    return this.#ask((runtime) => runtime.find(name));
  }

  follow(listener: RuntimeListener): () => void {
    let isOver = false;
    let end: (() => void) | undefined;
    void this.#runtime().then((runtime) => {
      if (isOver) return;
      if (runtime.follow === undefined) listener.none?.();
      else end = runtime.follow(listener);
    });
    return () => {
      isOver = true;
      end?.();
    };
  }

  async #ask<T>(question: (runtime: Runtime) => Promise<T>): Promise<T> {
    const runtime = await this.#runtime();
    try {
      return await question(runtime);
    } finally {
      this.#name = runtime.name;
    }
  }

  #runtime(): Promise<Runtime> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }
}
